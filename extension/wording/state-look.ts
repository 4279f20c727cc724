import * as l10n from '@vscode/l10n';
import type { AttemptState, JobState, RunState, StepState } from '../../schemas/protocol/state.ts';

/** How a state is shown: its word, and an icon whose shape tells it apart without its colour. */
export interface StateLook {
  readonly word: string;
  /** Name of a codicon. */
  readonly icon: string;
  /** Id of a theme colour. */
  readonly color?: string;
}

export function lookOfState(state: JobState | StepState | RunState | AttemptState): StateLook {
  switch (state) {
    case 'pending':
      return { word: l10n.t('Pending'), icon: 'circle-outline' };
    case 'waiting':
      return { word: l10n.t('Waiting'), icon: 'circle-outline' };
    case 'delayed':
      return { word: l10n.t('Delayed'), icon: 'clock', color: 'charts.yellow' };
    case 'throttled':
      return { word: l10n.t('Throttled'), icon: 'clock', color: 'charts.yellow' };
    case 'active':
      return { word: l10n.t('Active'), icon: 'play-circle', color: 'charts.blue' };
    case 'running':
      return { word: l10n.t('Running'), icon: 'play-circle', color: 'charts.blue' };
    case 'succeeded':
      return { word: l10n.t('Succeeded'), icon: 'pass', color: 'testing.iconPassed' };
    case 'dead':
      return { word: l10n.t('Dead'), icon: 'error', color: 'testing.iconFailed' };
    case 'failed':
      return { word: l10n.t('Failed'), icon: 'error', color: 'testing.iconFailed' };
    case 'interrupted':
      return { word: l10n.t('Interrupted'), icon: 'debug-disconnect', color: 'charts.yellow' };
    case 'cancelled':
      return { word: l10n.t('Cancelled'), icon: 'circle-slash', color: 'disabledForeground' };
    case 'discarded':
      return { word: l10n.t('Discarded'), icon: 'trash', color: 'disabledForeground' };
    case 'skipped':
      return { word: l10n.t('Skipped'), icon: 'debug-step-over', color: 'disabledForeground' };
  }
}
