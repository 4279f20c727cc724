import { open, rename, rm } from 'node:fs/promises';
import { exportedLetter, jobsById } from '../../client/dead-letter-edits.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import type { BatchOptions, Tally } from '../selection/batches.ts';
import { messageOf } from '../wording/client-fault-text.ts';

/** Read from the daemon at the same time. */
const batchSize = 20;

/**
 * Writes jobs with their payloads and attempts into a file: one JSON array as `sluice dead export` prints it, a draft in place of its payload, in the order of `ids`. The
 * file appears when it is whole; a cancel or a fault leaves what was there before. Never rejects.
 */
export async function exportJobs(daemon: Daemon, ids: readonly string[], path: string, { onProgress, isCancelled }: BatchOptions = {}): Promise<Tally> {
  const partial = `${path}.partial`;
  let done = 0;
  let skipped = 0;
  const tally = (more: { readonly isCancelled?: boolean; readonly fault?: string } = {}): Tally => ({ total: ids.length, done, skipped, isCancelled: false, ...more });
  try {
    const file = await open(partial, 'w', 0o600);
    try {
      await file.write('[');
      for (let from = 0; from < ids.length; from += batchSize) {
        if (isCancelled?.() === true) {
          done = 0;
          return tally({ isCancelled: true });
        }
        const jobs = await jobsById(daemon, ids.slice(from, from + batchSize));
        for (const job of jobs) await file.write(`${done++ === 0 ? '\n' : ',\n'}${JSON.stringify(exportedLetter(job), null, 2)}`);
        skipped += Math.min(batchSize, ids.length - from) - jobs.length;
        onProgress?.(done + skipped, ids.length);
      }
      await file.write('\n]\n');
    } finally {
      await file.close();
    }
    await rename(partial, path);
    return tally();
  } catch (error) {
    done = 0;
    return tally({ fault: messageOf(error) });
  } finally {
    await rm(partial, { force: true }).catch(() => undefined);
  }
}
