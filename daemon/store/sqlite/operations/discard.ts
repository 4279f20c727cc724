import type { WriteTransaction } from '../write-transaction.ts';
import { deadJobs } from './dead-job.ts';

/**
 * Dead letters that nobody wants any more, each with the reason that was given. They stay to be looked at until their run is deleted, and their step
 * stays failed.
 */
export function discard(
  tx: WriteTransaction,
  { jobIds, now, reason }: { readonly jobIds: readonly number[]; readonly now: number; readonly reason?: string },
): { readonly discarded: readonly number[] } {
  const jobs = deadJobs(tx, jobIds);
  const update = tx.db.sql("UPDATE jobs SET state = 'discarded', ended_at = ?, discard_reason = ? WHERE id = ?");
  for (const job of jobs) {
    tx.moveJob(job, 'discard');
    update.run(now, reason ?? null, job.id);
    tx.touchRun(tx.state.stepInfo(job.step_id).runId);
  }
  return { discarded: jobs.map(({ id }) => id) };
}
