import type { AttemptView, JobDetail, RevisionView } from '../../../../schemas/protocol/job.ts';
import type { JobError } from '../../../../schemas/protocol/shape.ts';
import type { AttemptState } from '../../../../schemas/protocol/state.ts';
import { idempotencyKey } from '../../idempotency-key.ts';
import type { Database } from '../database.ts';
import { iso, jobSummary, jobViewColumns, jobViewJoins, parsedJson, type JobViewRow } from './view.ts';

interface AttemptRow {
  readonly number: number;
  readonly round: number;
  readonly revision: number;
  readonly state: AttemptState;
  readonly started_at: number;
  readonly ended_at: number;
  readonly output: string | null;
  readonly error: string | null;
  readonly request: string | null;
  readonly response: string | null;
}

interface PayloadRow {
  readonly revision: number;
  readonly payload: string;
  readonly item: string | null;
  readonly created_at: number;
}

export function getJob(db: Database, { jobId }: { readonly jobId: number }): JobDetail | undefined {
  const job = db.sql(`SELECT ${jobViewColumns} FROM jobs j ${jobViewJoins} WHERE j.id = ?`).get(jobId) as JobViewRow | undefined;
  if (job === undefined) return undefined;
  const storeId = String(db.sql("SELECT value FROM meta WHERE key = 'store_id'").get()?.['value']);
  const keyOf = (revision: number): string => idempotencyKey(storeId, { jobId: job.id, createdAt: job.created_at, revision });
  const attempts = db.sql('SELECT * FROM attempts WHERE job_id = ? ORDER BY number').all(jobId) as unknown as AttemptRow[];
  const current = db.sql('SELECT payload, item, created_at FROM payloads WHERE job_id = ?').get(jobId) as unknown as PayloadRow;
  const earlier = db
    .sql('SELECT revision, payload, created_at FROM payload_revisions WHERE job_id = ? ORDER BY revision')
    .all(jobId) as unknown as PayloadRow[];
  const draft = db.sql('SELECT revision, payload, saved_at AS created_at FROM payload_drafts WHERE job_id = ?').get(jobId) as PayloadRow | undefined;
  const revisions = [...earlier, { ...current, revision: job.revision }, ...(draft === undefined ? [] : [draft])];
  const output = attempts.findLast((attempt) => attempt.state === 'succeeded')?.output;
  return {
    ...jobSummary(job),
    payload: parsedJson(current.payload),
    ...(current.item === null ? {} : { item: parsedJson(current.item) }),
    ...(output === null || output === undefined ? {} : { output: parsedJson(output) }),
    ...(job.progress === null ? {} : { progress: parsedJson(job.progress) }),
    idempotencyKey: keyOf(job.revision),
    revisions: revisions.map(
      ({ revision, payload, created_at }): RevisionView => ({
        revision,
        createdAt: iso(created_at),
        payload: parsedJson(payload),
        idempotencyKey: keyOf(revision),
        ...(revision === draft?.revision ? { draft: true } : {}),
      }),
    ),
    attempts: [...attempts.map(attemptView), ...activeAttempt(job)],
  };
}

function attemptView(row: AttemptRow): AttemptView {
  return {
    number: row.number,
    round: row.round,
    revision: row.revision,
    state: row.state,
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    // Not below 0: the wall clock may have been set back meanwhile.
    durationMs: Math.max(0, row.ended_at - row.started_at),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as JobError }),
    ...(row.request === null ? {} : { request: parsedJson(row.request) }),
    ...(row.response === null ? {} : { response: parsedJson(row.response) }),
  };
}

function activeAttempt(job: JobViewRow): AttemptView[] {
  if (job.state !== 'active') return [];
  return [
    { number: job.attempt, round: job.round, revision: job.revision, state: 'active', startedAt: iso(job.started_at ?? job.created_at) },
  ];
}
