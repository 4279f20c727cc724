import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { message } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { deadGroupOf } from '../core/failure-group.ts';
import type { Book } from './book.ts';
import { connectionIn } from './connection-limits.ts';
import { isCancelling } from './cancelling.ts';
import { refusalsToReplay } from './child-replays.ts';
import type { RecallParams, ReplayParams, ReplayResult } from './dead-letter-call.ts';
import { nextRevision, revise } from './drafting.ts';
import type { JobRow, LedgerJob } from './row.ts';
import { endDueWaits, isWaitForTime } from './waiting.ts';

/**
 * A dead letter goes back to its own queue, for a new round of attempts; what has been tried so far stays as it is. A draft goes along as a new
 * revision, unless the originals are asked for: then it stays a draft. A payload that is handed in takes its place. All of them or none: a job
 * that isn't dead is an error before anything moves.
 */
export function replay(book: Book, params: ReplayParams): ReplayResult {
  const jobs = deadJobs(book, params.jobIds);
  for (const kind of ['cascade', 'stepInfo'] as const) book.need(kind, jobs.map(({ step_id }) => step_id));
  for (const { id, step_id } of jobs) {
    if (!isCancelling(book.fact('cascade', step_id))) continue;
    throw new CodedError('wrong-state', message("The other jobs of {job}'s step are being cancelled just now; replay it when that is done.", { job: formatJobId(id) }));
  }
  for (const refusal of refusalsToReplay(book, jobs).values()) throw new CodedError('wrong-state', refusal);
  if (params.payload !== undefined && jobs.length !== 1) {
    throw new CodedError('invalid-params', message('An edited payload is for one job; name just that one.'));
  }
  if (params.originals !== true) needEdits(book, jobs, params.payload !== undefined);
  const dueAts = new Map(params.dueAts === undefined ? [] : params.jobIds.map((jobId, index) => [jobId, params.dueAts?.[index]]));
  let edited = 0;
  for (const job of jobs) {
    const edit = params.originals === true ? undefined : sendEdit(book, job, params);
    if (edit !== undefined) edited++;
    const dueAt = Math.ceil(dueAts.get(job.id) ?? params.now);
    book.move(job, dueAt > params.now ? 'replay_later' : 'replay', {
      due_at: dueAt,
      pace: params.pace ?? null,
      round: job.round + 1,
      tries: 0,
      throttles: 0,
      crashes: 0,
      started_at: null,
      ended_at: null,
      ...edit,
    });
    book.effects.touchRun(book.runOf(job.step_id));
  }
  return { replayed: jobs.map(({ id }) => id), edited };
}

function needEdits(book: Book, jobs: readonly LedgerJob[], isEdited: boolean): void {
  book.need('draft', jobs.map(({ id }) => id));
  book.need('payload', jobs.filter(({ id }) => isEdited || book.fact('draft', id) !== undefined).map(({ id }) => id));
}

/** What the job's row takes of its edit; undefined if it has none. */
function sendEdit(book: Book, job: LedgerJob, { payload, now }: ReplayParams): Partial<JobRow> | undefined {
  const draft = book.fact('draft', job.id);
  if (draft !== undefined) book.write({ kind: 'delete_draft', jobId: job.id });
  if (payload !== undefined) return revise(book, job, { revision: nextRevision(job), payload, now });
  return draft === undefined ? undefined : revise(book, job, { revision: draft.revision, payload: draft.payload, now: draft.saved_at });
}

/**
 * Replayed jobs that no attempt of the new round has reached are dead letters again, as they were before: with their last error, and an edit that
 * went along is a draft again. With `tried`, those that wait for another attempt are dead letters too, with the error of this round's last one. All of
 * them or none: a job that isn't like that is an error before anything moves.
 */
export function recall(book: Book, { jobIds, now, tried = false }: RecallParams): { readonly recalled: readonly number[] } {
  const jobs = eachOnce(book, jobIds);
  for (const kind of ['attempts', 'revisions', 'payload'] as const) book.need(kind, jobs.map(({ id }) => id));
  book.need('stepInfo', jobs.map(({ step_id }) => step_id));
  const again = new Set(jobs.filter((job) => refuseUnlessWaiting(book, job, tried)).map(({ id }) => id));
  book.need('lastFailure', [...again]);
  for (const job of jobs) {
    const attempts = book.fact('attempts', job.id);
    const died = again.has(job.id) ? diedAgain(book, job) : { round: job.round - 1 };
    const edit = attempts.some(({ revision }) => revision === job.revision) ? {} : unrevise(book, job);
    book.move(job, 'recall', { pace: null, ended_at: attempts.at(-1)?.ended_at ?? now, ...died, ...edit });
    book.effects.touchRun(book.runOf(job.step_id));
  }
  return { recalled: jobs.map(({ id }) => id) };
}

/** Answers whether it was attempted since it was replayed. */
function refuseUnlessWaiting(book: Book, job: LedgerJob, acceptsTried: boolean): boolean {
  const tried = book.fact('attempts', job.id).some(({ round }) => round === job.round);
  if ((job.state === 'pending' || job.state === 'delayed') && job.round > 1 && (acceptsTried || !tried)) return tried;
  const id = formatJobId(job.id);
  throw new CodedError(
    'wrong-state',
    job.state === 'waiting'
      ? message("The job {job} can't be taken back: it is waiting for something. Cancel it instead.", { job: id })
      : tried
        ? message("The job {job} can't be taken back: it was attempted since it was replayed.", { job: id })
        : message("The job {job} can't be taken back: it is {state}.", { job: id, state: stateMessage(job.state) }),
  );
}

