import { crashBound, crashDelayMs } from '../core/attempt-verdict.ts';
import type { Book } from './book.ts';
import type { AttemptRef, RecoverParams, Recovered } from './call.ts';
import { bury, cancelActive, isGivenUp, putBack, recordAttempt } from './settling.ts';

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

/** Of a job that a salvage has marked, by the lack of a start: nothing more is known of it. */
const lostByDamage = {
  kind: 'interrupted',
  cause: 'lost by damage',
  message: "The store was damaged, and this job, or its payload, couldn't be read. Whether it was sent is not known.",
} as const;

/** Jobs that are named to a person, at most. */
const maxNamed = 20;

/** Closes what a crash of a daemon interrupted. */
export function recover(book: Book, { daemon, now, random, ended, unbegun }: RecoverParams): Recovered {
  const jobs = book.fact('activeOf', daemon);
  book.need('stepInfo', jobs.map(({ step_id }) => step_id));
  const endedAttempts = new Set(ended.map(({ jobId, attempt }) => `${jobId}/${attempt}`));
  const unbegunAttempts = new Set(unbegun.map(({ jobId, attempt, claimedAt }) => `${jobId}/${attempt}/${claimedAt}`));
  const leftOpen: AttemptRef[] = [];
  const interruptedJobs: number[] = [];
  let interrupted = 0;
  for (const job of jobs) {
    if (job.started_at === null) {
      bury(book, job, { error: lostByDamage, endedAt: now });
      continue;
    }
    if (endedAttempts.has(`${job.id}/${job.attempt}`)) {
      leftOpen.push({ jobId: job.id, attempt: job.attempt });
      continue;
    }
    if (unbegunAttempts.has(`${job.id}/${job.attempt}/${job.started_at}`)) {
      putBack(book, job, now);
      continue;
    }
    if (interrupted++ < maxNamed) interruptedJobs.push(job.id);
    const crashes = job.crashes + 1;
    recordAttempt(book, job, { endedAt: now }, 'interrupted', null, byCrash);
    const cut = { crashes, started_at: null } as const;
    const delayMs = crashDelayMs(crashes, random);
    if (isGivenUp(job)) cancelActive(book, job, now, cut);
    else if (crashes >= crashBound) bury(book, job, { error: crashLoop, endedAt: now, ...cut });
    // A job that goes on at once keeps its place in the queue.
    else if (delayMs === 0) book.move(job, 'interrupt', cut);
    else book.move(job, 'retry', { ...cut, due_at: now + delayMs });
  }
  return { interrupted, interruptedJobs, leftOpen };
}
