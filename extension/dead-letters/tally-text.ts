import * as l10n from '@vscode/l10n';
import { formatNumber } from '../wording/amount.ts';
import type { Tally } from './dead-selection.ts';

export type TalliedAction = 'replayed' | 'discarded' | 'exported';

/** What came of it, exactly. */
export function tallyText(what: TalliedAction, { total, done, skipped, isCancelled, fault }: Tally): string {
  const parts = [headOf(what, formatNumber(done), formatNumber(total))];
  if (skipped > 0) parts.push(l10n.t('{0} were no dead letters any more.', formatNumber(skipped)));
  if (isCancelled) parts.push(l10n.t('It was cancelled; the others are as they were.'));
  if (fault !== undefined) parts.push(l10n.t('It ended early, and the others are as they were: {0}', fault));
  return parts.join(' ');
}

function headOf(what: TalliedAction, done: string, total: string): string {
  switch (what) {
    case 'replayed':
      return l10n.t('Replayed {0} of {1} dead letters.', done, total);
    case 'discarded':
      return l10n.t('Discarded {0} of {1} dead letters.', done, total);
    case 'exported':
      return l10n.t('Exported {0} of {1} dead letters.', done, total);
  }
}
