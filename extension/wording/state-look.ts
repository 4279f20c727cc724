import type { AttemptState, JobState, RunState, StepState } from '../../schemas/protocol/id.ts';
import { stateMessage, stateTitleMessage } from '../../schemas/wording/state.ts';
import { textOf } from './language.ts';

type State = JobState | StepState | RunState | AttemptState;

/** A state within a list: `dead`. */
export function stateText(state: State): string {
  return textOf(stateMessage(state));
}

/** The same on its own: `Dead`. */
export function stateTitle(state: State): string {
  return textOf(stateTitleMessage(state));
}

/** An icon whose shape tells a state apart without its colour. */
export interface StateLook {
  /** Name of a codicon. */
  readonly icon: string;
  /** Id of a theme colour. */
  readonly color?: string;
}

export function lookOfState(state: State): StateLook {
  switch (state) {
    case 'pending':
      return { icon: 'circle-outline' };
    case 'waiting':
      return { icon: 'circle-outline' };
    case 'delayed':
      return { icon: 'clock', color: 'charts.yellow' };
    case 'throttled':
      return { icon: 'clock', color: 'charts.yellow' };
    case 'active':
      return { icon: 'play-circle', color: 'charts.blue' };
    case 'running':
      return { icon: 'play-circle', color: 'charts.blue' };
    case 'succeeded':
      return { icon: 'pass', color: 'testing.iconPassed' };
    case 'dead':
      return { icon: 'error', color: 'testing.iconFailed' };
    case 'failed':
      return { icon: 'error', color: 'testing.iconFailed' };
    case 'interrupted':
      return { icon: 'debug-disconnect', color: 'charts.yellow' };
    case 'cancelled':
      return { icon: 'circle-slash', color: 'disabledForeground' };
    case 'discarded':
      return { icon: 'trash', color: 'disabledForeground' };
    case 'skipped':
      return { icon: 'debug-step-over', color: 'disabledForeground' };
  }
}
