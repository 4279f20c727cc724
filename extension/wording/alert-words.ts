import * as l10n from '@vscode/l10n';
import type { AlertKind, AlertSeverity, QueueAlert } from '../../schemas/protocol/queue.ts';
import { formatDuration, formatShare } from '../../schemas/wording/amount.ts';
import { formatNumber, formatTimeOfDay, say } from './language.ts';

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

/** Those whose cause is still there. The others only wait to be over: nobody is needed for them. */
export function presentAlerts(alerts: readonly QueueAlert[]): readonly QueueAlert[] {
  return alerts.filter(({ endsAt }) => endsAt === undefined);
}

/** The worst severity whose cause is still there. */
export function presentSeverity(alerts: readonly QueueAlert[]): AlertSeverity | undefined {
  return presentAlerts(alerts)[0]?.severity;
}

/** What is crossed, or was, with its figures as they are now, as sentences about the queue. */
export function alertSentence(queue: string, alert: QueueAlert, nowMs: number): string {
  const { value, threshold, peak, endsAt } = alert;
  if (value >= threshold && endsAt === undefined) return crossedSentence(queue, alert);
  const was = peak === undefined ? [] : [l10n.t('was {0} at {1}', amountOf(alert, peak.value), formatTimeOfDay(peak.at))];
  const figures = [...was, l10n.t('is {0} now', amountOf(alert, value)), l10n.t('threshold {0}', amountOf(alert, threshold))].join(', ');
  const end = endsAt === undefined ? l10n.t('The alert stays until it is clearly below.') : l10n.t('The alert clears in {0}.', formatDuration(Math.max(1000, Math.ceil((Date.parse(endsAt) - nowMs) / 1000) * 1000)));
  return `${subjectOf(queue, alert.kind)}: ${figures}. ${end}`;
}

function crossedSentence(queue: string, { kind, value, threshold }: QueueAlert): string {
  switch (kind) {
    case 'depth':
      return say('{count, plural, one {{queue} has # job waiting; its threshold is {threshold}.} other {{queue} has # jobs waiting; its threshold is {threshold}.}}', { count: value, queue, threshold });
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

function subjectOf(queue: string, kind: AlertKind): string {
  switch (kind) {
    case 'depth':
      return l10n.t('Jobs that wait in {0}', queue);
    case 'oldest':
      return l10n.t('Wait of the oldest job of {0}', queue);
    case 'failure-rate':
      return l10n.t('Attempts of {0} that fail', queue);
    case 'dead-letters':
      return l10n.t('Dead letters of {0}', queue);
    case 'filling':
      return l10n.t('{0} filling', queue);
  }
}

function amountOf({ unit }: QueueAlert, value: number): string {
  switch (unit) {
    case 'jobs':
      return formatNumber(value);
    case 'ms':
      return formatDuration(value);
    case 'share':
      return formatShare(value);
  }
}
