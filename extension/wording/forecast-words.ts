import * as l10n from '@vscode/l10n';
import type { Forecast } from '../../schemas/protocol/queue.ts';
import { formatDuration, formatShortDuration } from '../../schemas/wording/amount.ts';
import { formatDue, formatNumber } from './language.ts';

/** For a row: `clear in 2h`, `growing`; undefined where there is nothing to tell, or the row tells it already. */
export function forecastPart({ state, drainMs, reason }: Forecast): string | undefined {
  switch (state) {
    case 'draining':
      // What is clear within seconds is no news, and would make the row change all the time.
      return drainMs === undefined || drainMs < 60_000 ? undefined : l10n.t('clear in {0}', formatShortDuration(drainMs));
    case 'growing':
      return l10n.t('growing');
    case 'stalled':
      return reason === 'paused' || reason === 'held' || reason === 'not-due' ? undefined : l10n.t('stalled');
    case 'idle':
    case 'steady':
    case 'unknown':
      return undefined;
  }
}

/** Whether a queue will clear on its own, in a few words. */
export function forecastText({ state, drainMs, growthPerMinute }: Forecast): string {
  switch (state) {
    case 'idle':
      return l10n.t('clear');
    case 'draining':
      return drainMs === undefined ? l10n.t('draining') : l10n.t('clear in {0}', formatDuration(drainMs));
    case 'steady':
      return l10n.t('steady');
    case 'growing':
      return growthPerMinute === undefined ? l10n.t('growing') : l10n.t('growing by {0}/min', formatNumber(Math.round(growthPerMinute * 10) / 10));
    case 'stalled':
      return l10n.t('stalled');
    case 'unknown':
      return l10n.t('unknown');
  }
}

/** What it follows from. */
export function forecastDetail({ state, limitedBy, reason, until }: Forecast, nowMs: number): string {
  switch (state) {
    case 'idle':
      return l10n.t('nothing waits');
    case 'draining':
      if (limitedBy === 'rate') return l10n.t('as fast as the rate allows');
      return limitedBy === 'concurrency' ? l10n.t('as fast as the concurrency allows') : l10n.t('at the present pace');
    case 'steady':
      return l10n.t('as much arrives as is done');
    case 'growing':
      return l10n.t('more arrives than is done');
    case 'stalled': {
      const why = reason === undefined ? l10n.t('nothing moves') : stallText(reason);
      return until === undefined ? why : l10n.t('{0}; goes on {1}', why, formatDue(until, nowMs));
    }
    case 'unknown':
      return l10n.t('too little was done yet');
  }
}

function stallText(reason: NonNullable<Forecast['reason']>): string {
  switch (reason) {
    case 'paused':
      return l10n.t('paused');
    case 'held':
      return l10n.t('held back');
    case 'store':
      return l10n.t('the store takes nothing');
    case 'not-due':
      return l10n.t('all is due later');
    case 'nothing-completes':
      return l10n.t('nothing ends well');
  }
}
