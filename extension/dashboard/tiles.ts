import type { AlertKind, AlertSeverity, Forecast, QueueAlert, QueueView } from '../../schemas/protocol/queue.ts';
import { formatDuration, formatShare } from '../../schemas/wording/amount.ts';
import { formatNumber, say } from '../wording/language.ts';
import { forecastCauseText, forecastText, presentAlerts, ratesUsedText, waitingIn } from '../wording/queue.ts';
import { editedNotSentText } from '../wording/job.ts';
import { formatValue } from './chart-text.ts';
import { throughputNow } from './chart-model.ts';

export const tileIds = ['waiting', 'active', 'throughput', 'failures', 'time', 'forecast', 'dead'] as const;
export type TileId = (typeof tileIds)[number];

/** One figure of how things stand. */
export interface Tile {
  readonly id: TileId;
  readonly label: string;
  readonly value: string;
  readonly detail: string;
  /** Where a threshold is crossed that has to do with it. */
  readonly alert?: { readonly severity: AlertSeverity; readonly text: string };
}

/** How one queue stands. */
export function tilesOfQueue(queue: QueueView, nowMs: number): readonly Tile[] {
  const { depth, concurrency, failureRate, waiting, oldestPendingAt, forecast, paused, drafts } = queue;
  const oldestMs = oldestPendingAt === undefined ? undefined : nowMs - Date.parse(oldestPendingAt);
  const figures: Readonly<Record<TileId, readonly [value: string, detail: string]>> = {
    waiting: [formatNumber(waitingIn(queue)), say('{pending} pending, {delayed} delayed', { pending: depth.pending, delayed: depth.delayed })],
    active: [formatNumber(depth.active), paused ? say('paused') : say('of {concurrency} at a time', { concurrency })],
    throughput: [formatValue('perMinute', throughputNow(queue)), rateDetail(queue)],
    failures: [formatShare(failureRate), say('over five minutes')],
    time: [waiting === undefined ? '–' : formatDuration(waiting.meanMs), oldestMs === undefined ? say('nothing waits') : say('the oldest waits for {duration}', { duration: formatDuration(Math.max(0, oldestMs)) })],
    forecast: [forecastText(forecast), forecastCauseText(forecast, nowMs)],
    dead: [formatNumber(depth.dead), depth.dead === 0 ? say('none') : drafts === undefined ? say('wait for a decision') : editedNotSentText(drafts.count)],
  };
  return tileIds.map((id) => tileOf(id, figures[id], alertOf(presentAlerts(queue.alerts).filter(({ kind }) => tileOfAlert[kind] === id).map((alert) => ({ alert })))));
}

/** How all queues stand together: sums, and if there is no sum the one that stands worst, with its name. */
export function tilesOfAll(queues: readonly QueueView[]): readonly Tile[] {
  const sum = (value: (queue: QueueView) => number): number => queues.reduce((total, queue) => total + value(queue), 0);
  const worst = (value: (queue: QueueView) => number): QueueView | undefined =>
    queues.filter((queue) => value(queue) > 0).reduce<QueueView | undefined>((most, queue) => (most === undefined || value(queue) > value(most) ? queue : most), undefined);
  const failing = worst(({ failureRate }) => failureRate);
  const slowest = worst(({ waiting }) => waiting?.meanMs ?? 0);
  const dying = worst(({ depth }) => depth.dead);
  const edited = sum(({ drafts }) => drafts?.count ?? 0);
  const figures: Readonly<Record<TileId, readonly [value: string, detail: string]>> = {
    waiting: [formatNumber(sum(waitingIn)), say('{pending} pending, {delayed} delayed', { pending: sum(({ depth }) => depth.pending), delayed: sum(({ depth }) => depth.delayed) })],
    active: [formatNumber(sum(({ depth }) => depth.active)), say('{count, plural, =1 {in one queue} other {in # queues}}', { count: queues.length })],
    throughput: [formatValue('perMinute', sum(throughputNow)), say('attempts that succeeded')],
    failures: [formatShare(failing?.failureRate ?? 0), failing === undefined ? say('over five minutes') : say('highest: {queue}', { queue: failing.name })],
    time: [slowest?.waiting === undefined ? '–' : formatDuration(slowest.waiting.meanMs), slowest === undefined ? say('nothing started lately') : say('longest: {queue}', { queue: slowest.name })],
    forecast: forecastOfAll(queues),
    dead: [formatNumber(sum(({ depth }) => depth.dead)), dying === undefined ? say('none') : [say('most: {queue}', { queue: dying.name }), ...(edited === 0 ? [] : [editedNotSentText(edited)])].join(' · ')],
  };
  const alerts = queues.flatMap(({ name, alerts: own }) => presentAlerts(own).map((alert) => ({ name, alert })));
  return tileIds.map((id) => tileOf(id, figures[id], alertOf(alerts.filter(({ alert }) => tileOfAlert[alert.kind] === id))));
}

