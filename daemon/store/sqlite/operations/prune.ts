import type { PruneParams } from '../../store.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Deletes up to `limit` rows of ended runs, and discards dead letters that are past their time. */
export function prune(tx: WriteTransaction, params: PruneParams): { readonly more: boolean } {
  const discarded = discardOld(tx, params);
  let left = params.limit - discarded;
  if (left <= 0) return { more: true };

  const runs = oldRuns(tx, params.runsBefore, left);
  if (runs.length > 0) tx.state.saveHighest();
  const versions = new Set<string>();
  let finished = 0;
  for (const { id, version } of runs) {
    left -= deleteJobs(tx, id, left);
    if (left <= 0) break;
    tx.db.sql('DELETE FROM steps WHERE run_id = ?').run(id);
    tx.db.sql('DELETE FROM runs WHERE id = ?').run(id);
    versions.add(version);
    finished++;
    left--;
  }
  const forget = tx.db.sql('DELETE FROM workflow_versions WHERE version = ? AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.version = workflow_versions.version)');
  for (const version of versions) forget.run(version);
  // What has just been discarded is counted at the end of this transaction; the next can delete its run.
  return { more: discarded > 0 || finished < runs.length || left <= 0 };
}

/** Ended runs in which nothing waits, goes on, or is a dead letter. Their steps' counts say so without a look at their jobs. */
function oldRuns(tx: WriteTransaction, before: number, limit: number): readonly { readonly id: number; readonly version: string }[] {
  return tx.db
    .sql(
      `SELECT r.id, r.version FROM runs r
       WHERE r.state IN ('succeeded', 'failed', 'cancelled') AND r.ended_at < ? AND r.closing = 0 AND NOT EXISTS (
         SELECT 1 FROM steps s WHERE s.run_id = r.id AND (
           s.dead > 0 OR s.sweep IS NOT NULL OR s.state IN ('waiting', 'running') OR s.total > s.succeeded + s.cancelled + s.discarded))
       ORDER BY r.id LIMIT ?`,
    )
    .all(before, limit) as unknown as readonly { readonly id: number; readonly version: string }[];
}

/** Returns how many. The counts of their steps follow, so that a run that is half deleted is still counted right. */
function deleteJobs(tx: WriteTransaction, runId: number, limit: number): number {
  const { db } = tx;
  const jobs = db
    .sql('SELECT j.id, j.step_id, j.state FROM steps s JOIN jobs j ON j.step_id = s.id WHERE s.run_id = ? LIMIT ?')
    .all(runId, limit) as unknown as readonly Pick<JobRow, 'id' | 'step_id' | 'state'>[];
  const uncount = db.sql(
    `UPDATE steps SET total = total - 1, succeeded = succeeded - (?1 = 'succeeded'), cancelled = cancelled - (?1 = 'cancelled'),
       discarded = discarded - (?1 = 'discarded') WHERE id = ?2`,
  );
  for (const { id, step_id, state } of jobs) {
    db.sql('DELETE FROM attempts WHERE job_id = ?').run(id);
    db.sql('DELETE FROM payload_revisions WHERE job_id = ?').run(id);
    db.sql('DELETE FROM payload_drafts WHERE job_id = ?').run(id);
    db.sql('DELETE FROM payloads WHERE job_id = ?').run(id);
    db.sql('DELETE FROM jobs WHERE id = ?').run(id);
    uncount.run(state, step_id);
  }
  return jobs.length;
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
