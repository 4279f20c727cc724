import * as l10n from '@vscode/l10n';
import { formatShortDuration } from './amount.ts';

const minuteMs = 60_000;

/**
 * `3m ago`, `just now`, of what has happened. `time` is ISO 8601, `nowMs` since the epoch. Nothing under a minute is told: seconds would be wrong as
 * soon as they are read, and differ between places that were not drawn in the same moment.
 *
 * The shown clock is up to half a minute behind, so that what has just happened is in its future.
 */
export function formatAge(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  if (ms >= minuteMs) return l10n.t('{0} ago', formatShortDuration(ms));
  return ms <= -minuteMs ? l10n.t('in {0}', formatShortDuration(-ms)) : l10n.t('just now');
}

/** `in 2h`, `within a minute`, of what is to come; what is due already is told as an age. Units as in `formatAge`. */
export function formatDue(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  return ms < 0 && ms > -minuteMs ? l10n.t('within a minute') : formatAge(time, nowMs);
}

/** How a time is told: as what has happened, or, if `isDue`, as what is to come. */
export type TellTime = (time: string, isDue?: boolean) => string;

/** Tells times as ages, as of `nowMs`. */
export function ageAt(nowMs: number): TellTime {
  return (time, isDue = false) => (isDue ? formatDue(time, nowMs) : formatAge(time, nowMs));
}
