import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export type DeadJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'revision'>;

/**
 * Each once, however often it is named.
 *
 * @throws CodedError `not-found` or `wrong-state`
 */
export function deadJobs(tx: WriteTransaction, jobIds: readonly number[]): DeadJob[] {
  return [...new Set(jobIds)].map((jobId) => deadJob(tx, jobId));
}

export function deadJob(tx: WriteTransaction, jobId: number): DeadJob {
  const job = tx.db.sql('SELECT id, step_id, queue_id, state, revision FROM jobs WHERE id = ?').get(jobId) as DeadJob | undefined;
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  if (job.state !== 'dead') throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} is no dead letter; it is ${job.state}.`);
  return job;
}
