import type { AlertKind, AlertSeverity, Forecast, QueueAlert, QueueView, UndeclaredQueue } from '../../schemas/protocol/queue.ts';
import { alertMessages, alertLevelMessage, alertNameMessage } from '../../schemas/wording/alert.ts';
import { formatDuration, formatShare, formatShortDuration } from '../../schemas/wording/amount.ts';
import { connectionWaitMessage } from '../../schemas/wording/connection.ts';
import { message } from '../../schemas/wording/message.ts';
import { forecastCauseMessage, forecastMessage, fullestRate, holdMessage, lackingMessages, ratesOfQueue, setByHandMessage, undeclaredMessages } from '../../schemas/wording/queue.ts';
import { formatAge, formatDue, formatMoment, formatNumber, formatRate, formatTimeOfDay, paragraphOf, say, textOf } from './language.ts';
import { oneLine } from './outside-text.ts';

/** Jobs that wait for their turn or for their time. */
export function waitingIn({ depth }: QueueView): number {
  return depth.pending + depth.delayed;
}

export function isHeld({ heldUntil }: QueueView, nowMs: number): boolean {
  return heldUntil !== undefined && Date.parse(heldUntil) > nowMs;
}

/** What is beside a queue's name: `12 waiting · 3 active · paused`. */
export function queueDescription(queue: QueueView, nowMs: number): string {
  return partsOf(queue, nowMs).join(' · ');
}

/** The row, as it is read aloud. */
export function queueLabel(queue: QueueView, nowMs: number): string {
  return [say('{queue} queue', { queue: queue.name }), ...partsOf(queue, nowMs)].join(', ');
}

function partsOf(queue: QueueView, nowMs: number): string[] {
  const { depth, heldUntil, maxDepth, paused, overrides, oldestPendingAt, alerts, forecast } = queue;
  const waiting = waitingIn(queue);
  const parts: string[] = [];
  if (queue.undeclared !== undefined) parts.push(undeclaredPart(queue.undeclared));
  if (paused) parts.push(say('paused'));
  if (queue.lacking !== undefined) parts.push(say('lacks what jobs need'));
  for (const { name } of queue.connections ?? []) parts.push(say('waits for {connection}', { connection: name }));
  if (heldUntil !== undefined && isHeld(queue, nowMs)) parts.push(Date.parse(heldUntil) - nowMs > 60_000 ? say('held until {time}', { time: formatMoment(heldUntil) }) : say('held back'));
  if (maxDepth !== undefined && waiting >= maxDepth) parts.push(say('full'));
  // The number of dead letters is in the row anyway.
  parts.push(...new Set(presentAlerts(alerts).filter(({ kind }) => kind !== 'dead-letters').map(({ kind }) => alertName(kind))));
  if (waiting > 0) parts.push(say('{waiting} waiting', { waiting }));
  if (depth.active > 0) parts.push(say('{active} active', { active: depth.active }));
  if (depth.dead > 0) parts.push(say('{dead} dead', { dead: depth.dead }));
  // A second's wait is not news, and would make the row change all the time.
  if (oldestPendingAt !== undefined && nowMs - Date.parse(oldestPendingAt) > 60_000) parts.push(say('oldest {duration}', { duration: formatShortDuration(nowMs - Date.parse(oldestPendingAt)) }));
  const rate = rateUsedText(queue);
  if (rate !== undefined && waiting + depth.active > 0) parts.push(rate);
  const isFilling = alerts.some(({ kind }) => kind === 'filling');
  const end = isFilling ? undefined : forecastPart(forecast);
  if (end !== undefined) parts.push(end);
  const setByHand = setByHandMessage(overrides);
  if (setByHand !== undefined) parts.push(say('{limits} set by hand', { limits: setByHand }));
  return parts.length === 0 ? [say('empty')] : parts;
}

/** `87 of 100/min`: starts within the window that ends now, of the rate of which most is used; undefined if there is no limit. */
export function rateUsedText(queue: QueueView): string | undefined {
  const rate = fullestRate(queue);
  return rate && say('{used} of {rate}', { used: rate.used, rate: formatRate(rate) });
}

