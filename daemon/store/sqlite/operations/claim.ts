import type { ClaimedJob, ClaimParams, ClaimResult } from '../../store.ts';
import type { JobRow } from '../row.ts';
import { advanceRuns } from '../run-advance.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { endHold } from './pace.ts';
import { promote } from './promote.ts';

/** The columns of `selectDue`, in their order. A row as an array costs half of one as an object, and this is read for every attempt. */
type ClaimRow = readonly [
  jobId: number,
  stepId: number,
  createdAt: number,
  dueAt: number,
  attempt: number,
  tries: number,
  throttles: number,
  round: number,
  revision: number,
  pace: number | null,
  progress: string | null,
  payload: string,
  secrets: string | null,
];

/**
 * SELECT, then UPDATE by number: one statement for both was 5 to 12 times slower on some Node builds (DESIGN, section 8).
 * CROSS JOIN keeps SQLite's planner from reading payloads first.
 */
const selectDue = `
  SELECT j.id, j.step_id, j.created_at, j.due_at, j.attempt, j.tries, j.throttles, j.round, j.revision, j.pace, j.progress, p.payload, p.secrets
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
  const due = db.sql(selectDue);
  due.setReturnArrays(true);
  const activate = db.sql("UPDATE jobs SET state = 'active', attempt = attempt + 1, started_at = ? WHERE id = ?");
  // A job that was returned before its start may be claimed for the same instant again.
  const recordStart = db.sql('INSERT OR IGNORE INTO rate_starts (queue_id, at, job_id, attempt) VALUES (?, ?, ?, ?)');
  let swept = 0;
  while (jobs.length < params.limit && swept < maxSwept) {
    const rows = due.all(queueId, params.limit - jobs.length) as unknown as ClaimRow[];
    if (rows.length === 0) break;
    if (rows.some(([, , , , , , , , , pace]) => pace !== null) && endHold(tx, queueId, params.now)) {
      promote(tx, params);
      continue;
    }
    for (const [jobId, stepId, createdAt, dueAt, attempt, tries, throttles, round, revision, pace, progress, payload, secrets] of rows) {
      const job = { id: jobId, step_id: stepId, queue_id: queueId, state: 'pending' } as const;
      if (isSwept(tx, stepId)) {
        cancelSwept(tx, job, params.now);
        swept++;
        continue;
      }
      const startAt = params.startAts?.[jobs.length];
      tx.moveJob(job, 'claim');
      activate.run(startAt === undefined ? params.now : Math.floor(startAt), jobId);
      if (startAt !== undefined) recordStart.run(queueId, startAt, jobId, attempt + 1);
      // Few have one, so the others aren't made to write it.
      if (pace !== null) db.sql('UPDATE jobs SET pace = NULL WHERE id = ?').run(jobId);
      const { runId, name: step, version } = state.stepInfo(stepId);
      jobs.push({
        jobId,
        runId,
        step,
        version,
        createdAt,
        dueAt,
        attempt: attempt + 1,
        tries,
        throttles,
        round,
        revision,
        payload,
        ...(progress === null ? {} : { progress }),
        ...(secrets === null ? {} : { secrets }),
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
