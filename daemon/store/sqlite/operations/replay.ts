import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';
import type { SecretUse } from '../../../../schemas/workflow/template.ts';
import { revisedSecrets } from '../../revised-secrets.ts';
import type { ReplayParams } from '../../store.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { isSwept } from './claim.ts';

type DeadJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'revision'>;

/**
 * A dead letter goes back to its own queue, for a new round of attempts; what has been tried so far stays as it is. An
 * edited payload is a new revision. All of them or none: a job that isn't dead is an error before anything moves.
 */
export function replay(tx: WriteTransaction, params: ReplayParams): { readonly replayed: readonly number[] } {
  const jobs = deadJobs(tx, params.jobIds);
  for (const { id, step_id } of jobs) {
    if (!isSwept(tx, step_id)) continue;
    throw new CodedError('wrong-state', `The other jobs of ${formatJobId(id)}'s step are being cancelled just now; replay it when that is done.`);
  }
  if (params.payload !== undefined && jobs.length !== 1) {
    throw new CodedError('invalid-params', 'An edited payload is for one job; name just that one.');
  }
  const update = tx.db.sql(
    `UPDATE jobs SET state = ?, due_at = ?, round = round + 1, tries = 0, throttles = 0, crashes = 0, cancel_requested = 0, started_at = NULL, ended_at = NULL
     WHERE id = ?`,
  );
  const dueAts = new Map(params.dueAts === undefined ? [] : params.jobIds.map((jobId, index) => [jobId, params.dueAts?.[index]]));
  for (const job of jobs) {
    if (params.payload !== undefined) revise(tx, job, params.payload, params.now);
    const dueAt = Math.ceil(dueAts.get(job.id) ?? params.now);
    const state = tx.moveJob(job, dueAt > params.now ? 'replay_later' : 'replay');
    update.run(state, dueAt, job.id);
    tx.touchRun(tx.state.stepInfo(job.step_id).runId);
  }
  return { replayed: jobs.map(({ id }) => id) };
}

/**
 * Each once, however often it is named.
 *
 * @throws CodedError `not-found` or `wrong-state`
 */
export function deadJobs(tx: WriteTransaction, jobIds: readonly number[]): DeadJob[] {
  return [...new Set(jobIds)].map((jobId) => deadJob(tx, jobId));
}

function deadJob(tx: WriteTransaction, jobId: number): DeadJob {
  const job = tx.db.sql('SELECT id, step_id, queue_id, state, revision FROM jobs WHERE id = ?').get(jobId) as DeadJob | undefined;
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  if (job.state !== 'dead') throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} is no dead letter; it is ${job.state}.`);
  return job;
}

function revise(tx: WriteTransaction, job: DeadJob, payload: string, now: number): void {
  const kept = tx.db.sql('SELECT secrets FROM payloads WHERE job_id = ?').get(job.id)?.['secrets'];
  const secrets = typeof kept === 'string' ? revisedSecrets(JSON.parse(kept) as SecretUse[], JSON.parse(payload) as Json) : [];
  tx.db
    .sql('INSERT INTO payload_revisions (job_id, revision, payload, created_at) SELECT job_id, ?, payload, created_at FROM payloads WHERE job_id = ?')
    .run(job.revision, job.id);
  tx.db.sql('UPDATE payloads SET payload = ?, secrets = ?, created_at = ? WHERE job_id = ?').run(
    payload,
    secrets.length === 0 ? null : JSON.stringify(secrets),
    now,
    job.id,
  );
  tx.db.sql('UPDATE jobs SET revision = revision + 1 WHERE id = ?').run(job.id);
}