const tileOfAlert: Readonly<Record<AlertKind, TileId>> = { depth: 'waiting', oldest: 'time', 'failure-rate': 'failures', 'dead-letters': 'dead', filling: 'forecast', stuck: 'active' };

function tileOf(id: TileId, [value, detail]: readonly [string, string], alert: Tile['alert']): Tile {
  return { id, label: labelOf(id), value, detail, ...(alert === undefined ? {} : { alert }) };
}

function labelOf(id: TileId): string {
  switch (id) {
    case 'waiting':
      return say('Waiting');
    case 'active':
      return say('Active');
    case 'throughput':
      return say('Throughput');
    case 'failures':
      return say('Failure rate');
    case 'time':
      return say('Waiting time');
    case 'forecast':
      return say('Forecast');
    case 'dead':
      return say('Dead letters');
  }
}

function rateDetail(queue: QueueView): string {
  return ratesUsedText(queue) ?? say('no rate limit');
}

/** The gravest of several, with the queue where it isn't the only one. */
function alertOf(alerts: readonly { readonly name?: string; readonly alert: QueueAlert }[]): Tile['alert'] {
  const gravest = alerts.find(({ alert }) => alert.severity === 'error') ?? alerts[0];
  if (gravest === undefined) return undefined;
  const { alert, name } = gravest;
  const text = limitText(alert);
  return { severity: alert.severity, text: name === undefined ? text : say('{name}: {text}', { name, text }) };
}

function limitText({ unit, threshold, kind }: QueueAlert): string {
  if (kind === 'stuck') return say('nothing starts for more than {duration}', { duration: formatDuration(threshold) });
  if (kind === 'filling') return say('filling for more than {duration}', { duration: formatDuration(threshold) });
  return say('limit {value}', { value: formatValue(unit, threshold) });
}

function forecastOfAll(queues: readonly QueueView[]): readonly [string, string] {
  const named = (state: Forecast['state']): readonly string[] => queues.filter(({ forecast }) => forecast.state === state).map(({ name }) => name);
  const growing = named('growing');
  const stalled = named('stalled');
  if (growing.length > 0) return [say('{count} growing', { count: growing.length }), growing.join(', ')];
  if (stalled.length > 0) return [say('{count} stalled', { count: stalled.length }), stalled.join(', ')];
  const draining = queues.filter(({ forecast }) => forecast.state === 'draining');
  const last = draining.reduce<QueueView | undefined>((most, queue) => ((queue.forecast.drainMs ?? 0) >= (most?.forecast.drainMs ?? 0) ? queue : most), undefined);
  if (last?.forecast.drainMs !== undefined) return [forecastText(last.forecast), say('last: {queue}', { queue: last.name })];
  return named('unknown').length > 0 ? [say('unknown'), say('too few jobs were completed yet')] : [say('all empty'), say('no job is waiting')];
}
