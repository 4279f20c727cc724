import * as l10n from '@vscode/l10n';
import type { AlertKind, QueueAlert } from '../../schemas/protocol/queue.ts';
import { formatDuration, formatNumber, formatShare } from './amount.ts';

/** What is the matter, in one or two words, for a row. */
export function alertName(kind: AlertKind): string {
  switch (kind) {
    case 'depth':
      return l10n.t('too many jobs');
    case 'oldest':
      return l10n.t('waits too long');
    case 'failure-rate':
      return l10n.t('many failures');
    case 'dead-letters':
      return l10n.t('dead letters');
    case 'filling':
      return l10n.t('filling');
  }
}

/** What was crossed, with its figures, as a sentence about the queue. */
export function alertSentence(queue: string, { kind, value, threshold }: QueueAlert): string {
  switch (kind) {
    case 'depth':
      return l10n.t('{0} has {1} jobs waiting; its threshold is {2}.', queue, formatNumber(value), formatNumber(threshold));
    case 'oldest':
      return l10n.t('The oldest job of {0} has been waiting for {1}; the threshold is {2}.', queue, formatDuration(value), formatDuration(threshold));
    case 'failure-rate':
      return l10n.t('{1} of the attempts of {0} fail; the threshold is {2}.', queue, formatShare(value), formatShare(threshold));
    case 'dead-letters':
      return l10n.t('Dead letters of {0}: {1}; the threshold is {2}.', queue, formatNumber(value), formatNumber(threshold));
    case 'filling':
      return l10n.t('{0} has been filling for {1}: more arrives than is done. The threshold is {2}.', queue, formatDuration(value), formatDuration(threshold));
  }
}
