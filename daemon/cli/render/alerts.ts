import type { QueueAlert } from '../../../schemas/protocol/queue.ts';
import type { View } from '../terminal.ts';
import { formatShare, formatShortDuration } from '../../../schemas/wording/amount.ts';
import { formatCount, formatNumber } from './format.ts';

/** `✖ erp: 6,000 jobs wait, an error from 5,000 on (for 3m)`. Red and yellow only repeat what sign and words say. */
export function renderAlert(queue: string, alert: QueueAlert, { style, now }: View): string {
  const { severity, since, threshold, endsAt, peak } = alert;
  const sign = severity === 'error' ? '✖' : '⚠';
  const level = severity === 'error' ? 'an error' : 'a warning';
  if (alert.value < threshold || endsAt !== undefined) {
    const was = peak === undefined ? 'was above' : `was ${amount(peak.value, alert)}`;
    const end = endsAt === undefined ? 'stays until it is clearly below' : `clears in ${formatShortDuration(Math.max(0, Date.parse(endsAt) - now))}`;
    return style('dim', `${sign} ${queue}: ${findingOf(alert)}, ${was}, ${level} from ${amount(threshold, alert)} on; ${end}`);
  }
  return style(severity === 'error' ? 'red' : 'yellow', `${sign} ${queue}: ${findingOf(alert)}, ${level} from ${amount(threshold, alert)} on (for ${formatShortDuration(now - Date.parse(since))})`);
}

function findingOf(alert: QueueAlert): string {
  const value = amount(alert.value, alert);
  switch (alert.kind) {
    case 'depth':
      return formatCount(alert.value, 'job waits', 'jobs wait');
    case 'oldest':
      return `a job has waited for ${value}`;
    case 'failure-rate':
      return `${value} of the attempts fail`;
    case 'dead-letters':
      return formatCount(alert.value, 'dead letter');
    case 'filling':
      return `more has arrived than was done for ${value}`;
  }
}

function amount(value: number, { unit }: QueueAlert): string {
  switch (unit) {
    case 'jobs':
      return formatNumber(value);
    case 'ms':
      return formatShortDuration(value);
    case 'share':
      return formatShare(value);
  }
}
