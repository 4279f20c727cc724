import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { recordAttempt } from './attempt-record.ts';
import type { Book } from './book.ts';
import type { Cascade, LedgerJob } from './row.ts';
import type { RunFacts } from './snapshot.ts';

export function cancelJob(book: Book, { jobId, now }: { readonly jobId: number; readonly now: number }): { readonly active: boolean } {
  const job = book.job(jobId);
  if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: formatJobId(jobId) }));
  switch (job.state) {
    case 'pending':
    case 'delayed':
    case 'waiting':
      needForCancelling(book, [job]);
      cancelWaiting(book, job, 'cancelling', now);
      return { active: false };
    case 'active':
      book.moveCancelCause(job, 'request');
      return { active: true };
    case 'dead':
      throw new CodedError('wrong-state', message('The job {job} is a dead letter: replay it, or discard it.', { job: formatJobId(jobId) }));
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      throw new CodedError('wrong-state', message('The job {job} has ended already ({state}).', { job: formatJobId(jobId), state: stateMessage(job.state) }));
  }
}

/** From here on no job of the run starts; those that wait are cancelled in chunks, and those under way are named. */
export function cancelRun(book: Book, { runId }: { readonly runId: number }): { readonly active: readonly number[] } {
  const facts = book.fact('run', runId);
  if (facts === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: formatRunId(runId) }));
  const { run, steps } = facts;
  if (run.state !== 'running' && run.on_failure_state !== 'running') {
    // Of a run that has ended only what was replayed is open.
    const open = steps.reduce((sum, { total, succeeded, dead, cancelled, discarded }) => sum + total - succeeded - dead - cancelled - discarded, 0);
    const ended = { run: formatRunId(runId), state: stateMessage(run.state) };
    if (open === 0) throw new CodedError('wrong-state', message('The run {run} has ended ({state}), so there is nothing to cancel.', ended));
    throw new CodedError(
      'wrong-state',
      sentences(
        message("The run {run} has ended ({state}) and can't be cancelled.", ended),
        message('{count, plural, =1 {One of its jobs was replayed and is open.} other {# of its jobs were replayed and are open.}}', { count: open }),
        message('To stop the replay, take it back: those of them that wait are dead letters again.'),
      ),
      { open },
    );
  }
  needForRuns(book, [facts]);
  return { active: requestCancel(book, facts) };
}

/** What `requestCancel` needs to know of runs that are open, asked for together. */
function needForRuns(book: Book, runs: readonly RunFacts[]): void {
  book.need('activeJobs', runs.flatMap(({ steps }) => stepsToCancel(steps).filter(({ state }) => state !== 'waiting').map(({ id }) => id)));
}

function stepsToCancel(steps: RunFacts['steps']): RunFacts['steps'] {
  return steps.filter(({ state }) => state === 'waiting' || state === 'running' || state === 'failed');
}

/** Returns the jobs that are under way. */
function requestCancel(book: Book, { run, steps }: RunFacts): readonly number[] {
  const open = stepsToCancel(steps);
  const started = open.filter(({ state }) => state !== 'waiting');
  if (run.cancel_requested === 0) book.moveCancelRequest(run, 'request');
  for (const { id } of open) book.effects.touchStep(id);
  const active: number[] = [];
  for (const step of started) {
    if (step.cascade !== 'cancelling') book.moveCascade(step, 'cancel');
    book.effects.setFanOut(step.id, undefined);
    for (const job of book.fact('activeJobs', step.id)) {
      book.moveCancelCause(job, 'request');
      active.push(job.id);
    }
  }
  book.effects.touchRun(run.id);
  return active;
}

/** What cancelling these jobs, which wait, needs to know: the runs that some of them wait for are cancelled with them. */
export function needForCancelling(book: Book, jobs: readonly LedgerJob[]): void {
  const waiting = jobs.filter(({ state }) => state === 'waiting');
  if (waiting.length === 0) return;
  book.need('wait', waiting.map(({ id }) => id));
  const children = waiting.flatMap(({ id }) => book.wait(id)?.child_id ?? []);
  book.need('run', children);
  needForRuns(book, children.flatMap((id) => openRun(book, id) ?? []));
}

/** Undefined if it has ended. */
function openRun(book: Book, id: number): RunFacts | undefined {
  const facts = book.fact('run', id);
  return facts !== undefined && (facts.run.state === 'running' || facts.run.on_failure_state === 'running') ? facts : undefined;
}

/**
 * Cancels or reopens the next jobs of the steps that have a cascade: a step of a million jobs is cancelled in many transactions, and other work
 * continues between them.
 */
export function cascade(book: Book, { now, limit }: { readonly now: number; readonly limit: number }): { readonly more: boolean } {
  const chunks = book.fact('cascading', 0, { limit });
  needForCancelling(book, chunks.flatMap(({ jobs }) => jobs));
  for (const { stepId, kind, jobs, last } of chunks) {
    for (const job of jobs) {
      if (kind === 'reopening') {
        book.moveCancelCause(job, 'release');
        book.move(job, 'reopen', { due_at: now, ended_at: null });
      } else cancelWaiting(book, job, kind, now);
    }
    if (!last) continue;
    book.moveCascade({ id: stepId, cascade: kind }, 'end');
    book.effects.touchStep(stepId);
  }
  return { more: chunks.some(({ last }) => !last) };
}

/** A cascade that cancels the jobs that wait; the other kind reopens some. */
export type CancellingCascade = Exclude<Cascade, 'reopening'>;

export function isCancelling(cascade: Cascade | undefined): cascade is CancellingCascade {
  return cascade === 'cancelling' || cascade === 'failing';
}

/** Cancels a job that waits, as the cascade of its step says, or as a person does; with it the run that it waits for. */
export function cancelWaiting(book: Book, job: LedgerJob, kind: CancellingCascade, now: number): void {
  if (job.state === 'waiting') {
    recordAttempt(book, job, { endedAt: now }, 'cancelled', null, undefined);
    const childId = book.wait(job.id)?.child_id ?? undefined;
    const child = childId === undefined ? undefined : openRun(book, childId);
    if (child !== undefined) requestCancel(book, child);
  }
  book.moveCancelCause(job, kind === 'failing' ? 'sibling_died' : 'request');
  book.move(job, 'cancel', { ended_at: now });
}
