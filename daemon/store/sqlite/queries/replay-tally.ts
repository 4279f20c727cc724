import type { ReplayTally } from '../../../../schemas/protocol/replay.ts';
import type { JobError } from '../../../../schemas/protocol/shape.ts';
import type { JobState } from '../../../../schemas/protocol/state.ts';
import type { Database } from '../database.ts';
import { iso } from './view.ts';

interface TalliedRow {
  readonly state: JobState;
  readonly due_at: number;
  readonly ended_at: number | null;
  readonly error: string | null;
  readonly tried: 0 | 1;
}

/** One look at each job by its number; those that are gone are in none of the counts. */
export function replayTally(db: Database, { jobIds }: { readonly jobIds: readonly number[] }): ReplayTally {
  const one = db.sql(
    `SELECT j.state, j.due_at, j.ended_at, j.error, EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.round = j.round) AS tried
     FROM jobs j WHERE j.id = ?`,
  );
  const counts = { succeeded: 0, dead: 0, cancelled: 0, discarded: 0, active: 0, retrying: 0, waiting: 0 };
  let lastDueAt: number | undefined;
  let failure: { readonly at: number; readonly error: string } | undefined;
  for (const jobId of jobIds) {
    const job = one.get(jobId) as TalliedRow | undefined;
    if (job === undefined) continue;
    const isOpen = job.state === 'pending' || job.state === 'delayed';
    const what = job.state === 'pending' || job.state === 'delayed' ? (job.tried === 1 ? 'retrying' : 'waiting') : job.state;
    counts[what]++;
    if (isOpen) lastDueAt = Math.max(lastDueAt ?? 0, job.due_at);
    if ((what === 'dead' || what === 'retrying') && job.error !== null) {
      const at = job.ended_at ?? job.due_at;
      if (failure === undefined || at >= failure.at) failure = { at, error: job.error };
    }
  }
  return {
    ...counts,
    ...(lastDueAt === undefined ? {} : { lastDueAt: iso(lastDueAt) }),
    ...(failure === undefined ? {} : { error: JSON.parse(failure.error) as JobError }),
  };
}
