import type { PruneParams } from '../../store.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Deletes up to `limit` rows of ended runs, a run at a time, and discards dead letters that are past their time. */
export function prune(tx: WriteTransaction, params: PruneParams): { readonly more: boolean } {
  const left = params.limit - discardOld(tx, params);
  if (left <= 0) return { more: true };

  const run = tx.db
    .sql(
      `SELECT r.id FROM runs r WHERE r.state IN ('succeeded', 'failed', 'cancelled') AND r.ended_at < ? AND r.closing = 0
       AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.run_id = r.id AND (s.dead > 0 OR s.sweep IS NOT NULL OR s.state IN ('waiting', 'running')))
       AND NOT EXISTS (SELECT 1 FROM steps s JOIN jobs j ON j.step_id = s.id WHERE s.run_id = r.id AND j.state IN ('pending', 'delayed', 'active'))
       ORDER BY r.id LIMIT 1`,
    )
    .get(params.runsBefore);
  if (run === undefined) return { more: false };
  const runId = Number(run['id']);
  const jobs = tx.db
    .sql('SELECT j.id FROM steps s JOIN jobs j ON j.step_id = s.id WHERE s.run_id = ? LIMIT ?')
    .all(runId, left) as unknown as readonly { readonly id: number }[];
  tx.state.saveHighest();
  for (const { id } of jobs) {
    tx.db.sql('DELETE FROM attempts WHERE job_id = ?').run(id);
    tx.db.sql('DELETE FROM payload_revisions WHERE job_id = ?').run(id);
    tx.db.sql('DELETE FROM payloads WHERE job_id = ?').run(id);
    tx.db.sql('DELETE FROM jobs WHERE id = ?').run(id);
  }
  if (jobs.length < left) {
    tx.db.sql('DELETE FROM steps WHERE run_id = ?').run(runId);
    tx.db.sql('DELETE FROM runs WHERE id = ?').run(runId);
    tx.db.sql('DELETE FROM workflow_versions WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.version = workflow_versions.version)').run();
  }
  return { more: true };
}

function discardOld(tx: WriteTransaction, { now, deadLetters, limit }: PruneParams): number {
  let count = 0;
  for (const { queue, before } of deadLetters) {
    const queueId = tx.state.knownQueueId(queue);
    if (queueId === undefined || count >= limit) continue;
    const jobs = tx.db
      .sql("SELECT id, step_id, queue_id, state FROM jobs WHERE state = 'dead' AND queue_id = ? AND ended_at < ? LIMIT ?")
      .all(queueId, before, limit - count) as unknown as Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>[];
    for (const job of jobs) {
      tx.moveJob(job, 'discard');
      tx.db.sql("UPDATE jobs SET state = 'discarded', ended_at = ? WHERE id = ?").run(now, job.id);
    }
    count += jobs.length;
  }
  return count;
}
