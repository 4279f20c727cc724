import type { AlertKind, QueueAlert } from '../protocol/queue.ts';
import { formatDuration, formatShare } from './amount.ts';
import { message, type Message, type MessageArg } from './message.ts';

/** What the problem is, in one or two words, for a row. */
export function alertNameMessage(kind: AlertKind): Message {
  switch (kind) {
    case 'depth':
      return message('too many jobs');
    case 'oldest':
      return message('waits too long');
    case 'failure-rate':
      return message('many failures');
    case 'dead-letters':
      return message('dead letters');
    case 'filling':
      return message('filling');
    case 'stuck':
      return message('nothing starts');
  }
}

/** `Error for 3m`: how serious it is, and for how long it has been so. */
export function alertLevelMessage({ severity, since }: QueueAlert, nowMs: number): Message {
  const told = { duration: formatDuration(wholeSeconds(nowMs - Date.parse(since))) };
  return severity === 'error' ? message('Error for {duration}', told) : message('Warning for {duration}', told);
}

/** What is crossed, with its figures as they are now, in whole sentences; of what was crossed, when the alert ends. `timeOfDay` writes an ISO 8601 time. */
export function alertMessages(queue: string, alert: QueueAlert, nowMs: number, timeOfDay: (time: string) => string): readonly Message[] {
  const { value, threshold, peak, endsAt } = alert;
  if (value >= threshold && endsAt === undefined) return [crossedMessage(queue, alert)];
  const told = { subject: subjectMessage(queue, alert.kind), value: amountOf(alert, value), threshold: amountOf(alert, threshold) };
  const figures =
    peak === undefined
      ? message('{subject}: {value} now; the threshold is {threshold}.', told)
      : message('{subject}: {value} now, {peak} at {time}; the threshold is {threshold}.', { ...told, peak: amountOf(alert, peak.value), time: timeOfDay(peak.at) });
  const end = endsAt === undefined ? message('The alert stays until this is clearly below.') : message('The alert clears in {duration}.', { duration: formatDuration(wholeSeconds(Date.parse(endsAt) - nowMs)) });
  return [figures, end];
}

/** One second at least: nothing is told to be over in no time. */
function wholeSeconds(ms: number): number {
  return Math.max(1000, Math.ceil(ms / 1000) * 1000);
}

function crossedMessage(queue: string, alert: QueueAlert): Message {
  const told = { queue, value: amountOf(alert, alert.value), threshold: amountOf(alert, alert.threshold) };
  switch (alert.kind) {
    case 'depth':
      return message('{count, plural, one {{queue} has # job waiting; the threshold is {threshold}.} other {{queue} has # jobs waiting; the threshold is {threshold}.}}', { count: alert.value, queue, threshold: told.threshold });
    case 'oldest':
      return message('The oldest job of {queue} has been waiting for {value}; the threshold is {threshold}.', told);
    case 'failure-rate':
      return message('{value} of the attempts of {queue} fail; the threshold is {threshold}.', told);
    case 'dead-letters':
      return message('Dead letters of {queue}: {value}; the threshold is {threshold}.', told);
    case 'filling':
      return message('{queue} has been filling for {value}: more jobs arrive than are completed. The threshold is {threshold}.', told);
    case 'stuck':
      return message('{queue} has started nothing for {value}, although jobs are due and no limit is in the way. The threshold is {threshold}.', told);
  }
}

/** The label of a figure. */
function subjectMessage(queue: string, kind: AlertKind): Message {
  switch (kind) {
    case 'depth':
      return message('Jobs waiting in {queue}', { queue });
    case 'oldest':
      return message('Wait of the oldest job of {queue}', { queue });
    case 'failure-rate':
      return message('Failing attempts of {queue}', { queue });
    case 'dead-letters':
      return message('Dead letters of {queue}', { queue });
    case 'filling':
      return message('{queue} filling', { queue });
    case 'stuck':
      return message('Time without a start in {queue}', { queue });
  }
}

function amountOf({ unit }: QueueAlert, value: number): MessageArg {
  switch (unit) {
    case 'jobs':
      return value;
    case 'ms':
      return formatDuration(value);
    case 'share':
      return formatShare(value);
  }
}
