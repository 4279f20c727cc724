import { isRunEnded, isStepEnded } from '../../schemas/protocol/id.ts';
import { openJobs } from '../core/step-outcome.ts';
import { tallyOf } from './advance-facts.ts';
import type { StepRow } from './row.ts';
import type { RunFacts } from './snapshot.ts';

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
