import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { ReplayParams, ReplayResult } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { isSwept } from './claim.ts';
import { deadJobs, type DeadJob } from './dead-job.ts';
import { deleteDraft, draftOf, nextRevision, revise } from './draft.ts';

/**
 * A dead letter goes back to its own queue, for a new round of attempts; what has been tried so far stays as it is. A draft goes along as a new
 * revision, unless the originals are asked for: then it stays a draft. A payload that is handed in takes its place. All of them or none: a job
 * that isn't dead is an error before anything moves.
 */
export function replay(tx: WriteTransaction, params: ReplayParams): ReplayResult {
  const jobs = deadJobs(tx, params.jobIds);
  for (const { id, step_id } of jobs) {
    if (!isSwept(tx, step_id)) continue;
    throw new CodedError('wrong-state', `The other jobs of ${formatJobId(id)}'s step are being cancelled just now; replay it when that is done.`);
  }
  if (params.payload !== undefined && jobs.length !== 1) {
    throw new CodedError('invalid-params', 'An edited payload is for one job; name just that one.');
  }
  const update = tx.db.sql(
    `UPDATE jobs SET state = ?, due_at = ?, pace = ?, round = round + 1, tries = 0, throttles = 0, crashes = 0, cancel_requested = 0, started_at = NULL, ended_at = NULL
     WHERE id = ?`,
  );
  const dueAts = new Map(params.dueAts === undefined ? [] : params.jobIds.map((jobId, index) => [jobId, params.dueAts?.[index]]));
  let edited = 0;
  for (const job of jobs) {
    if (params.originals !== true && sendEdit(tx, job, params)) edited++;
    const dueAt = Math.ceil(dueAts.get(job.id) ?? params.now);
    const state = tx.moveJob(job, dueAt > params.now ? 'replay_later' : 'replay');
    update.run(state, dueAt, params.pace ?? null, job.id);
    tx.touchRun(tx.state.stepInfo(job.step_id).runId);
  }
  return { replayed: jobs.map(({ id }) => id), edited };
}

/** False where the job has no edit. */
function sendEdit(tx: WriteTransaction, job: DeadJob, { payload, now }: ReplayParams): boolean {
  const draft = draftOf(tx, job.id);
  if (payload !== undefined) revise(tx, job, { revision: nextRevision(tx, job), payload, now });
  else if (draft !== undefined) revise(tx, job, { revision: draft.revision, payload: draft.payload, now: draft.saved_at });
  if (draft !== undefined) deleteDraft(tx, job.id);
  return payload !== undefined || draft !== undefined;
}
