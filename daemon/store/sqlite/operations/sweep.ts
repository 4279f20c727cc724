import type { JobRow, Sweep } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { cancelSwept } from './claim.ts';

type SweptJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>;

/** A step of a million jobs is cancelled in many transactions, and other work goes on between them. */
export function sweep(tx: WriteTransaction, { now, limit }: { readonly now: number; readonly limit: number }): { readonly more: boolean } {
  let left = limit;
  for (const [stepId, kind] of [...tx.state.sweeps]) {
    if (left <= 0) break;
    const jobs = nextJobs(tx, stepId, kind, left);
    for (const job of jobs) {
      if (kind === 'reopen') reopen(tx, job, now);
      else cancelSwept(tx, job, now);
    }
    if (jobs.length < left) {
      tx.db.sql('UPDATE steps SET sweep = NULL WHERE id = ?').run(stepId);
      tx.state.sweeps.delete(stepId);
      tx.touchStep(stepId);
    }
    left -= jobs.length;
  }
  return { more: tx.state.sweeps.size > 0 };
}

function nextJobs(tx: WriteTransaction, stepId: number, kind: Sweep, limit: number): readonly SweptJob[] {
  const which = kind === 'reopen' ? "state = 'cancelled' AND swept = 1" : "state IN ('pending', 'delayed')";
  return tx.db
    .sql(`SELECT id, step_id, queue_id, state FROM jobs WHERE step_id = ? AND ${which} LIMIT ?`)
    .all(stepId, limit) as unknown as SweptJob[];
}

function reopen(tx: WriteTransaction, job: SweptJob, now: number): void {
  tx.moveJob(job, 'reopen');
  tx.db.sql("UPDATE jobs SET state = 'pending', due_at = ?, ended_at = NULL, swept = 0 WHERE id = ?").run(now, job.id);
}
