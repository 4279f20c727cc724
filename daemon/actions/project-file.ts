import { realpath, stat, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { lacksResources, MachineTroubleError } from '../core/machine-trouble.ts';
import { openRegularFile, readBounded } from '../../platform/regular-file.ts';

export type ProjectFile = { readonly ok: true; readonly content: Buffer } | { readonly ok: false; readonly message: string };

/** A file that was opened and checked; anyone who asked for it closes it. */
export type OpenedFile = { readonly ok: true; readonly handle: FileHandle; readonly bytes: number } | { readonly ok: false; readonly message: string };

/**
 * Reads a file that a workflow names, at most `maxBytes` long. Refuses what `openProjectFile` refuses. `machine`: whose daemon reads it, to be named where others share its store.
 *
 * @throws MachineTroubleError where the machine lacks what it takes to read any file
 */
export async function readProjectFile(projectFolder: string, path: string, maxBytes: number, machine?: string): Promise<ProjectFile> {
  const file = await read(projectFolder, path, maxBytes);
  return file.ok ? file : refused(`${file.message}${onMachine(machine)}`);
}

/** Follows what is wrong with a file: there may be others by that name. */
export function onMachine(machine: string | undefined): string {
  return machine === undefined ? '' : ` (on the machine of the daemon ${machine})`;
}

async function read(projectFolder: string, path: string, maxBytes: number): Promise<ProjectFile> {
  const opened = await openProjectFile(projectFolder, path);
  if (!opened.ok) return opened;
  try {
    if (opened.bytes > maxBytes) return refused(`${shown(path)} has ${opened.bytes} bytes; ${maxBytes} are left`);
    const content = await readBounded(opened.handle, opened.bytes, maxBytes);
    return Buffer.isBuffer(content) ? { ok: true, content } : refused(`${shown(path)} ${content.problem}`);
  } catch (error) {
    return unreadable(path, error);
  } finally {
    await opened.handle.close();
  }
}

/**
 * Opens a regular file that a workflow names. Refuses what lies outside of the project's folder, symbolic links resolved, and the
 * daemon's own state (store, token, secrets). The check is made on the file that was opened, so that swapping it in
 * between gains nothing.
 *
 * @throws MachineTroubleError where the machine lacks what it takes to open any file
 */
export async function openProjectFile(projectFolder: string, path: string): Promise<OpenedFile> {
  if (isAbsolute(path) || path.includes('\0')) return refused(`${shown(path)} must be named relative to the project's folder`);
  const full = join(projectFolder, path);
  const opened = await openRegularFile(full);
  if (!opened.ok && lacksResources(opened.code)) throw new MachineTroubleError(`${shown(path)} can't be read`, opened.code);
  try {
    const [real, folder] = await Promise.all([realpath(full), realpath(projectFolder)]);
    const problem = placeProblem(relative(folder, real)) ?? (opened.ok ? await swapProblem(opened.handle, real) : opened.problem);
    if (problem === undefined && opened.ok) return { ok: true, handle: opened.handle, bytes: opened.stats.size };
    if (opened.ok) await opened.handle.close();
    return refused(`${shown(path)} ${problem ?? ''}`);
  } catch (error) {
    if (opened.ok) await opened.handle.close();
    return unreadable(path, error);
  }
}

function placeProblem(inside: string): string | undefined {
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return "leaves the project's folder";
  return inside.toLowerCase().startsWith(join('.sluice', 'state') + sep) ? "belongs to the daemon's state" : undefined;
}

async function swapProblem(handle: FileHandle, real: string): Promise<string | undefined> {
  const [opened, checked] = await Promise.all([handle.stat({ bigint: true }), stat(real, { bigint: true })]);
  return opened.ino === checked.ino && opened.dev === checked.dev ? undefined : 'was replaced while it was opened';
}

function unreadable(path: string, error: unknown): { readonly ok: false; readonly message: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && lacksResources(code)) throw new MachineTroubleError(`${shown(path)} can't be read`, code);
  if (code === 'ENOENT') return refused(`${shown(path)} doesn't exist in the project's folder`);
  return refused(`${shown(path)} can't be read (${String(code ?? error)})`);
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}

function refused(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
