import * as l10n from '@vscode/l10n';
import { formatNumber } from '../wording/amount.ts';
import type { Tally } from './dead-selection.ts';

/** What came of it, exactly. */
export function tallyText(what: 'replayed' | 'discarded', { total, done, skipped, isCancelled, fault }: Tally): string {
  const counts = [formatNumber(done), formatNumber(total)] as const;
  const head = what === 'replayed' ? l10n.t('Replayed {0} of {1} dead letters.', ...counts) : l10n.t('Discarded {0} of {1} dead letters.', ...counts);
  const parts = [head];
  if (skipped > 0) parts.push(l10n.t('{0} were no dead letters any more.', formatNumber(skipped)));
  if (isCancelled) parts.push(l10n.t('It was cancelled; the others are as they were.'));
  if (fault !== undefined) parts.push(l10n.t('It ended early, and the others are as they were: {0}', fault));
  return parts.join(' ');
}
