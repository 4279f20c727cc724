import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { lstat, open, stat, type FileHandle } from 'node:fs/promises';
import { systemCodeOf } from '../schemas/protocol/error.ts';

/** Why a file gives nothing. `problem` is the rest of a sentence that begins with the file's name: `is a folder, not a file`. */
export interface FileProblem {
  readonly ok: false;
  readonly problem: string;
  /**
   * - `missing`: nothing has that name, and no link either.
   * - `not-regular`: a folder, a pipe, a device, a link that leads nowhere; it stays so until somebody changes it.
   * - `too-large`: of more bytes than asked for.
   * - `not-text`: its bytes aren't UTF-8, where a text was asked for.
   * - `unreadable`: the system refused it (`EACCES`, `EIO`, `EMFILE`...); the file itself may be as good as before.
   */
  readonly kind: 'missing' | 'not-regular' | 'too-large' | 'not-text' | 'unreadable';
  /** With `unreadable`: the system's code. */
  readonly code?: string;
}

/** Anyone who asked for it closes `handle`. */
export type OpenedRegularFile = { readonly ok: true; readonly handle: FileHandle; readonly stats: Stats } | FileProblem;
export type RegularFileContent = { readonly ok: true; readonly content: Buffer; readonly stats: Stats } | FileProblem;

/**
 * Without O_NONBLOCK, opening a named pipe waits for a writer, and holds one of the few threads that all files are read by. Without
 * O_NOCTTY, opening a terminal can make it the daemon's own. Windows has neither.
 */
const readOnly = constants.O_RDONLY | flag('O_NONBLOCK') | flag('O_NOCTTY');
/** What is read beyond the size that the file tells, in bytes: it need not be true (/proc tells 0), and the file may grow. */
const spareBytes = 16 * 1024;

/**
 * Opens a regular file for reading; links are followed. Never waits, whatever has that name, and never rejects: devices and pipes are
 * not even opened, because that alone does something to some of them. The file that was opened is checked again, so that swapping it in
 * between gains nothing.
 */
export async function openRegularFile(file: string): Promise<OpenedRegularFile> {
  let handle: FileHandle | undefined;
  try {
    const before = problemOfKind(await stat(file));
    if (before !== undefined) return before;
    handle = await open(file, readOnly);
    const stats = await handle.stat();
    const problem = problemOfKind(stats);
    if (problem === undefined) return { ok: true, handle, stats };
    await handle.close();
    return problem;
  } catch (error) {
    await handle?.close();
    const isLink = isMissing(error) && (await lstat(file).catch(() => undefined))?.isSymbolicLink() === true;
    return problemOfError(error, isLink);
  }
}

/** The content of a regular file of at most `maxBytes`. Refuses what `openRegularFile` refuses, and never rejects. */
export async function readRegularFile(file: string, maxBytes: number): Promise<RegularFileContent> {
  const opened = await openRegularFile(file);
  if (!opened.ok) return opened;
  const { handle, stats } = opened;
  try {
    const content = await readBounded(handle, stats.size, maxBytes);
    return Buffer.isBuffer(content) ? { ok: true, content, stats } : content;
  } catch (error) {
    return problemOfError(error, false);
  } finally {
    await handle.close();
  }
}

/** What an open file holds from its beginning; a problem where that is more than `maxBytes`. @throws what reading throws */
export async function readBounded(handle: FileHandle, size: number, maxBytes: number): Promise<Buffer | FileProblem> {
  if (size > maxBytes) return tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  for (let length = 0, room = size + 1; ; room = spareBytes) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(room), 0, room, length);
    if (bytesRead === 0) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
    if (length > maxBytes) return tooLarge(maxBytes);
  }
}

/** As `readRegularFile`, for what can't wait for a turn of the event loop. */
export function readRegularFileSync(file: string, maxBytes: number): RegularFileContent {
  let fd: number | undefined;
  try {
    const before = problemOfKind(statSync(file));
    if (before !== undefined) return before;
    fd = openSync(file, readOnly);
    const stats = fstatSync(fd);
    const problem = problemOfKind(stats) ?? (stats.size > maxBytes ? tooLarge(maxBytes) : undefined);
    if (problem !== undefined) return problem;
    const chunks: Buffer[] = [];
    for (let length = 0, room = stats.size + 1; ; room = spareBytes) {
      const chunk = Buffer.allocUnsafe(room);
      const bytesRead = readSync(fd, chunk, 0, room, length);
      if (bytesRead === 0) return { ok: true, content: Buffer.concat(chunks), stats };
      chunks.push(chunk.subarray(0, bytesRead));
      length += bytesRead;
      if (length > maxBytes) return tooLarge(maxBytes);
    }
  } catch (error) {
    return problemOfError(error, isMissing(error) && isLinkSync(file));
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isLinkSync(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}

function problemOfKind(stats: Stats): FileProblem | undefined {
  if (stats.isFile()) return undefined;
  const kind = stats.isDirectory() ? 'folder' : stats.isFIFO() ? 'named pipe' : stats.isSocket() ? 'socket' : 'device';
  return { ok: false, kind: 'not-regular', problem: `is a ${kind}, not a file` };
}

function problemOfError(error: unknown, isLink: boolean): FileProblem {
  const code = systemCodeOf(error);
  if (isLink) return { ok: false, kind: 'not-regular', problem: "is a link to a file that doesn't exist" };
  if (isMissing(error)) return { ok: false, kind: 'missing', problem: "doesn't exist" };
  if (code === 'ELOOP') return { ok: false, kind: 'not-regular', problem: 'is a link that leads back to itself' };
  return { ok: false, kind: 'unreadable', ...(code === undefined ? {} : { code }), problem: `can't be read (${code ?? (error instanceof Error ? error.message : String(error))})` };
}

function tooLarge(maxBytes: number): FileProblem {
  return { ok: false, kind: 'too-large', problem: `is larger than ${maxBytes} bytes` };
}

function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function flag(name: 'O_NONBLOCK' | 'O_NOCTTY'): number {
  return process.platform === 'win32' ? 0 : constants[name];
}
