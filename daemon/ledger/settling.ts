import type { JobError } from '../../schemas/protocol/shape.ts';
import type { AttemptState } from '../../schemas/protocol/state.ts';
import type { Book } from './book.ts';
import type { AttemptOutcome, Settled, SettleParams } from './call.ts';
import { deadGroupOf } from './dead-group-of.ts';
import type { LedgerJob } from './row.ts';
import { notKnown, type Ask, type Snapshot } from './snapshot.ts';

/** Ends attempts. */
export function settle(book: Book, { outcomes }: { readonly outcomes: readonly SettleParams[] }): Settled {
  book.need('stepInfo', outcomes.filter(({ outcome }) => outcome.kind === 'dead').flatMap(({ jobId }) => book.job(jobId)?.step_id ?? []));
  const refused: number[] = [];
  for (const [index, outcome] of outcomes.entries()) if (!settleOne(book, outcome)) refused.push(index);
  return { refused, failed: [] };
}

/** The jobs that outcomes name. */
export function factsOfSettling({ outcomes }: { readonly outcomes: readonly SettleParams[] }, snapshot: Snapshot): Ask[] {
  return outcomes.filter(({ jobId }) => snapshot.find('job', jobId) === notKnown).map(({ jobId }) => ({ kind: 'job', key: jobId }));
}

/** False where the outcome is refused. */
function settleOne(book: Book, params: SettleParams): boolean {
  const job = book.job(params.jobId);
  if (job !== undefined && params.hold !== undefined) hold(book, job.queue_id, params.hold);
  // The fence: an attempt that was given up, or that a later one has followed, has no say any more.
  if (job === undefined || job.state !== 'active' || job.attempt !== params.attempt) return false;

  const { outcome, endedAt } = params;
  switch (outcome.kind) {
    case 'succeeded':
      recordAttempt(book, job, params, 'succeeded', outcome.output, undefined);
      clearCancelCause(book, job);
      book.move(job, 'succeed', { tries: job.tries + 1, ended_at: endedAt, ...(outcome.warning === undefined ? {} : { warning: outcome.warning }) });
      if (outcome.warning !== undefined) book.count(job.step_id, 'warnings', 1);
      break;
    case 'retry':
      recordAttempt(book, job, params, outcome.charged ? 'failed' : 'throttled', null, outcome.error);
      if (isGivenUp(job)) {
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
      bury(book, job, { error: outcome.error, endedAt, response: params.response, ...progressOf(outcome) });
      break;
    case 'returned':
      putBack(book, job, endedAt);
      break;
    case 'interrupted':
      recordAttempt(book, job, params, 'interrupted', null, undefined);
      if (isGivenUp(job)) cancelActive(book, job, endedAt);
      else book.move(job, 'interrupt', { started_at: null });
      break;
    case 'cancelled':
      recordAttempt(book, job, params, 'cancelled', null, undefined);
      cancelActive(book, job, endedAt);
      break;
  }
  return true;
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
export function putBack(book: Book, job: LedgerJob, now: number): void {
  if (isGivenUp(job)) cancelActive(book, job, now);
  else book.move(job, 'interrupt', { attempt: job.attempt - 1, started_at: null });
}

/** Its attempt was left to end, but no other may follow: it, or its step, has been cancelled meanwhile. */
export function isGivenUp(job: LedgerJob): boolean {
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

export function bury(book: Book, job: LedgerJob, { error, endedAt, response, ...more }: Death): void {
  const group = deadGroupOf(book.fact('stepInfo', job.step_id).uses, error, response);
  clearCancelCause(book, job);
  book.move(job, 'die', { tries: job.tries + 1, ended_at: endedAt, error: JSON.stringify(error), failure_group: group, ...more });
}

export function cancelActive(book: Book, job: LedgerJob, endedAt: number, more: { readonly progress?: string; readonly crashes?: number; readonly started_at?: null } = {}): void {
  book.move(job, 'cancel', { ended_at: endedAt, ...more });
}

/** It ends otherwise than by being cancelled. */
function clearCancelCause(book: Book, job: LedgerJob): void {
  if (job.cancel_cause !== null) book.moveCancelCause(job, 'clear');
}

/** What an attempt was, for ever: later rounds and edits add rows, and change none. */
export function recordAttempt(
  book: Book,
  job: LedgerJob,
  { startedAt, endedAt, request, response }: Pick<SettleParams, 'startedAt' | 'endedAt' | 'request' | 'response'>,
  state: AttemptState,
  output: string | Uint8Array | null,
  error: JobError | undefined,
): void {
  book.insert('attempts', {
    job_id: job.id,
    number: job.attempt,
    round: job.round,
    revision: job.revision,
    state,
    started_at: startedAt ?? job.started_at ?? endedAt,
    ended_at: endedAt,
    output: typeof output === 'string' ? output : null,
    error: error === undefined ? null : JSON.stringify(error),
    request: request ?? null,
    response: response ?? null,
  });
  if (output instanceof Uint8Array) book.write({ kind: 'set_output', jobId: job.id, attempt: job.attempt, output });
}
