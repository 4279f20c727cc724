import * as l10n from '@vscode/l10n';
import { formatShortDuration } from './amount.ts';

const minuteMs = 60_000;

/**
 * `3m ago`, `in 2h`, `just now`. `time` is ISO 8601, `nowMs` since the epoch. Nothing under a minute is told: seconds would be wrong as soon as they
 * are read, and differ between places that were not drawn in the same moment.
 */
export function formatAge(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  if (ms >= minuteMs) return l10n.t('{0} ago', formatShortDuration(ms));
  if (ms <= -minuteMs) return l10n.t('in {0}', formatShortDuration(-ms));
  return ms >= 0 || ms > -1000 ? l10n.t('just now') : l10n.t('within a minute');
}

/** Tells times as ages, as of `nowMs`. */
export function ageAt(nowMs: number): (time: string) => string {
  return (time) => formatAge(time, nowMs);
}