/** `87 used of 100/min`; of several rates each, with commas between them. */
export function ratesUsedText(queue: QueueView): string | undefined {
  const rates = ratesOfQueue(queue);
  return rates.length === 0 ? undefined : rates.map((rate) => say('{used} used of {rate}', { used: rate.used, rate: formatRate(rate) })).join(', ');
}

/** Name and value of each line of a queue's tooltip. */
export function queueFacts(queue: QueueView, nowMs: number): readonly (readonly [name: string, value: string])[] {
  const { name, depth, overrides, paused, heldUntil, heldBy, maxDepth, throughputPerMinute, failureRate, waiting, running, oldestPendingAt, forecast, declaredIn, alerts } = queue;
  const facts: (readonly [string, string])[] = [
    ...alerts.map((alert) => [textOf(alertLevelMessage(alert, nowMs)), alertText(name, alert, nowMs)] as const),
    ...(queue.undeclared === undefined ? [] : [[say('Limits'), paragraphOf(undeclaredMessages(name, queue.undeclared))] as const]),
    [say('Waiting'), say('{pending} pending, {delayed} delayed', { pending: depth.pending, delayed: depth.delayed })],
    [say('Active'), activeText(queue)],
    [say('Dead letters'), formatNumber(depth.dead)],
    [say('Rate'), ratesUsedText(queue) ?? say('no limit')],
    [say('Throughput'), say('{count} a minute, {share} failed', { count: Math.round(throughputPerMinute), share: formatShare(failureRate) })],
  ];
  if (oldestPendingAt !== undefined) facts.push([say('Oldest'), formatAge(oldestPendingAt, nowMs)]);
  if (waiting !== undefined) facts.push([say('Waits'), say('{mean} on average, {max} at most', { mean: formatDuration(waiting.meanMs), max: formatDuration(waiting.maxMs) })]);
  if (running !== undefined) facts.push([say('Takes'), say('{mean} on average, {max} at most', { mean: formatDuration(running.meanMs), max: formatDuration(running.maxMs) })]);
  if (forecast.state !== 'idle') facts.push([say('Forecast'), say('{forecast}: {cause}', { forecast: forecastText(forecast), cause: forecastCauseText(forecast, nowMs) })]);
  if (paused) facts.push([say('Paused'), say('by hand, until it is resumed')]);
  for (const lacking of queue.lacking ?? []) facts.push([say('Not started'), paragraphOf(lackingMessages(name, lacking))]);
  for (const connection of queue.connections ?? []) facts.push([say('Connection'), textOf(connectionWaitMessage(name, connection))]);
  if (heldUntil !== undefined && isHeld(queue, nowMs)) facts.push([say('Held back'), holdText(heldBy, formatDue(heldUntil, nowMs))]);
  if (maxDepth !== undefined) facts.push([say('Holds at most'), formatNumber(maxDepth)]);
  const setByHand = setByHandMessage(overrides);
  if (setByHand !== undefined) facts.push([say('Set by hand'), textOf(setByHand)]);
  if (declaredIn !== undefined) facts.push([say('Declared in'), declaredIn]);
  return facts;
}

/** Where daemons share the store, over how many of them the places count. */
function activeText({ depth: { active }, concurrency, concurrencyOf }: QueueView): string {
  if (concurrencyOf === undefined) return say('{active} of {concurrency}', { active, concurrency });
  return concurrencyOf === 'all' ? say('{active} of {concurrency}, over all daemons', { active, concurrency }) : say('{active} over all daemons, {concurrency} at each', { active, concurrency });
}

function holdText(heldBy: QueueView['heldBy'], until: string): string {
  const next = heldBy?.project === true ? message('It is checked again {until}.', { until }) : message('It continues {until}.', { until });
  return paragraphOf([holdMessage(heldBy, oneLine), next]);
}

/** In a row, beside the name. */
function undeclaredPart({ reason }: UndeclaredQueue): string {
  switch (reason) {
    case 'gone':
      return say('no longer declared');
    case 'twice':
      return say('declared twice');
    case 'broken':
      return say('declaration has errors');
  }
}

