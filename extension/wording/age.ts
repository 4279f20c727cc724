import * as l10n from '@vscode/l10n';
import { formatShortDuration } from './amount.ts';

/** `3m ago`, `in 2h`, `just now`. `time` is ISO 8601, `nowMs` since the epoch. */
export function formatAge(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  if (Math.abs(ms) < 1000) return l10n.t('just now');
  return ms > 0 ? l10n.t('{0} ago', formatShortDuration(ms)) : l10n.t('in {0}', formatShortDuration(-ms));
}
