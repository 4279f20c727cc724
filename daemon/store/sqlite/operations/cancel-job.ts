import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function cancelJob(tx: WriteTransaction, { jobId, now }: { readonly jobId: number; readonly now: number }): { readonly active: boolean } {
  const job = tx.db.sql('SELECT id, step_id, queue_id, state FROM jobs WHERE id = ?').get(jobId) as
    | Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state'>
    | undefined;
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  switch (job.state) {
    case 'pending':
    case 'delayed':
      tx.moveJob(job, 'cancel');
      tx.db.sql("UPDATE jobs SET state = 'cancelled', ended_at = ? WHERE id = ?").run(now, jobId);
      return { active: false };
    case 'active':
      tx.db.sql('UPDATE jobs SET cancel_requested = 1 WHERE id = ?').run(jobId);
      return { active: true };
    case 'dead':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} is a dead letter: replay it, or discard it.`);
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} has ended already (${job.state}).`);
  }
}
