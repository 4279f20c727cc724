import type { ClaimedJob, ClaimParams, ClaimResult } from '../../store.ts';
import type { JobRow } from '../row.ts';
import { advanceRuns } from '../run-advance.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { endHold } from './pace.ts';
import { promote } from './promote.ts';

type ClaimRow = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'created_at' | 'due_at' | 'attempt' | 'tries' | 'throttles' | 'round' | 'revision' | 'pace' | 'progress'> & {
  readonly payload: string;
  readonly secrets: string | null;
};

/**
 * SELECT, then UPDATE by number: one statement for both was 5 to 12 times slower on some Node builds (DESIGN, section 8).
 * CROSS JOIN keeps SQLite's planner from reading payloads first.
 */
const selectDue = `
  SELECT j.id, j.step_id, j.queue_id, j.state, j.created_at, j.due_at, j.attempt, j.tries, j.throttles, j.round, j.revision, j.pace, j.progress, p.payload, p.secrets
  FROM jobs j INDEXED BY jobs_pending CROSS JOIN payloads p ON p.job_id = j.id
  WHERE j.state = 'pending' AND j.queue_id = ?
  ORDER BY j.priority DESC, j.due_at, j.id
  LIMIT ?`;

/** Jobs of cancelled steps that one claim clears away, at most: a million of them must not keep other queues waiting. */
const maxSwept = 1000;

export function claim(tx: WriteTransaction, params: ClaimParams): ClaimResult {
  const { state, db } = tx;
  // What ended in this batch may have made jobs that are to be claimed now.
  advanceRuns(tx, params.now);
  promote(tx, params);
  const queueId = state.knownQueueId(params.queue);
  if (queueId === undefined) return { jobs: [] };

  const jobs: ClaimedJob[] = [];
  const activate = db.sql("UPDATE jobs SET state = 'active', attempt = attempt + 1, started_at = ? WHERE id = ?");
  // A job that was returned before its start may be claimed for the same instant again.
  const recordStart = db.sql('INSERT OR IGNORE INTO rate_starts (queue_id, at, job_id, attempt) VALUES (?, ?, ?, ?)');
  let swept = 0;
  while (jobs.length < params.limit && swept < maxSwept) {
    const rows = db.sql(selectDue).all(queueId, params.limit - jobs.length) as unknown as ClaimRow[];
    if (rows.length === 0) break;
    if (rows.some(({ pace }) => pace !== null) && endHold(tx, queueId, params.now)) {
      promote(tx, params);
      continue;
    }
    for (const row of rows) {
      if (isSwept(tx, row.step_id)) {
        cancelSwept(tx, row, params.now);
        swept++;
        continue;
      }
      const startAt = params.startAts?.[jobs.length];
      tx.moveJob(row, 'claim');
      activate.run(startAt === undefined ? params.now : Math.floor(startAt), row.id);
      if (startAt !== undefined) recordStart.run(queueId, startAt, row.id, row.attempt + 1);
      // Few have one, so the others aren't made to write it.
      if (row.pace !== null) db.sql('UPDATE jobs SET pace = NULL WHERE id = ?').run(row.id);
      const { runId, name, version } = state.stepInfo(row.step_id);
      jobs.push({
        jobId: row.id,
        runId,
        step: name,
        version,
        createdAt: row.created_at,
        dueAt: row.due_at,
        attempt: row.attempt + 1,
        tries: row.tries,
        throttles: row.throttles,
        round: row.round,
        revision: row.revision,
        ...(row.progress === null ? {} : { progress: row.progress }),
        payload: row.payload,
        ...(row.secrets === null ? {} : { secrets: row.secrets }),
      });
    }
  }
  if (params.keepStartsMs !== undefined && jobs.length > 0) {
    db.sql('DELETE FROM rate_starts WHERE queue_id = ? AND at < ?').run(queueId, params.now - params.keepStartsMs);
  }
  return { jobs };
}

export function isSwept(tx: WriteTransaction, stepId: number): boolean {
  const kind = tx.state.sweeps.get(stepId)?.kind;
  return kind === 'cancel' || kind === 'fail';
}

/** Its step is being cancelled, and the sweep hasn't come to it yet. */
export function cancelSwept(tx: WriteTransaction, job: Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>, now: number): void {
  tx.moveJob(job, 'cancel');
  const swept = tx.state.sweeps.get(job.step_id)?.kind === 'fail' ? 1 : 0;
  tx.db.sql("UPDATE jobs SET state = 'cancelled', ended_at = ?, swept = ? WHERE id = ?").run(now, swept, job.id);
}
