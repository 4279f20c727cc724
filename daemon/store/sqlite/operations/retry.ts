import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

type DelayedJob = Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>;

/** Delayed jobs are due now. All of them or none: a job that isn't delayed is an error before anything moves. */
export function retry(
  tx: WriteTransaction,
  { jobIds, now }: { readonly jobIds: readonly number[]; readonly now: number },
): { readonly retried: readonly number[] } {
  const jobs = [...new Set(jobIds)].map((jobId) => delayedJob(tx, jobId));
  const update = tx.db.sql("UPDATE jobs SET state = 'pending', due_at = ?, pace = NULL WHERE id = ?");
  for (const job of jobs) {
    tx.moveJob(job, 'due');
    update.run(now, job.id);
    tx.touchRun(tx.state.stepInfo(job.step_id).runId);
  }
  return { retried: jobs.map(({ id }) => id) };
}

function delayedJob(tx: WriteTransaction, jobId: number): DelayedJob {
  const job = tx.db.sql('SELECT id, step_id, queue_id, state FROM jobs WHERE id = ?').get(jobId) as DelayedJob | undefined;
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  switch (job.state) {
    case 'delayed':
      return job;
    case 'pending':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} is due already; it waits for its turn.`);
    case 'active':
      throw new CodedError('wrong-state', `An attempt of the job ${formatJobId(jobId)} is under way.`);
    case 'dead':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} is a dead letter, which will not be tried again by itself: replay it.`);
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} has ended (${job.state}), so there is nothing to retry.`);
  }
}