/** What the row of a job that died says of the last attempt that failed. */
function diedAgain(book: Book, { id, step_id }: LedgerJob): Partial<JobRow> {
  const { error = null, response = null } = book.fact('lastFailure', id) ?? {};
  return error === null ? {} : { error, failure_group: deadGroupOf(book.fact('stepInfo', step_id).uses, JSON.parse(error) as JobError, response) };
}

/** An edit that no attempt has used is a draft again, beside the payload that it was made from. */
function unrevise(book: Book, job: LedgerJob): Partial<JobRow> {
  const before = book.fact('revisions', job.id).at(-1);
  if (before === undefined) return {};
  const edited = book.fact('payload', job.id);
  book.insert('payload_drafts', { job_id: job.id, revision: job.revision, saved_at: edited.created_at, payload: edited.payload }, 'replace');
  book.write({ kind: 'patch', table: 'payloads', id: job.id, values: { payload: before.payload, secrets: before.secrets, created_at: before.created_at } });
  book.write({ kind: 'delete_revision', jobId: job.id, revision: before.revision });
  return { revision: before.revision, connection: connectionIn(book.fact('stepInfo', job.step_id).uses, JSON.parse(before.payload)) };
}

/** Delayed jobs are due now, and those that wait for a time go on. All of them or none: a job that isn't like that is an error before anything moves. */
export function retry(book: Book, { jobIds, now }: { readonly jobIds: readonly number[]; readonly now: number }): { readonly retried: readonly number[] } {
  const jobs = eachOnce(book, jobIds);
  for (const job of jobs) refuseUnlessDelayed(book, job);
  book.need('stepInfo', jobs.map(({ step_id }) => step_id));
  endDueWaits(book, jobs.filter(({ state }) => state === 'waiting'), now);
  for (const job of jobs) {
    if (job.state === 'delayed') book.move(job, 'due', { due_at: now, pace: null });
    book.effects.touchRun(book.runOf(job.step_id));
  }
  return { retried: jobs.map(({ id }) => id) };
}

function refuseUnlessDelayed(book: Book, job: LedgerJob): void {
  const { id, state } = job;
  switch (state) {
    case 'waiting': {
      if (isWaitForTime(book, job)) return;
      const { run_id: runId = 0, name, child_id: childId = null } = book.wait(id) ?? {};
      throw new CodedError(
        'wrong-state',
        childId === null
          ? message('The job {job} waits for an answer: `{command}`.', { job: formatJobId(id), command: `sluice signal ${formatRunId(runId)} ${name ?? ''}` })
          : message('The job {job} waits for the run {run}.', { job: formatJobId(id), run: formatRunId(childId) }),
      );
    }
    case 'delayed':
      return;
    case 'pending':
      throw new CodedError('wrong-state', message('The job {job} is due already; it waits for its turn.', { job: formatJobId(id) }));
    case 'active':
      throw new CodedError('wrong-state', message('An attempt of the job {job} is under way.', { job: formatJobId(id) }));
    case 'dead':
      throw new CodedError('wrong-state', message('The job {job} is a dead letter, which will not be tried again by itself: replay it.', { job: formatJobId(id) }));
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      throw new CodedError('wrong-state', message('The job {job} has ended ({state}), so there is nothing to retry.', { job: formatJobId(id), state: stateMessage(state) }));
  }
}

/**
 * Dead letters that nobody wants, each with the reason that was given. They stay to be looked at until their run is deleted, and their step
 * stays failed.
 */
export function discard(
  book: Book,
  { jobIds, now, reason }: { readonly jobIds: readonly number[]; readonly now: number; readonly reason?: string },
): { readonly discarded: readonly number[] } {
  const jobs = deadJobs(book, jobIds);
  book.need('stepInfo', jobs.map(({ step_id }) => step_id));
  for (const job of jobs) {
    book.move(job, 'discard', { ended_at: now, discard_reason: reason ?? null });
    book.effects.touchRun(book.runOf(job.step_id));
  }
  return { discarded: jobs.map(({ id }) => id) };
}

/**
 * Each once, however often it is named.
 *
 * @throws CodedError `not-found`
 */
function eachOnce(book: Book, jobIds: readonly number[]): LedgerJob[] {
  book.need('job', jobIds);
  return [...new Set(jobIds)].map((jobId) => {
    const job = book.job(jobId);
    if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: formatJobId(jobId) }));
    return job;
  });
}

/** @throws CodedError `not-found` or `wrong-state` */
function deadJobs(book: Book, jobIds: readonly number[]): LedgerJob[] {
  const jobs = eachOnce(book, jobIds);
  for (const job of jobs) refuseUnlessDead(job);
  return jobs;
}

function refuseUnlessDead({ id, state }: LedgerJob): void {
  if (state !== 'dead') throw new CodedError('wrong-state', message('The job {job} is not a dead letter; it is {state}.', { job: formatJobId(id), state: stateMessage(state) }));
}
