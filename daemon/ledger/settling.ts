import type { JobError } from '../../schemas/protocol/shape.ts';
import { crashBound, crashDelayMs } from '../core/attempt-verdict.ts';
import { deadGroupOf } from '../core/failure-group.ts';
import { jobError } from '../core/job-error.ts';
import type { PagePlace } from '../core/next-request.ts';
import { message } from '../../schemas/wording/message.ts';
import { recordAttempt } from './attempt-record.ts';
import type { Book } from './book.ts';
import type { AttemptOutcome, AttemptRef, Recovered, RecoverParams, Settled, SettleParams } from './call.ts';
import type { JobRow, LedgerJob } from './row.ts';
import { needForPages, readPage, unusableAnswer } from './paging.ts';
import { openGates } from './run-gate.ts';
import { type Ask, notKnown, type Snapshot } from './snapshot.ts';
import { beginWait, needForWaits } from './waiting.ts';

/** Ends attempts. */
export function settle(book: Book, { outcomes }: { readonly outcomes: readonly SettleParams[] }): Settled {
  book.need('stepInfo', outcomes.filter(({ outcome }) => outcome.kind === 'dead').flatMap(({ jobId }) => book.job(jobId)?.step_id ?? []));
  needForWaits(book, outcomes);
  needForPages(book, outcomes);
  const rated = outcomes.filter(hasTakenStart);
  const countedAt = rated.length === 0 ? 0 : book.fact('storeTime', Math.max(...rated.map(({ endedAt }) => endedAt)));
  const refused: number[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (!settleOne(book, outcome)) refused.push(index);
    else if (hasTakenStart(outcome)) settleStart(book, outcome, countedAt - (outcome.countedAgoMs ?? 0));
  }
  return { refused, failed: [] };
}

function hasTakenStart({ rated, connected }: SettleParams): boolean {
  return rated === true || connected === true;
}

/** What is shared of a rate, by daemons or by the queues of a connection: a start whose attempt has ended has been counted by its receiver, and one that wasn't used is free. */
function settleStart(book: Book, { jobId, attempt, outcome, rated, connected }: SettleParams, at: number): void {
  const job = book.job(jobId);
  if (job === undefined) return;
  const start = { queueId: job.queue_id, jobId, attempt };
  const isFree = outcome.kind === 'returned';
  if (rated === true) book.write(isFree ? { kind: 'drop_start', ...start } : { kind: 'count_start', ...start, at });
  if (connected === true) book.write(isFree ? { kind: 'drop_connection_start', jobId, attempt } : { kind: 'count_connection_start', jobId, attempt, at });
}

/** The jobs that outcomes name. */
export function factsOfSettling({ outcomes }: { readonly outcomes: readonly SettleParams[] }, snapshot: Snapshot): Ask[] {
  return outcomes.filter(({ jobId }) => snapshot.find('job', jobId) === notKnown).map(({ jobId }) => ({ kind: 'job', key: jobId }));
}

type Succeeded = SettleParams & { readonly outcome: Extract<AttemptOutcome, { kind: 'succeeded' }> };

/** False if the outcome is refused. */
function settleOne(book: Book, params: SettleParams): boolean {
  const job = book.job(params.jobId);
  if (job !== undefined && params.hold !== undefined) hold(book, job.queue_id, params.hold);
  // The fence: an attempt that was given up, or that a later one has followed, no longer counts.
  if (job === undefined || job.state !== 'active' || job.attempt !== params.attempt) return false;

  const { outcome, endedAt } = params;
  switch (outcome.kind) {
    case 'succeeded':
      if (outcome.page === undefined) succeed(book, job, { ...params, outcome }, outcome.warning);
      else endPage(book, job, { ...params, outcome }, outcome.page);
      break;
    case 'retry':
      recordAttempt(book, job, params, outcome.charged ? 'failed' : 'throttled', null, outcome.error);
      if (isAbandoned(job)) {
        cancelActive(book, job, endedAt, progressOf(outcome));
        break;
      }
      book.move(job, 'retry', {
        due_at: outcome.dueAt,
        tries: job.tries + (outcome.charged ? 1 : 0),
        throttles: throttlesAfter(job, outcome),
        started_at: null,
        error: JSON.stringify(outcome.error),
        ...progressOf(outcome),
      });
      break;
    case 'dead':
      recordAttempt(book, job, params, 'failed', null, outcome.error);
      deadLetter(book, job, { error: outcome.error, endedAt, response: params.response, ...progressOf(outcome) });
      break;
    case 'wait':
      if (isAbandoned(job)) {
        recordAttempt(book, job, params, 'cancelled', null, undefined);
        cancelActive(book, job, endedAt);
      } else beginWait(book, job, params, outcome.wait);
      break;
    case 'returned':
      releaseClaim(book, job, endedAt);
      break;
    case 'interrupted':
      recordAttempt(book, job, params, 'interrupted', null, undefined);
      if (isAbandoned(job)) cancelActive(book, job, endedAt);
      else book.move(job, 'interrupt', { started_at: null });
      break;
    case 'cancelled':
      recordAttempt(book, job, params, 'cancelled', null, undefined);
      cancelActive(book, job, endedAt);
      break;
  }
  return true;
}

function succeed(book: Book, job: LedgerJob, params: Succeeded, warning: string | undefined, values: Partial<Pick<JobRow, 'item_key'>> = {}): void {
  recordAttempt(book, job, params, 'succeeded', params.outcome.output, undefined);
  clearCancelCause(book, job);
  book.move(job, 'succeed', { tries: job.tries + 1, ended_at: params.endedAt, ...(warning === undefined ? {} : { warning }), ...values });
  if (warning !== undefined) book.effects.count(job.step_id, 'warnings', 1);
}

