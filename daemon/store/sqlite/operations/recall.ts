import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

type WaitingJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'revision' | 'round'>;

/**
 * Replayed jobs that no attempt of the new round has reached are dead letters again, as they were before: with their last error, and an edit that
 * went along is a draft again. All of them or none: a job that isn't like that is an error before anything moves.
 */
export function recall(tx: WriteTransaction, { jobIds, now }: { readonly jobIds: readonly number[]; readonly now: number }): { readonly recalled: readonly number[] } {
  const jobs = [...new Set(jobIds)].map((jobId) => waitingJob(tx, jobId));
  const update = tx.db.sql(
    `UPDATE jobs SET state = ?, pace = NULL, round = round - 1,
       ended_at = coalesce((SELECT a.ended_at FROM attempts a WHERE a.job_id = jobs.id ORDER BY a.number DESC LIMIT 1), ?) WHERE id = ?`,
  );
  for (const job of jobs) {
    const state = tx.moveJob(job, 'recall');
    update.run(state, now, job.id);
    unrevise(tx, job);
    tx.touchRun(tx.state.stepInfo(job.step_id).runId);
  }
  return { recalled: jobs.map(({ id }) => id) };
}

function waitingJob(tx: WriteTransaction, jobId: number): WaitingJob {
  const job = tx.db.sql('SELECT id, step_id, queue_id, state, revision, round FROM jobs WHERE id = ?').get(jobId) as WaitingJob | undefined;
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  const tried = tx.db.sql('SELECT 1 AS found FROM attempts WHERE job_id = ? AND round = ? LIMIT 1').get(jobId, job.round) !== undefined;
  if ((job.state === 'pending' || job.state === 'delayed') && job.round > 1 && !tried) return job;
  throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} can't be taken back: ${tried ? 'it was attempted since it was replayed' : `it is ${job.state}`}.`);
}

/** An edit that no attempt has used is a draft again, beside the payload that it was made from. */
function unrevise(tx: WriteTransaction, { id, revision }: WaitingJob): void {
  const { db } = tx;
  if (db.sql('SELECT 1 AS found FROM attempts WHERE job_id = ? AND revision = ? LIMIT 1').get(id, revision) !== undefined) return;
  const before = db.sql('SELECT revision FROM payload_revisions WHERE job_id = ? ORDER BY revision DESC LIMIT 1').get(id)?.['revision'];
  if (typeof before !== 'number') return;
  db.sql('INSERT OR REPLACE INTO payload_drafts (job_id, revision, saved_at, payload) SELECT job_id, ?, created_at, payload FROM payloads WHERE job_id = ?').run(revision, id);
  db.sql(
    `UPDATE payloads SET (payload, secrets, created_at) = (SELECT r.payload, r.secrets, r.created_at FROM payload_revisions r WHERE r.job_id = ?1 AND r.revision = ?2)
     WHERE job_id = ?1`,
  ).run(id, before);
  db.sql('DELETE FROM payload_revisions WHERE job_id = ? AND revision = ?').run(id, before);
  db.sql('UPDATE jobs SET revision = ? WHERE id = ?').run(before, id);
}
