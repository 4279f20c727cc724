import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** What is later than this was kept from being due on time, and not just by a slow transaction, in milliseconds. */
const lateMs = 1000;

export type DueJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'due_at' | 'pace'>;

/**
 * Jobs of one replay with a rate keep their distances, whatever kept the first of them from being due on time (no daemon, a machine that
 * slept, a queue that was paused or held): all that are still to come are moved by as much. `due` is in the order of due times. True if any were moved.
 */
export function keepPace(tx: WriteTransaction, due: readonly DueJob[], now: number): boolean {
  const late = new Map<number, number>();
  for (const { pace, due_at: dueAt } of due) if (pace !== null && dueAt < now - lateMs && !late.has(pace)) late.set(pace, now - dueAt);
  for (const [pace, byMs] of late) {
    tx.db.sql("UPDATE jobs INDEXED BY jobs_paced SET due_at = due_at + ? WHERE state = 'delayed' AND pace = ?").run(byMs, pace);
  }
  return late.size > 0;
}

/** Of a queue that starts again: what became due one by one meanwhile doesn't start all at once. */
export function deferPaced(tx: WriteTransaction, queueId: number): void {
  const jobs = tx.db
    .sql("SELECT id, step_id, queue_id, state FROM jobs INDEXED BY jobs_paced WHERE pace IS NOT NULL AND state = 'pending' AND queue_id = ?")
    .all(queueId) as unknown as Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>[];
  const update = tx.db.sql('UPDATE jobs SET state = ? WHERE id = ?');
  for (const job of jobs) update.run(tx.moveJob(job, 'defer'), job.id);
}

/** A hold of the queue that has run out ends, once, as a pause does. False if there is none. */
export function endHold(tx: WriteTransaction, queueId: number, now: number): boolean {
  const { changes } = tx.db.sql('UPDATE queues SET held_until = NULL, held_by = NULL WHERE id = ? AND held_until <= ?').run(queueId, now);
  if (Number(changes) === 0) return false;
  deferPaced(tx, queueId);
  tx.state.readNextDue();
  return true;
}
