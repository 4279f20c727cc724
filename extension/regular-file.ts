import { constants, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';

/** Opening a named pipe waits for a writer otherwise, and holds one of the few threads that all files are read by. Windows knows no such flag. */
const readOnly = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK;
/** What is read beyond the size that a file tells, in bytes: it may grow meanwhile. */
const spareBytes = 16 * 1024;

export type RegularFileRead =
  | { readonly kind: 'read'; readonly content: Buffer }
  | { readonly kind: 'missing' }
  /** A folder, pipe or device; larger than allowed; or the system refused it. `reason` is for a log. */
  | { readonly kind: 'refused'; readonly reason: string };

/** The content of a regular file of at most `maxBytes`; links are followed. Never rejects and never waits, whatever has that name. */
export async function readRegularFile(file: string, maxBytes: number): Promise<RegularFileRead> {
  try {
    // Before it is opened, which alone does something to some devices; and again, of what was opened.
    const problem = problemOf(await stat(file), maxBytes);
    if (problem !== undefined) return problem;
    const handle = await open(file, readOnly);
    try {
      const stats = await handle.stat();
      const changed = problemOf(stats, maxBytes);
      if (changed !== undefined) return changed;
      const chunks: Buffer[] = [];
      for (let length = 0, room = stats.size + 1; ; room = spareBytes) {
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(room), 0, room, length);
        if (bytesRead === 0) return { kind: 'read', content: Buffer.concat(chunks) };
        chunks.push(buffer.subarray(0, bytesRead));
        length += bytesRead;
        if (length > maxBytes) return tooLarge(maxBytes);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'refused', reason: String(code ?? error) };
  }
}

function problemOf(stats: Stats, maxBytes: number): RegularFileRead | undefined {
  if (!stats.isFile()) return { kind: 'refused', reason: stats.isDirectory() ? 'a folder' : 'no regular file' };
  return stats.size > maxBytes ? tooLarge(maxBytes) : undefined;
}

function tooLarge(maxBytes: number): RegularFileRead {
  return { kind: 'refused', reason: `larger than ${maxBytes} bytes` };
}
