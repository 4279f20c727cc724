import type { AttemptState, JobState, RunState, StepState } from '../../../schemas/protocol/state.ts';
import type { Format } from '../terminal.ts';

/** The colour of a state's word. */
export function formatOfState(state: JobState | StepState | RunState | AttemptState): Format | undefined {
  switch (state) {
    case 'succeeded':
      return 'green';
    case 'failed':
    case 'dead':
      return 'red';
    case 'active':
    case 'running':
      return 'cyan';
    case 'delayed':
    case 'throttled':
    case 'interrupted':
      return 'yellow';
    case 'pending':
    case 'waiting':
      return undefined;
    case 'cancelled':
    case 'discarded':
    case 'skipped':
      return 'dim';
  }
}
