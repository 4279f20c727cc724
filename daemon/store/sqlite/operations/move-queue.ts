import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { JobState } from '../../../../schemas/protocol/state.ts';
import type { MoveQueueParams } from '../../store.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Each by the index that has its jobs; those under way first, so that none of them comes back into the queue behind the others. */
const moved = {
  active: "SELECT id, step_id, state FROM jobs INDEXED BY jobs_active WHERE state = 'active' AND queue_id = ? LIMIT ?",
  pending: "SELECT id, step_id, state FROM jobs INDEXED BY jobs_pending WHERE state = 'pending' AND queue_id = ? LIMIT ?",
  delayed: "SELECT id, step_id, state FROM jobs INDEXED BY jobs_delayed WHERE state = 'delayed' AND queue_id = ? LIMIT ?",
  dead: "SELECT id, step_id, state FROM jobs INDEXED BY jobs_dead WHERE state = 'dead' AND queue_id = ? LIMIT ?",
} as const satisfies Partial<Record<JobState, string>>;

export function moveQueue(tx: WriteTransaction, { queue, to, limit }: MoveQueueParams): { readonly moved: number; readonly more: boolean } {
  const { state, db } = tx;
  const from = state.queueId(queue);
  const target = state.queueId(to);
  const { maxDepth } = state.queueSettings(to);
  const coming = state.waiting(from);
  if (maxDepth !== undefined && coming > 0 && state.waiting(target) + coming > maxDepth) {
    throw new CodedError('queue-full', `The queue ${to} has no room for ${coming} more: ${state.waiting(target)} jobs wait in it, and its max-depth is ${maxDepth}.`, {
      queue: to,
      waiting: state.waiting(target),
      maxDepth,
    });
  }
  redirectSteps(tx, queue, from, target);
  const update = db.sql('UPDATE jobs SET queue_id = ? WHERE id = ?');
  const redirect = db.sql('UPDATE steps SET queue_id = ? WHERE id = ?');
  const steps = new Set<number>();
  let left = limit;
  for (const select of Object.values(moved)) {
    if (left === 0) break;
    const jobs = db.sql(select).all(from, left) as unknown as readonly Pick<JobRow, 'id' | 'step_id' | 'state'>[];
    for (const job of jobs) {
      tx.requeueJob(job.state, from, target);
      update.run(target, job.id);
      steps.add(job.step_id);
    }
    left -= jobs.length;
  }
  // Those of ended steps are dead letters: a step's jobs are in its queue.
  for (const step of steps) redirect.run(target, step);
  return { moved: limit - left, more: left === 0 };
}

/** Steps of open runs that have not ended bring their jobs into the other queue from now on. */
function redirectSteps({ state, db }: WriteTransaction, queue: string, from: number, target: number): void {
  db.sql(
    `UPDATE steps SET queue_id = ?1 WHERE queue_id = ?2 AND state IN ('waiting', 'running')
     AND run_id IN (SELECT id FROM runs WHERE state = 'running' UNION ALL SELECT id FROM runs WHERE state = 'failed' AND closing = 1)`,
  ).run(target, from);
  for (const { stepId, queue: into, cursor, file = null, held = false } of state.expansions.values()) if (into === queue) state.setExpansion({ id: stepId, queue_id: target, cursor, file }, held);
}