/** `1,204 waiting · 87% of 1,000/min · oldest 3m · 0.4% failing · empty at 14:52`; what is zero is left out. `clock` writes a time of the day. */
export function queueLens(queue: QueueView, nowMs: number, clock: (ms: number) => string): string {
  const { depth, oldestPendingAt, failureRate, paused, forecast } = queue;
  const rate = fullestRate(queue);
  const waiting = waitingIn(queue);
  const parts: string[] = [];
  if (paused) parts.push(say('paused'));
  else if (isHeld(queue, nowMs)) parts.push(say('held back'));
  if (waiting > 0) parts.push(say('{waiting} waiting', { waiting }));
  if (depth.active > 0) parts.push(say('{active} active', { active: depth.active }));
  if (depth.dead > 0) parts.push(say('{dead} dead', { dead: depth.dead }));
  if (rate !== undefined && rate.used > 0) parts.push(say('{share} of {rate}', { share: formatShare(rate.used / rate.limit), rate: formatRate(rate) }));
  // A second's wait is not news, and would make the line change all the time.
  const oldestMs = oldestPendingAt === undefined ? 0 : nowMs - Date.parse(oldestPendingAt);
  if (oldestMs > 60_000) parts.push(say('oldest {duration}', { duration: formatShortDuration(oldestMs) }));
  if (failureRate > 0) parts.push(say('{share} failing', { share: formatShare(failureRate) }));
  const end = waiting === 0 ? undefined : emptyText(forecast, nowMs, clock);
  if (end !== undefined) parts.push(end);
  return parts.length === 0 ? say('empty') : parts.join(' · ');
}

/** Seconds and the cause of a standstill are left out here: a line above a queue is read at a glance. */
function emptyText(forecast: Forecast, nowMs: number, clock: (ms: number) => string): string | undefined {
  const { state, clearsAt } = forecast;
  switch (state) {
    case 'draining': {
      if (clearsAt === undefined) return undefined;
      const atMs = Date.parse(clearsAt);
      // The time of the day says nothing about tomorrow.
      return atMs - nowMs < 20 * 3_600_000 ? say('empty at {time}', { time: clock(atMs) }) : say('empty in {duration}', { duration: formatDuration(atMs - nowMs) });
    }
    case 'growing':
    case 'stalled':
      return forecastText(forecast);
    case 'idle':
    case 'steady':
    case 'unknown':
      return undefined;
  }
}

/** For a row: `empty in 2h`, `growing`; undefined if there is nothing to tell, or the row tells it already. */
export function forecastPart({ state, drainMs, reason }: Forecast): string | undefined {
  switch (state) {
    case 'draining':
      // What is empty within seconds is not news, and would make the row change all the time.
      return drainMs === undefined || drainMs < 60_000 ? undefined : say('empty in {duration}', { duration: formatShortDuration(drainMs) });
    case 'growing':
      return forecastText({ state });
    case 'stalled':
      return reason === 'paused' || reason === 'held' || reason === 'not-due' ? undefined : forecastText({ state });
    case 'idle':
    case 'steady':
    case 'unknown':
      return undefined;
  }
}

/** Whether a queue will become empty on its own, in a few words. */
export function forecastText(forecast: Forecast): string {
  return textOf(forecastMessage(forecast));
}

/** What it follows from. */
export function forecastCauseText(forecast: Forecast, nowMs: number): string {
  return textOf(forecastCauseMessage(forecast, nowMs));
}

/** What the problem is, in one or two words, for a row. */
export function alertName(kind: AlertKind): string {
  return textOf(alertNameMessage(kind));
}

/** What is crossed, or was, with its figures as they are now, as sentences about the queue. */
export function alertText(queue: string, alert: QueueAlert, nowMs: number): string {
  return paragraphOf(alertMessages(queue, alert, nowMs, formatTimeOfDay));
}

/** Those whose cause is still there. The others only wait to be over: nobody is needed for them. */
export function presentAlerts(alerts: readonly QueueAlert[]): readonly QueueAlert[] {
  return alerts.filter(({ endsAt }) => endsAt === undefined);
}

/** The worst severity whose cause is still there. */
export function presentSeverity(alerts: readonly QueueAlert[]): AlertSeverity | undefined {
  return presentAlerts(alerts)[0]?.severity;
}