/** A page that can't be used is a dead letter, whatever its answer was: without its items, and what it leads to, the step would end with a part of them. */
function endPage(book: Book, job: LedgerJob, params: Succeeded, place: PagePlace): void {
  const { outcome, endedAt } = params;
  if (isAbandoned(job)) {
    // What a person has cancelled goes on to no further page.
    recordAttempt(book, job, params, 'succeeded', outcome.output, undefined);
    cancelActive(book, job, endedAt);
    return;
  }
  const read = readPage(book, job, outcome.output, place, endedAt);
  if ('cause' in read) {
    const failed = { ...params, response: unusableAnswer(outcome.output) };
    recordAttempt(book, job, failed, 'failed', null, read);
    deadLetter(book, job, { error: read, endedAt, response: failed.response });
    return;
  }
  const warnings = [outcome.warning, read.warning].filter((text) => text !== undefined);
  succeed(book, job, params, warnings.length === 0 ? undefined : warnings.join(' '), read.values);
}

/** The queue takes no jobs before a hold ends; of several the one that ends last counts, whosever it is. */
function hold(book: Book, queueId: number, { until, by }: NonNullable<SettleParams['hold']>): void {
  if ((book.queueRow(queueId).held_until ?? 0) >= until) return;
  book.patchQueue(queueId, { held_until: until, held_by: by === undefined ? null : JSON.stringify(by) });
}

function progressOf({ progress }: Extract<AttemptOutcome, { kind: 'retry' | 'dead' }>): { readonly progress?: string } {
  return progress === undefined ? {} : { progress };
}

/** How often the receiver has said "later" since it last took something. */
function throttlesAfter(job: LedgerJob, { charged, progress }: Extract<AttemptOutcome, { kind: 'retry' }>): number {
  if (charged) return job.throttles;
  return progress === undefined ? job.throttles + 1 : 0;
}

/** Its attempt has never begun: as if it hadn't been claimed. */
function releaseClaim(book: Book, job: LedgerJob, now: number): void {
  if (isAbandoned(job)) cancelActive(book, job, now);
  else book.move(job, 'interrupt', { attempt: job.attempt - 1, started_at: null });
}

/** Its attempt was left to end, but no other may follow: it, or its step, has been cancelled meanwhile. */
function isAbandoned(job: LedgerJob): boolean {
  return job.cancel_cause !== null;
}

export interface Death {
  readonly error: JobError;
  readonly endedAt: number;
  /** JSON of what the other side answered, from which its group follows. */
  readonly response?: string | undefined;
  readonly progress?: string;
  readonly crashes?: number;
}

function deadLetter(book: Book, job: LedgerJob, { error, endedAt, response, ...more }: Death): void {
  const group = deadGroupOf(book.fact('stepInfo', job.step_id).uses, error, response);
  clearCancelCause(book, job);
  book.move(job, 'die', { tries: job.tries + 1, ended_at: endedAt, error: JSON.stringify(error), failure_group: group, ...more });
}

function cancelActive(book: Book, job: LedgerJob, endedAt: number, more: { readonly progress?: string; readonly crashes?: number; readonly started_at?: null } = {}): void {
  book.move(job, 'cancel', { ended_at: endedAt, ...more });
}

/** It ends otherwise than by being cancelled. */
function clearCancelCause(book: Book, job: LedgerJob): void {
  if (job.cancel_cause !== null) book.moveCancelCause(job, 'clear');
}

const byCrash = jobError('interrupted', 'interrupted by a crash', message('The daemon ended while this attempt was under way. Whether the other side acted on it is not known.'));

const crashLoop = jobError(
  'crash_loop',
  'crash loop',
  message('{count, plural, one {The daemon has ended # time while this job was under way, so the job may be what ends it. Replay it when the cause is found.} other {The daemon has ended # times while this job was under way, so the job may be what ends it. Replay it when the cause is found.}}', { count: crashBound }),
);

/** Of a job that a salvage has marked, by the lack of a start: nothing more is known of it. */
const lostByDamage = jobError('interrupted', 'lost by damage', message("The store was damaged, and this job, or its payload, couldn't be read. Whether it was sent is not known."));

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
      deadLetter(book, job, { error: lostByDamage, endedAt: now });
      continue;
    }
    if (endedAttempts.has(`${job.id}/${job.attempt}`)) {
      leftOpen.push({ jobId: job.id, attempt: job.attempt });
      continue;
    }
    if (unbegunAttempts.has(`${job.id}/${job.attempt}/${job.started_at}`)) {
      releaseClaim(book, job, now);
      continue;
    }
    if (interrupted++ < maxNamed) interruptedJobs.push(job.id);
    const crashes = job.crashes + 1;
    recordAttempt(book, job, { endedAt: now }, 'interrupted', null, byCrash);
    const cut = { crashes, started_at: null } as const;
    const delayMs = crashDelayMs(crashes, random);
    if (isAbandoned(job)) cancelActive(book, job, now, cut);
    else if (crashes >= crashBound) deadLetter(book, job, { error: crashLoop, endedAt: now, ...cut });
    // A job that continues immediately keeps its place in the queue.
    else if (delayMs === 0) book.move(job, 'interrupt', cut);
    else book.move(job, 'retry', { ...cut, due_at: now + delayMs });
  }
  // A salvage may have lost the run that they waited for.
  for (const run of book.fact('runsWaitingForNone', 0)) if (run.concurrency_key !== null) openGates(book, { workflow: run.workflow, key: run.concurrency_key });
  return { interrupted, interruptedJobs, leftOpen };
}
