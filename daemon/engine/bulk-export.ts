import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { CodedError, messageOfError, systemCodeOf } from '../../schemas/protocol/error.ts';
import { exportedLetter, type JobDetail } from '../../schemas/protocol/job.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import { placeFile } from '../../platform/place-file.ts';
import type { ExportProgress, ExportTarget } from '../ledger/bulk-call.ts';

/** Read from the store at the same time. */
const readTogether = 20;

export interface ExportSource {
  /** Keeps how far the file is written, and answers with the numbers of the next jobs; undefined if the export was cancelled. @throws as a store does */
  readonly next: (progress: ExportProgress) => Promise<readonly number[] | undefined>;
  readonly read: (jobId: number) => Promise<JobDetail | undefined>;
  readonly isStopping: () => boolean;
}

/** Nothing of the export is left unless it is `placed`. */
export type ExportOutcome = { readonly kind: 'placed' | 'cancelled' | 'interrupted' } | { readonly kind: 'failed'; readonly problem: Message };

/** What is written until the export is whole, beside its file, so that both are on one file system. */
export function partialFileOf({ file }: Pick<ExportTarget, 'file'>, id: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${id}.partial`);
}

/**
 * Writes dead letters, as they are when their turn comes, into a new file of mode 0600, syncs it, and gives it its name: the file is there as a whole or not at all.
 * A crash leaves the partial file, with which the next call for the same export begins again. What is no longer a dead letter is counted as skipped.
 *
 * @throws what `next` throws
 */
export async function writeExport(target: ExportTarget, partial: string, source: ExportSource): Promise<ExportOutcome> {
  // A crash came after the file had its name, and before anyone knew.
  if (!target.overwrite && (await isSameFile(partial, target.file))) return { kind: 'placed' };
  try {
    await rm(partial, { force: true });
    // Exclusive: a link that someone has put there is not followed.
    const file = await open(partial, 'wx', 0o600);
    try {
      const outcome = await writeLetters(file, target, source);
      if (outcome !== undefined) return await given(partial, outcome);
      await file.sync();
    } finally {
      await file.close();
    }
    const taken = await placeFile(partial, target);
    return taken === undefined ? { kind: 'placed' } : await given(partial, { kind: 'failed', problem: taken });
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    // The store's trouble isn't the file's.
    if (error instanceof CodedError || systemCodeOf(error) === undefined) throw error;
    return { kind: 'failed', problem: message('{file} can not be written: {problem}', { file: target.file, problem: messageOfError(error) }) };
  }
}

/** Undefined if all of them are written. */
async function writeLetters(file: FileHandle, { format }: ExportTarget, { next, read, isStopping }: ExportSource): Promise<ExportOutcome | undefined> {
  const isArray = format === 'json';
  let progress: ExportProgress = { done: 0, skipped: 0, edited: 0, cursor: 0 };
  while (true) {
    const ids = await next(progress);
    if (ids === undefined) return { kind: 'cancelled' };
    const last = ids.at(-1);
    if (last === undefined) break;
    let { done, skipped, edited } = progress;
    for (let from = 0; from < ids.length; from += readTogether) {
      if (isStopping()) return { kind: 'interrupted' };
      const some = ids.slice(from, from + readTogether);
      const letters = (await Promise.all(some.map((id) => read(id)))).flatMap((job) => (job?.state === 'dead' ? [exportedLetter(job)] : []));
      for (const letter of letters) {
        await file.write(isArray ? `${done === 0 ? '[\n' : ',\n'}${JSON.stringify(letter, null, 2)}` : `${JSON.stringify(letter)}\n`);
        done++;
        if (letter.draft !== undefined) edited++;
      }
      skipped += some.length - letters.length;
    }
    progress = { done, skipped, edited, cursor: last };
  }
  if (isArray) await file.write(progress.done === 0 ? '[]\n' : '\n]\n');
  return undefined;
}

async function given(partial: string, outcome: ExportOutcome): Promise<ExportOutcome> {
  await rm(partial, { force: true });
  return outcome;
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((file) => lstat(file, { bigint: true }).catch(() => undefined)));
  return first !== undefined && second !== undefined && first.isFile() && first.dev === second.dev && first.ino === second.ino;
}
