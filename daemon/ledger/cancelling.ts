import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import { english } from '../../schemas/wording/language.ts';
import type { Book } from './book.ts';
import type { LedgerJob, Sweep } from './row.ts';

export function cancelJob(book: Book, { jobId, now }: { readonly jobId: number; readonly now: number }): { readonly active: boolean } {
  const job = book.job(jobId);
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  switch (job.state) {
    case 'pending':
    case 'delayed':
      book.move(job, 'cancel', { ended_at: now });
      return { active: false };
    case 'active':
      book.patchJob(job, { cancel_requested: 1 });
      return { active: true };
    case 'dead':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} is a dead letter: replay it, or discard it.`);
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      throw new CodedError('wrong-state', `The job ${formatJobId(jobId)} has ended already (${job.state}).`);
  }
}

/** From here on no job of the run starts; those that wait are cancelled bit by bit, and those under way are named. */
export function cancelRun(book: Book, { runId }: { readonly runId: number }): { readonly active: readonly number[] } {
  const facts = book.fact('run', runId);
  if (facts === undefined) throw new CodedError('not-found', `There is no run ${formatRunId(runId)}.`);
  const { run, steps } = facts;
  if (run.state !== 'running' && run.closing === 0) {
    // Of a run that has ended only what was replayed is open.
    const open = steps.reduce((sum, { total, succeeded, dead, cancelled, discarded }) => sum + total - succeeded - dead - cancelled - discarded, 0);
    const ended = `The run ${formatRunId(runId)} has ended (${run.state})`;
    if (open === 0) throw new CodedError('wrong-state', `${ended}, so there is nothing to cancel.`);
    const replayed = english.say('{count, plural, =1 {One of its jobs was replayed and is open.} other {# of its jobs were replayed and are open.}}', { count: open });
    throw new CodedError(
      'wrong-state',
      `${ended} and can't be cancelled. ${replayed} To stop a replay, \`sluice bulk\` shows its id, and \`sluice bulk cancel ID --take-back\` makes every job that no attempt has reached a dead letter again.`,
      { open },
    );
  }
  const open = steps.filter(({ state }) => state === 'waiting' || state === 'running' || state === 'failed');
  const started = open.filter(({ state }) => state !== 'waiting');
  book.need('activeJobs', started.map(({ id }) => id));
  book.patchRun(runId, { cancelling: 1 });
  for (const { id } of open) book.touchStep(id);
  const active: number[] = [];
  for (const { id } of started) {
    book.setSweep(id, 'cancel');
    book.endFanOut(id);
    for (const job of book.fact('activeJobs', id)) {
      book.patchJob(job, { cancel_requested: 1 });
      active.push(job.id);
    }
  }
  book.touchRun(runId);
  return { active };
}

/**
 * Goes on cancelling, or taking up again, the jobs of steps that are being closed or reopened: a step of a million jobs is cancelled in many
 * transactions, and other work goes on between them.
 */
export function sweep(book: Book, { now, limit }: { readonly now: number; readonly limit: number }): { readonly more: boolean } {
  const chunks = book.fact('sweeping', 0, { limit });
  for (const { stepId, kind, jobs, last } of chunks) {
    for (const job of jobs) {
      if (kind === 'reopen') book.move(job, 'reopen', { due_at: now, ended_at: null, swept: 0 });
      else cancelSwept(book, job, kind, now);
    }
    if (!last) continue;
    book.setSweep(stepId, undefined);
    book.touchStep(stepId);
  }
  return { more: chunks.some(({ last }) => !last) };
}

export function isCancelling(sweep: Sweep | undefined): sweep is 'cancel' | 'fail' {
  return sweep === 'cancel' || sweep === 'fail';
}

/** Its step is being cancelled, and it waits. */
export function cancelSwept(book: Book, job: LedgerJob, kind: 'cancel' | 'fail', now: number): void {
  book.move(job, 'cancel', { ended_at: now, swept: kind === 'fail' ? 1 : 0 });
}
