import type { Book } from './book.ts';
import type { PruneParams } from './call.ts';
import type { LedgerJob, RunRow, StepRow } from './row.ts';
import type { RunFacts } from './snapshot.ts';
import { isRunEnded, isStepEnded } from '../../schemas/protocol/id.ts';
import { openJobs } from '../core/step-outcome.ts';
import { tallyOf } from './advance-facts.ts';

/** Deletes up to `limit` rows of ended runs, and discards dead letters that are past their time. */
export function prune(book: Book, params: PruneParams): { readonly more: boolean } {
  const dead = deadPastTheirTime(book, params);
  const left = params.limit - dead.length;
  const runs = left <= 0 ? [] : book.fact('endedBefore', params.runsBefore, { limit: left }).filter(isFinished).map(finishedRun);
  const parts = withinLimit(runs, left);
  for (const { run, jobs } of parts) book.ask('jobsOfRun', run.id, { limit: jobs });
  book.throwIfMissing();

  for (const job of dead) book.move(job, 'discard', { ended_at: params.now });
  for (const { run, jobs, isWhole } of parts) {
    for (const job of jobs === 0 ? [] : book.fact('jobsOfRun', run.id, { limit: jobs })) deleteJob(book, job);
    if (isWhole) book.write({ kind: 'delete_run', runId: run.id, version: run.version });
  }
  // What has just been discarded is counted when this is written; the next call can delete its run.
  return { more: dead.length > 0 || parts.filter(({ isWhole }) => isWhole).length < runs.length };
}

interface FinishedRun extends Pick<RunRow, 'id' | 'version'> {
  readonly jobs: number;
}

function finishedRun({ run: { id, version }, steps }: RunFacts): FinishedRun {
  return { id, version, jobs: steps.reduce((sum, { total }) => sum + total, 0) };
}

interface Part {
  readonly run: FinishedRun;
  /** So many of its jobs. */
  readonly jobs: number;
  /** With those, all of it goes. */
  readonly isWhole: boolean;
}

/** The first of the runs, the last of them perhaps in part: a run counts as one row, besides those of its jobs. */
function withinLimit(runs: readonly FinishedRun[], limit: number): readonly Part[] {
  const parts: Part[] = [];
  let left = limit;
  for (const run of runs) {
    if (left <= 0) break;
    const jobs = Math.min(run.jobs, left);
    left -= jobs;
    parts.push({ run, jobs, isWhole: left > 0 });
    left--;
  }
  return parts;
}

function deadPastTheirTime(book: Book, { deadLetters, limit }: PruneParams): readonly LedgerJob[] {
  const dead: LedgerJob[] = [];
  for (const { queue, before } of deadLetters) {
    const queueId = book.fact('knownQueue', queue);
    if (queueId === undefined || dead.length >= limit) continue;
    dead.push(...book.fact('deadBefore', JSON.stringify([queueId, before]), { limit: limit - dead.length }));
  }
  return dead;
}

/** The counts of its step follow, so that a run that is half deleted is still counted right. No step moves by it. */
function deleteJob(book: Book, job: LedgerJob): void {
  book.write({ kind: 'delete_job', jobId: job.id });
  book.effects.deleteJob(job);
}

/** How many jobs of a step there are in the store, of all states and in those that are counted. */
export type JobCounts = Pick<StepRow, 'total' | 'succeeded' | 'dead' | 'cancelled' | 'discarded'>;

/** Nothing of the run waits, is under way, or can be replayed: it may be deleted when its time is over. */
export function isFinished({ run, steps }: RunFacts): boolean {
  if (!isRunEnded(run.state) || run.on_failure_state === 'running') return false;
  return steps.every((step) => isStepEnded(step.state) && step.cascade === null && step.dead === 0 && openJobs(tallyOf(step)) === 0);
}

/** The run, or its `on-failure` steps, run, and there is nothing that will move it: no job, no fan-out and no cascade. That is a bug. */
export function isStuck({ run, steps }: RunFacts): boolean {
  if (run.state !== 'running' && run.on_failure_state !== 'running') return false;
  // Others with its key will let it begin.
  if (run.gate !== null) return false;
  return !steps.some((step) => step.state === 'running' && (step.expanded === 0 || step.cascade !== null || openJobs(tallyOf(step)) > 0));
}

/** The counts of a step differ from the jobs that it has. That is a bug. */
export function isMiscounted(step: JobCounts, jobs: JobCounts): boolean {
  return (['total', 'succeeded', 'dead', 'cancelled', 'discarded'] as const).some((count) => step[count] !== jobs[count]);
}
