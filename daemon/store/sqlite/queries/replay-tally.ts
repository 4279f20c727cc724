import type { ReplayTally } from '../../../../schemas/protocol/replay.ts';
import type { JobRow } from '../../../ledger/row.ts';
import { replayTally as tallied } from '../../../ledger/view.ts';
import type { Database } from '../database.ts';

/** One look at each job by its number; those that are gone are in none of the counts. */
export function replayTally(db: Database, { jobIds }: { readonly jobIds: readonly number[] }): ReplayTally {
  const one = db.sql(
    `SELECT j.state, j.due_at, j.ended_at, j.error, EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.round = j.round) AS tried
     FROM jobs j WHERE j.id = ?`,
  );
  return tallied(
    jobIds.flatMap((jobId) => {
      const job = one.get(jobId) as (JobRow & { readonly tried: 0 | 1 }) | undefined;
      return job === undefined ? [] : [{ ...job, tried: job.tried === 1 }];
    }),
  );
}
