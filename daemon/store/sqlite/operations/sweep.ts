import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { OpenSweep } from '../writer-state.ts';
import { cancelSwept } from './claim.ts';

type SweptJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'item_index'>;

/** A step of a million jobs is cancelled in many transactions, and other work goes on between them. */
export function sweep(tx: WriteTransaction, { now, limit }: { readonly now: number; readonly limit: number }): { readonly more: boolean } {
  let left = limit;
  for (const [stepId, sweep] of [...tx.state.sweeps]) {
    if (left <= 0) break;
    const jobs = nextJobs(tx, stepId, sweep, left);
    for (const job of jobs) {
      if (sweep.kind === 'reopen') reopen(tx, job, now);
      else cancelSwept(tx, job, now);
    }
    if (jobs.length < left) {
      tx.db.sql('UPDATE steps SET sweep = NULL WHERE id = ?').run(stepId);
      tx.state.sweeps.delete(stepId);
      tx.touchStep(stepId);
    }
    sweep.after = jobs.at(-1)?.item_index ?? sweep.after ?? -1;
    left -= jobs.length;
  }
  return { more: tx.state.sweeps.size > 0 };
}

/**
 * From where the chunk before has ended: a step of a million jobs is read once and not a thousand times. No job turns up
 * behind that place, because those that are active are marked, and follow when their attempts end.
 */
function nextJobs(tx: WriteTransaction, stepId: number, { kind, after }: OpenSweep, limit: number): readonly SweptJob[] {
  const which = kind === 'reopen' ? "state = 'cancelled' AND swept = 1" : "state IN ('pending', 'delayed')";
  const from = after === undefined ? '' : 'AND item_index > ?';
  const values = after === undefined ? [stepId, limit] : [stepId, after, limit];
  return tx.db
    .sql(
      `SELECT id, step_id, queue_id, state, item_index FROM jobs INDEXED BY jobs_item
       WHERE step_id = ? ${from} AND ${which} ORDER BY item_index LIMIT ?`,
    )
    .all(...values) as unknown as SweptJob[];
}

function reopen(tx: WriteTransaction, job: SweptJob, now: number): void {
  tx.moveJob(job, 'reopen');
  tx.db.sql("UPDATE jobs SET state = 'pending', due_at = ?, ended_at = NULL, swept = 0 WHERE id = ?").run(now, job.id);
}
