import type { WriteTransaction } from '../write-transaction.ts';
import { keepPace, type DueJob } from './pace.ts';

/** Delayed jobs that one transaction makes pending, at most. */
const maxAtOnce = 5000;

export function promote(tx: WriteTransaction, { now }: { readonly now: number }): void {
  const { state } = tx;
  if (state.nextDueAt === undefined || state.nextDueAt > now) return;
  let due = dueJobs(tx, now);
  if (keepPace(tx, due, now)) due = dueJobs(tx, now);
  const update = tx.db.sql("UPDATE jobs SET state = 'pending' WHERE id = ?");
  for (const job of due) {
    tx.moveJob(job, 'due');
    update.run(job.id);
  }
  state.readNextDue();
}

function dueJobs(tx: WriteTransaction, now: number): readonly DueJob[] {
  return tx.db
    .sql("SELECT id, step_id, queue_id, state, due_at, pace FROM jobs WHERE state = 'delayed' AND due_at <= ? ORDER BY due_at, id LIMIT ?")
    .all(now, maxAtOnce) as unknown as DueJob[];
}
