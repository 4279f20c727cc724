import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { failPoint } from '../platform/fail-point.ts';
import { openRegularFile } from '../../platform/regular-file.ts';
import type { FoundItems } from '../../schemas/protocol/run.ts';
import { readItems, type ItemFormat } from './item-file.ts';
import { ItemFileError } from './item-file-error.ts';

/** Of a file of items, in bytes: what is really read of it, since the size that a file tells may be that of a hole. */
const maxItemFileBytes = 8 * 1024 ** 3;
/** Items are written in pieces of about so many characters. */
const pieceLength = 262_144;

/** `problem`: what is wrong with the file, and where. */
export type ItemCopyResult = 'copied' | 'stopped' | { readonly problem: string };

/**
 * Writes the items of a file, each as a line of JSON, to `copy`, which is there when all of them are: nothing of a file that is bad
 * anywhere. `describe` is told what the file turned out to be, before the copy is there. `source` stays the caller's to close. Stops, and leaves nothing behind, where `isStopping` says so.
 *
 * @throws an error of the file system
 */
export async function writeItemCopy(source: FileHandle, format: ItemFormat, copy: string, { isStopping, describe }: { readonly isStopping: () => boolean; readonly describe: (found: FoundItems) => Promise<void> }): Promise<ItemCopyResult> {
  const half = `${copy}.part`;
  let target: FileHandle | undefined;
  try {
    target = await open(half, 'w', 0o600);
    let piece = '';
    let found: FoundItems | undefined;
    for await (const items of readItems(bounded(source), { ...format, onFound: (one) => (found = one) })) {
      if (items.length > 0) piece += `${items.join('\n')}\n`;
      if (piece.length < pieceLength) continue;
      await target.writeFile(piece);
      piece = '';
      if (isStopping()) return 'stopped';
    }
    await target.writeFile(piece);
    await target.sync();
    if (found !== undefined) await describe(found);
    failPoint('copy-before-rename');
    await rename(half, copy);
    failPoint('copy-after-rename');
    return 'copied';
  } catch (error) {
    if (error instanceof ItemFileError) return { problem: error.message };
    throw error;
  } finally {
    await target?.close();
    // After the rename it is no longer there.
    await rm(half, { force: true });
  }
}

/** The items of a file, and nothing else done with them. Closes `source`. @throws ItemFileError */
export async function* readItemsOf(source: FileHandle, format: ItemFormat): AsyncGenerator<string> {
  try {
    for await (const items of readItems(bounded(source), format)) yield* items;
  } finally {
    await source.close();
  }
}

/** The lines of a copy. @throws an error of the file system */
export async function* readItemCopy(copy: string): AsyncGenerator<string> {
  const opened = await openRegularFile(copy);
  if (!opened.ok) throw new Error(`the copy ${copy} ${opened.problem}`);
  try {
    let rest = '';
    for await (const text of opened.handle.createReadStream({ encoding: 'utf8', autoClose: false }) as AsyncIterable<string>) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    // Waited for, because Windows removes no file that is open.
    await opened.handle.close();
  }
}

async function* bounded(source: FileHandle): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxItemFileBytes) throw new ItemFileError(`the file is larger than ${maxItemFileBytes / 1024 ** 3} GiB`);
    yield chunk;
  }
}
