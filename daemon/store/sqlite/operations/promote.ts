import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Delayed jobs that one transaction makes pending, at most. */
const maxAtOnce = 5000;

export function promote(tx: WriteTransaction, { now }: { readonly now: number }): void {
  const { state, db } = tx;
  if (state.nextDueAt === undefined || state.nextDueAt > now) return;
  const due = db
    .sql("SELECT id, step_id, queue_id, state FROM jobs WHERE state = 'delayed' AND due_at <= ? ORDER BY due_at, id LIMIT ?")
    .all(now, maxAtOnce) as unknown as Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>[];
  const update = db.sql("UPDATE jobs SET state = 'pending' WHERE id = ?");
  for (const job of due) {
    tx.moveJob(job, 'due');
    update.run(job.id);
  }
  state.readNextDue();
}
