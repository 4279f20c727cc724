import { crashBound, crashDelayMs } from '../../../core/attempt-verdict.ts';
import type { AttemptRef, Opening } from '../opening.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { activeColumns, bury, cancelActive, isGivenUp, putBack, recordAttempt, type ActiveJob } from './settle.ts';

const byCrash = {
  kind: 'interrupted',
  cause: 'interrupted by a crash',
  message: 'The daemon ended while this attempt was under way. Whether the other side acted on it is not known.',
} as const;

const crashLoop = {
  kind: 'crash_loop',
  cause: 'crash loop',
  message: `The daemon has ended ${crashBound} times while this job was under way, so the job may be what ends it. Replay it when the cause is found.`,
} as const;

/** Jobs that are named to a person, at most. */
const maxNamed = 20;

export interface Recovered {
  /** Attempts that were closed as interrupted. */
  readonly interrupted: number;
  /** The first of their jobs. */
  readonly interruptedJobs: readonly number[];
  /** Those that are still open: how they ended is noted. */
  readonly leftOpen: readonly AttemptRef[];
}

/** Closes what a crash interrupted. */
export function recover(tx: WriteTransaction, { now, random, ended, shelved }: Opening): Recovered {
  const jobs = tx.db.sql(`SELECT ${activeColumns} FROM jobs WHERE state = 'active'`).all() as unknown as ActiveJob[];
  const endedAttempts = new Set(ended.map(({ jobId, attempt }) => `${jobId}/${attempt}`));
  const shelvedAttempts = new Set(shelved.map(({ jobId, attempt, claimedAt }) => `${jobId}/${attempt}/${claimedAt}`));
  const leftOpen: AttemptRef[] = [];
  const interruptedJobs: number[] = [];
  let interrupted = 0;
  for (const job of jobs) {
    if (endedAttempts.has(`${job.id}/${job.attempt}`)) {
      leftOpen.push({ jobId: job.id, attempt: job.attempt });
      continue;
    }
    if (shelvedAttempts.has(`${job.id}/${job.attempt}/${job.started_at}`)) {
      putBack(tx, job, now);
      continue;
    }
    if (interrupted++ < maxNamed) interruptedJobs.push(job.id);
    const crashes = job.crashes + 1;
    recordAttempt(tx, job, { endedAt: now }, 'interrupted', null, byCrash);
    tx.db.sql('UPDATE jobs SET crashes = ?, started_at = NULL WHERE id = ?').run(crashes, job.id);
    if (isGivenUp(job)) {
      cancelActive(tx, job, now);
    } else if (crashes >= crashBound) {
      bury(tx, job, crashLoop, now);
    } else {
      const delayMs = crashDelayMs(crashes, random);
      const state = tx.moveJob(job, delayMs === 0 ? 'interrupt' : 'retry');
      // A job that goes on at once keeps its place in the queue.
      if (delayMs === 0) tx.db.sql('UPDATE jobs SET state = ? WHERE id = ?').run(state, job.id);
      else tx.db.sql('UPDATE jobs SET state = ?, due_at = ? WHERE id = ?').run(state, now + delayMs, job.id);
    }
  }
  return { interrupted, interruptedJobs, leftOpen };
}
