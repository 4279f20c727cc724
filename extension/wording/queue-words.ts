import * as l10n from '@vscode/l10n';
import type { QueueView, UndeclaredQueue } from '../../schemas/protocol/queue.ts';
import { formatDuration, formatShare, formatShortDuration } from '../../schemas/wording/amount.ts';
import { holdMessage, setByHandMessage } from '../../schemas/wording/queue.ts';
import { formatAge, formatDue, formatMoment, formatNumber, formatRate, say, textOf } from './language.ts';
import { oneLine } from './outside-text.ts';
import { alertName, alertSentence, presentAlerts } from './alert-words.ts';
import { forecastDetail, forecastPart, forecastText } from './forecast-words.ts';

/** Jobs that wait for their turn or for their time. */
export function waitingIn({ depth }: QueueView): number {
  return depth.pending + depth.delayed;
}

export function isHeld({ heldUntil }: QueueView, nowMs: number): boolean {
  return heldUntil !== undefined && Date.parse(heldUntil) > nowMs;
}

/** What stands beside a queue's name: `12 waiting · 3 active · paused`. */
export function queueDescription(queue: QueueView, nowMs: number): string {
  return partsOf(queue, nowMs).join(' · ');
}

/** The row, as it is read aloud. */
export function queueLabel(queue: QueueView, nowMs: number): string {
  return [l10n.t('{0} queue', queue.name), ...partsOf(queue, nowMs)].join(', ');
}

function partsOf(queue: QueueView, nowMs: number): string[] {
  const { depth, heldUntil, maxDepth, paused, overrides, oldestPendingAt, alerts, forecast } = queue;
  const waiting = waitingIn(queue);
  const parts: string[] = [];
  if (queue.undeclared !== undefined) parts.push(undeclaredPart(queue.undeclared));
  if (paused) parts.push(l10n.t('paused'));
  if (heldUntil !== undefined && isHeld(queue, nowMs)) parts.push(Date.parse(heldUntil) - nowMs > 60_000 ? l10n.t('held until {0}', formatMoment(heldUntil)) : l10n.t('held back'));
  if (maxDepth !== undefined && waiting >= maxDepth) parts.push(l10n.t('full'));
  // The number of dead letters stands in the row anyway.
  parts.push(...new Set(presentAlerts(alerts).filter(({ kind }) => kind !== 'dead-letters').map(({ kind }) => alertName(kind))));
  if (waiting > 0) parts.push(l10n.t('{0} waiting', formatNumber(waiting)));
  if (depth.active > 0) parts.push(l10n.t('{0} active', formatNumber(depth.active)));
  if (depth.dead > 0) parts.push(l10n.t('{0} dead', formatNumber(depth.dead)));
  // A second's wait is no news, and would make the row change all the time.
  if (oldestPendingAt !== undefined && nowMs - Date.parse(oldestPendingAt) > 60_000) parts.push(l10n.t('oldest {0}', formatShortDuration(nowMs - Date.parse(oldestPendingAt))));
  const rate = rateUsedText(queue);
  if (rate !== undefined && waiting + depth.active > 0) parts.push(rate);
  const isFilling = alerts.some(({ kind }) => kind === 'filling');
  const cleared = isFilling ? undefined : forecastPart(forecast);
  if (cleared !== undefined) parts.push(cleared);
  const setByHand = setByHandMessage(overrides);
  if (setByHand !== undefined) parts.push(say('{limits} set by hand', { limits: setByHand }));
  return parts.length === 0 ? [l10n.t('empty')] : parts;
}

/** `87 of 100/min`: starts within the window that ends now; undefined where there is no limit. */
export function rateUsedText({ rate, rateUsed }: QueueView): string | undefined {
  return rate === undefined ? undefined : l10n.t('{0} of {1}', formatNumber(rateUsed ?? 0), formatRate(rate));
}

