import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';

export type ProjectFile = { readonly ok: true; readonly content: Buffer } | { readonly ok: false; readonly message: string };

/** A FIFO would hold a thread of the pool until somebody writes to it; Windows knows no such flag. */
const readOnly = constants.O_RDONLY | ('O_NONBLOCK' in constants ? constants.O_NONBLOCK : 0);

/** A file that was opened and checked; whoever asked for it closes it. */
export type OpenedFile = { readonly ok: true; readonly handle: FileHandle; readonly bytes: number } | { readonly ok: false; readonly message: string };

/** Reads a file that a workflow names, at most `maxBytes` long. Refuses what `openProjectFile` refuses. */
export async function readProjectFile(projectFolder: string, path: string, maxBytes: number): Promise<ProjectFile> {
  const opened = await openProjectFile(projectFolder, path);
  if (!opened.ok) return opened;
  try {
    if (opened.bytes > maxBytes) return refused(`${shown(path)} has ${opened.bytes} bytes; ${maxBytes} are left`);
    return { ok: true, content: await readStart(opened.handle, opened.bytes) };
  } catch (error) {
    return unreadable(path, error);
  } finally {
    await opened.handle.close();
  }
}

/**
 * Opens a file that a workflow names. Refuses what lies outside of the project's folder, symbolic links resolved, and the
 * daemon's own state (store, token, secrets). The check is made on the file that was opened, so that swapping it in
 * between gains nothing.
 */
export async function openProjectFile(projectFolder: string, path: string): Promise<OpenedFile> {
  if (isAbsolute(path) || path.includes('\0')) return refused(`${shown(path)} must be named relative to the project's folder`);
  const full = join(projectFolder, path);
  let handle: FileHandle | undefined;
  try {
    handle = await open(full, readOnly);
    const [opened, real, folder] = await Promise.all([handle.stat({ bigint: true }), realpath(full), realpath(projectFolder)]);
    const checked = await stat(real, { bigint: true });
    const problem = problemOf(relative(folder, real), opened.ino === checked.ino && opened.dev === checked.dev, opened.isFile());
    if (problem === undefined) return { ok: true, handle, bytes: Number(opened.size) };
    await handle.close();
    return refused(`${shown(path)} ${problem}`);
  } catch (error) {
    await handle?.close();
    return unreadable(path, error);
  }
}

function problemOf(inside: string, same: boolean, isFile: boolean): string | undefined {
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return "leaves the project's folder";
  if (inside.toLowerCase().startsWith(join('.sluice', 'state') + sep)) return "belongs to the daemon's state";
  if (!same) return 'was replaced while it was opened';
  return isFile ? undefined : 'is not a file';
}

function unreadable(path: string, error: unknown): { readonly ok: false; readonly message: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return refused(`${shown(path)} doesn't exist in the project's folder`);
  return refused(`${shown(path)} can't be read (${String(code ?? error)})`);
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}

/** What the file held when its size was asked for: one that grows meanwhile can't pass its bound. */
async function readStart(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, size - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === size) return buffer.subarray(0, length);
  }
}

function refused(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
