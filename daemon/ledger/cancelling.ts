import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import type { Book } from './book.ts';
import type { Cascade, LedgerJob } from './row.ts';

export function cancelJob(book: Book, { jobId, now }: { readonly jobId: number; readonly now: number }): { readonly active: boolean } {
  const job = book.job(jobId);
  if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: formatJobId(jobId) }));
  switch (job.state) {
    case 'pending':
    case 'delayed':
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
  const open = steps.filter(({ state }) => state === 'waiting' || state === 'running' || state === 'failed');
  const started = open.filter(({ state }) => state !== 'waiting');
  book.need('activeJobs', started.map(({ id }) => id));
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
  book.effects.touchRun(runId);
  return { active };
}

/**
 * Cancels or reopens the next jobs of the steps that have a cascade: a step of a million jobs is cancelled in many transactions, and other work
 * continues between them.
 */
export function cascade(book: Book, { now, limit }: { readonly now: number; readonly limit: number }): { readonly more: boolean } {
  const chunks = book.fact('cascading', 0, { limit });
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

/** Cancels a job that waits, as the cascade of its step says, or as a person does. */
export function cancelWaiting(book: Book, job: LedgerJob, kind: CancellingCascade, now: number): void {
  book.moveCancelCause(job, kind === 'failing' ? 'sibling_died' : 'request');
  book.move(job, 'cancel', { ended_at: now });
}