/** Name and value of each line of a queue's tooltip. */
export function queueFacts(queue: QueueView, nowMs: number): readonly (readonly [name: string, value: string])[] {
  const { name, depth, rate, rateUsed, concurrency, overrides, paused, heldUntil, heldBy, maxDepth, throughputPerMinute, failureRate, waiting, running, oldestPendingAt, forecast, declaredIn, alerts } = queue;
  const facts: (readonly [string, string])[] = [
    ...alerts.map((alert) => [alert.severity === 'error' ? l10n.t('Error') : l10n.t('Warning'), `${alertSentence(name, alert, nowMs)} ${l10n.t('Since {0}.', formatShortDuration(nowMs - Date.parse(alert.since)))}`] as const),
    ...(queue.undeclared === undefined ? [] : [[l10n.t('Limits'), undeclaredSentence(queue.undeclared)] as const]),
    [l10n.t('Waiting'), l10n.t('{0} pending, {1} delayed', formatNumber(depth.pending), formatNumber(depth.delayed))],
    [l10n.t('Active'), l10n.t('{0} of {1}', formatNumber(depth.active), formatNumber(concurrency))],
    [l10n.t('Dead letters'), formatNumber(depth.dead)],
    [l10n.t('Rate'), rate === undefined ? l10n.t('no limit') : l10n.t('{0} used of {1}', formatNumber(rateUsed ?? 0), formatRate(rate))],
    [l10n.t('Throughput'), l10n.t('{0} a minute, {1} failed', formatNumber(Math.round(throughputPerMinute)), formatShare(failureRate))],
  ];
  if (oldestPendingAt !== undefined) facts.push([l10n.t('Oldest'), formatAge(oldestPendingAt, nowMs)]);
  if (waiting !== undefined) facts.push([l10n.t('Waits'), l10n.t('{0} on average, {1} at most', formatDuration(waiting.meanMs), formatDuration(waiting.maxMs))]);
  if (running !== undefined) facts.push([l10n.t('Takes'), l10n.t('{0} on average, {1} at most', formatDuration(running.meanMs), formatDuration(running.maxMs))]);
  if (forecast.state !== 'idle') facts.push([l10n.t('Forecast'), l10n.t('{0}: {1}', forecastText(forecast), forecastDetail(forecast, nowMs))]);
  if (paused) facts.push([l10n.t('Paused'), l10n.t('by hand, until it is resumed')]);
  if (heldUntil !== undefined && isHeld(queue, nowMs)) facts.push([l10n.t('Held back'), holdText(heldBy, formatDue(heldUntil, nowMs))]);
  if (maxDepth !== undefined) facts.push([l10n.t('Holds at most'), formatNumber(maxDepth)]);
  const setByHand = setByHandMessage(overrides);
  if (setByHand !== undefined) facts.push([l10n.t('Set by hand'), textOf(setByHand)]);
  if (declaredIn !== undefined) facts.push([l10n.t('Declared in'), declaredIn]);
  return facts;
}

function holdText(heldBy: QueueView['heldBy'], until: string): string {
  const told = { why: holdMessage(heldBy, oneLine), until };
  return heldBy?.project === true ? say('{why}; looked at again {until}', told) : say('{why}; continues {until}', told);
}

/** In a row, beside the name. */
function undeclaredPart({ reason }: UndeclaredQueue): string {
  switch (reason) {
    case 'gone':
      return l10n.t('no longer declared');
    case 'twice':
      return l10n.t('declared twice');
    case 'broken':
      return l10n.t('declaration has errors');
  }
}

/** Which limits hold instead of what the files say, and what answers it. */
function undeclaredSentence({ reason, files }: UndeclaredQueue): string {
  switch (reason) {
    case 'gone':
      return l10n.t('No file declares this queue any longer; its last limits hold for what is in it. Declare it again, move its jobs to another queue, or release them.');
    case 'twice':
      return l10n.t('More than one file declares this queue ({0}), so none of them counts; its last limits hold. Keep one of them.', files.join(', '));
    case 'broken':
      return l10n.t('The declaration can not be read ({0}); its last limits hold until that is corrected.', files.join(', '));
  }
}
