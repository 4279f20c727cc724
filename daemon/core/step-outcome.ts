import type { RunState, StepState } from '../../schemas/protocol/id.ts';
import type { Foreach, Tolerance } from '../../schemas/workflow/model.ts';

/** A step's jobs, counted. */
export interface StepTally {
  readonly total: number;
  readonly succeeded: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly discarded: number;
  /** Every item has become a job. */
  readonly expanded: boolean;
}

export type StepOutcome = 'open' | 'succeeded' | 'failed' | 'cancelled';

/** Jobs that haven't ended. */
export function openJobs({ total, succeeded, dead, cancelled, discarded }: StepTally): number {
  return total - succeeded - dead - cancelled - discarded;
}

/**
 * Where a started step stands by its jobs. A discarded dead letter still counts as died. Items that a person cancelled
 * neither fail the step nor hold it up; only a step with nothing but cancelled jobs counts as cancelled. Of pages, one is enough: none comes after it.
 */
export function stepOutcome(tally: StepTally, foreach: Pick<Foreach, 'onItemFailure' | 'tolerate'> | undefined, cancelling: boolean): StepOutcome {
  const died = tally.dead + tally.discarded;
  const ended = tally.expanded && openJobs(tally) === 0;
  if (cancelling) return openJobs(tally) === 0 ? 'cancelled' : 'open';
  if (foreach?.onItemFailure === 'fail' && died > (tolerated(foreach.tolerate, tally) ?? died)) return 'failed';
  if (!ended) return 'open';
  if (died > (foreach === undefined ? 0 : (tolerated(foreach.tolerate, tally) ?? 0))) return 'failed';
  const isCancelled = foreach === undefined ? tally.cancelled > 0 : tally.total > 0 && tally.cancelled === tally.total;
  return isCancelled ? 'cancelled' : 'succeeded';
}

/** How many may die; undefined while a share of all items can't be told yet. */
function tolerated(tolerance: Tolerance, { total, expanded }: StepTally): number | undefined {
  switch (tolerance.kind) {
    case 'count':
      return tolerance.count;
    case 'share':
      return expanded || tolerance.share === 0 ? Math.floor(total * tolerance.share + 1e-9) : undefined;
  }
}

/** How a run ends, once all its steps have. */
export function runOutcome(states: Iterable<StepState>): Exclude<RunState, 'running'> | 'open' {
  let outcome: 'succeeded' | 'failed' | 'cancelled' = 'succeeded';
  for (const state of states) {
    switch (state) {
      case 'waiting':
      case 'running':
        return 'open';
      case 'failed':
        outcome = 'failed';
        break;
      case 'cancelled':
        if (outcome === 'succeeded') outcome = 'cancelled';
        break;
      case 'succeeded':
      case 'skipped':
        break;
    }
  }
  return outcome;
}
