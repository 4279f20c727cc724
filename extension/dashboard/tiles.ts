import * as l10n from '@vscode/l10n';
import type { AlertKind, AlertSeverity, Forecast, QueueAlert, QueueView } from '../../schemas/protocol/queue.ts';
import { formatDuration, formatShare } from '../../schemas/wording/amount.ts';
import { formatNumber, formatRate, say } from '../wording/language.ts';
import { forecastCauseText, forecastText, presentAlerts, waitingIn } from '../wording/queue.ts';
import { editedNotSentText } from '../wording/job.ts';
import { formatValue } from './chart-text.ts';
import { throughputNow } from './throughput-now.ts';

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
    waiting: [formatNumber(waitingIn(queue)), l10n.t('{0} pending, {1} delayed', formatNumber(depth.pending), formatNumber(depth.delayed))],
    active: [formatNumber(depth.active), paused ? l10n.t('paused') : l10n.t('of {0} at a time', formatNumber(concurrency))],
    throughput: [formatValue('perMinute', throughputNow(queue)), rateDetail(queue)],
    failures: [formatShare(failureRate), l10n.t('over five minutes')],
    time: [waiting === undefined ? '–' : formatDuration(waiting.meanMs), oldestMs === undefined ? l10n.t('nothing waits') : l10n.t('the oldest waits for {0}', formatDuration(Math.max(0, oldestMs)))],
    forecast: [forecastText(forecast), forecastCauseText(forecast, nowMs)],
    dead: [formatNumber(depth.dead), depth.dead === 0 ? l10n.t('none') : drafts === undefined ? l10n.t('wait for a decision') : editedNotSentText(drafts.count)],
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
    waiting: [formatNumber(sum(waitingIn)), l10n.t('{0} pending, {1} delayed', formatNumber(sum(({ depth }) => depth.pending)), formatNumber(sum(({ depth }) => depth.delayed)))],
    active: [formatNumber(sum(({ depth }) => depth.active)), say('{count, plural, =1 {in one queue} other {in # queues}}', { count: queues.length })],
    throughput: [formatValue('perMinute', sum(throughputNow)), l10n.t('attempts that succeeded')],
    failures: [formatShare(failing?.failureRate ?? 0), failing === undefined ? l10n.t('over five minutes') : l10n.t('highest: {0}', failing.name)],
    time: [slowest?.waiting === undefined ? '–' : formatDuration(slowest.waiting.meanMs), slowest === undefined ? l10n.t('nothing started lately') : l10n.t('longest: {0}', slowest.name)],
    forecast: forecastOfAll(queues),
    dead: [formatNumber(sum(({ depth }) => depth.dead)), dying === undefined ? l10n.t('none') : [l10n.t('most: {0}', dying.name), ...(edited === 0 ? [] : [editedNotSentText(edited)])].join(' · ')],
  };
  const alerts = queues.flatMap(({ name, alerts: own }) => presentAlerts(own).map((alert) => ({ name, alert })));
  return tileIds.map((id) => tileOf(id, figures[id], alertOf(alerts.filter(({ alert }) => tileOfAlert[alert.kind] === id))));
}

const tileOfAlert: Readonly<Record<AlertKind, TileId>> = { depth: 'waiting', oldest: 'time', 'failure-rate': 'failures', 'dead-letters': 'dead', filling: 'forecast' };

function tileOf(id: TileId, [value, detail]: readonly [string, string], alert: Tile['alert']): Tile {
  return { id, label: labelOf(id), value, detail, ...(alert === undefined ? {} : { alert }) };
}

function labelOf(id: TileId): string {
  switch (id) {
    case 'waiting':
      return l10n.t('Waiting');
    case 'active':
      return l10n.t('Active');
    case 'throughput':
      return l10n.t('Throughput');
    case 'failures':
      return l10n.t('Failure rate');
    case 'time':
      return l10n.t('Waiting time');
    case 'forecast':
      return l10n.t('Forecast');
    case 'dead':
      return l10n.t('Dead letters');
  }
}

function rateDetail({ rate, rateUsed }: QueueView): string {
  return rate === undefined ? l10n.t('no rate limit') : l10n.t('{0} used of {1}', formatNumber(rateUsed ?? 0), formatRate(rate));
}

/** The gravest of several, with the queue where it isn't the only one. */
function alertOf(alerts: readonly { readonly name?: string; readonly alert: QueueAlert }[]): Tile['alert'] {
  const gravest = alerts.find(({ alert }) => alert.severity === 'error') ?? alerts[0];
  if (gravest === undefined) return undefined;
  const { alert, name } = gravest;
  const text = limitText(alert);
  return { severity: alert.severity, text: name === undefined ? text : l10n.t('{0}: {1}', name, text) };
}

function limitText({ unit, threshold, kind }: QueueAlert): string {
  if (kind === 'filling') return l10n.t('filling for more than {0}', formatDuration(threshold));
  return l10n.t('limit {0}', formatValue(unit, threshold));
}

function forecastOfAll(queues: readonly QueueView[]): readonly [string, string] {
  const named = (state: Forecast['state']): readonly string[] => queues.filter(({ forecast }) => forecast.state === state).map(({ name }) => name);
  const growing = named('growing');
  const stalled = named('stalled');
  if (growing.length > 0) return [l10n.t('{0} growing', formatNumber(growing.length)), growing.join(', ')];
  if (stalled.length > 0) return [l10n.t('{0} stalled', formatNumber(stalled.length)), stalled.join(', ')];
  const draining = queues.filter(({ forecast }) => forecast.state === 'draining');
  const last = draining.reduce<QueueView | undefined>((most, queue) => ((queue.forecast.drainMs ?? 0) >= (most?.forecast.drainMs ?? 0) ? queue : most), undefined);
  if (last?.forecast.drainMs !== undefined) return [forecastText(last.forecast), l10n.t('last: {0}', last.name)];
  return named('unknown').length > 0 ? [l10n.t('unknown'), l10n.t('too few jobs were completed yet')] : [l10n.t('all empty'), l10n.t('no job is waiting')];
}
