import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';

export type ProjectFile = { readonly ok: true; readonly content: Buffer } | { readonly ok: false; readonly message: string };

/** A FIFO would hold a thread of the pool until somebody writes to it; Windows knows no such flag. */
const readOnly = constants.O_RDONLY | ('O_NONBLOCK' in constants ? constants.O_NONBLOCK : 0);

/**
 * Reads a file that a workflow names, at most `maxBytes` long. Refuses what lies outside of the project's folder,
 * symbolic links resolved, and the daemon's own state (store, token, secrets). The check is made on the file that was
 * opened, so that swapping it in between gains nothing.
 */
export async function readProjectFile(projectFolder: string, path: string, maxBytes: number): Promise<ProjectFile> {
  const shown = JSON.stringify(path.slice(0, 200));
  if (isAbsolute(path) || path.includes('\0')) return refused(`${shown} must be named relative to the project's folder`);
  const full = join(projectFolder, path);
  let handle: FileHandle | undefined;
  try {
    handle = await open(full, readOnly);
    const [opened, real, folder] = await Promise.all([handle.stat({ bigint: true }), realpath(full), realpath(projectFolder)]);
    const checked = await stat(real, { bigint: true });
    const inside = relative(folder, real);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return refused(`${shown} leaves the project's folder`);
    if (inside.toLowerCase().startsWith(join('.sluice', 'state') + sep)) return refused(`${shown} belongs to the daemon's state`);
    if (opened.ino !== checked.ino || opened.dev !== checked.dev) return refused(`${shown} was replaced while it was opened`);
    if (!opened.isFile()) return refused(`${shown} is not a file`);
    if (opened.size > maxBytes) return refused(`${shown} has ${opened.size} bytes; ${maxBytes} are left`);
    return { ok: true, content: await readStart(handle, Number(opened.size)) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return refused(`${shown} doesn't exist in the project's folder`);
    return refused(`${shown} can't be read (${String(code ?? error)})`);
  } finally {
    await handle?.close();
  }
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

function refused(message: string): ProjectFile {
  return { ok: false, message };
}
