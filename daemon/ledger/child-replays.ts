import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import { openJobs } from '../core/step-outcome.ts';
import { tallyOf } from './advance-facts.ts';
import type { Book } from './book.ts';
import type { LedgerJob } from './row.ts';
import { failedChildren } from './waiting.ts';

/**
 * A run that fails leaves dead letters of its own, and one of the job that waited for it. To replay within the run goes on with it, and with the job when it succeeds; to replay
 * the job starts another run, which does all of the work. Whatever has begun, the other is not done as well: each effect would be sent twice, with two idempotency keys.
 */
export function refusalsToReplay(book: Book, jobs: readonly LedgerJob[]): ReadonlyMap<number, Message> {
  const starters = startersOf(book, new Set(jobs.map(({ step_id }) => book.runOf(step_id))));
  const children = failedChildren(book, jobs);
  book.need('openBelow', [...children.values()]);
  const named = namedWithin(book, jobs, starters);
  return new Map(jobs.flatMap((job) => {
    const refusal = refusalWithin(book, job, starters) ?? refusalOfStarter(book, job, { child: children.get(job.id), within: named.get(job.id) });
    return refusal === undefined ? [] : [[job.id, refusal] as const];
  }));
}

/** The job that started each of the runs, and of those above them. */
function startersOf(book: Book, runIds: ReadonlySet<number>): ReadonlyMap<number, LedgerJob> {
  const starters = new Map<number, LedgerJob>();
  for (let level = runIds; level.size > 0; ) {
    book.need('run', [...level]);
    const parents = [...level].flatMap((id) => {
      const parent = book.fact('run', id)?.run.parent_job ?? undefined;
      return parent === undefined ? [] : [{ id, parent }];
    });
    book.need('job', parents.map(({ parent }) => parent));
    const found = parents.flatMap(({ id, parent }) => {
      const job = book.job(parent);
      return job === undefined ? [] : [{ id, job }];
    });
    book.need('wait', found.map(({ job }) => job.id));
    book.need('stepInfo', found.map(({ job }) => job.step_id));
    for (const { id, job } of found) starters.set(id, job);
    level = new Set(found.map(({ job }) => book.runOf(job.step_id)));
  }
  return starters;
}

/** By the numbers of jobs that are to be replayed: the run below it of which another one is to be replayed too. */
function namedWithin(book: Book, jobs: readonly LedgerJob[], starters: ReadonlyMap<number, LedgerJob>): ReadonlyMap<number, number> {
  const within = new Map<number, number>();
  for (const { step_id } of starters.size === 0 ? [] : jobs) {
    for (let runId = book.runOf(step_id), starter = starters.get(runId); starter !== undefined; starter = starters.get(runId)) {
      if (book.wait(starter.id)?.child_id === runId) within.set(starter.id, runId);
      runId = book.runOf(starter.step_id);
    }
  }
  return within;
}

/** Of a job in a run whose work another run does, or is about to do. */
function refusalWithin(book: Book, { id, step_id }: LedgerJob, starters: ReadonlyMap<number, LedgerJob>): Message | undefined {
  const job = formatJobId(id);
  for (let runId = book.runOf(step_id), starter = starters.get(runId); starter !== undefined; starter = starters.get(runId)) {
    const run = formatRunId(runId);
    const last = book.wait(starter.id)?.child_id ?? undefined;
    if (last !== undefined && last > runId) {
      return message('The run {newer} was started in place of {run}, to which {job} belongs: a replay would do its work twice. Discard it.', { job, run, newer: formatRunId(last) });
    }
    if (last === runId && (starter.state === 'pending' || starter.state === 'delayed' || starter.state === 'active')) {
      return message('The job {starter} was replayed, and starts another run in place of {run}, to which {job} belongs: a replay would do its work twice.', { job, run, starter: formatJobId(starter.id) });
    }
    if (last === runId && mayBeTakenUpAgain(book, starter)) {
      return message('The job {starter}, which waited for {run}, was cancelled because another job of its step failed. When that one is replayed and succeeds, {starter} starts another run in place of {run}, to which {job} belongs: a replay would do its work twice.', { job, run, starter: formatJobId(starter.id) });
    }
    runId = book.runOf(starter.step_id);
  }
  return undefined;
}

/** Whether a job that was cancelled since another one of its step failed is made again when that one has succeeded. */
function mayBeTakenUpAgain(book: Book, { state, cancel_cause: cause, step_id: stepId }: LedgerJob): boolean {
  if (state !== 'cancelled' || cause !== 'sibling') return false;
  const step = book.fact('run', book.runOf(stepId))?.steps.find(({ id }) => id === stepId);
  return step !== undefined && (step.dead > 0 || step.cascade !== null || openJobs(tallyOf(step)) > 0);
}

/** Of a job with whose run somebody goes on. */
function refusalOfStarter(book: Book, { id }: LedgerJob, { child, within }: { readonly child: number | undefined; readonly within: number | undefined }): Message | undefined {
  const run = within ?? (child !== undefined && book.fact('openBelow', child) ? child : undefined);
  if (run === undefined) return undefined;
  return message('The job {job} waited for the run {run}, and jobs of that are replayed: it continues by itself when the run succeeds. A replay would do their work twice; leave it out.', {
    job: formatJobId(id),
    run: formatRunId(run),
  });
}
