import type { AlertKind, AlertSeverity, QueueView } from '../../schemas/protocol/queue.ts';
import { waitingIn } from '../wording/queue.ts';
import type { Column, QueueColumns, SeriesGrid } from './series-grid.ts';
import { say } from '../wording/language.ts';

export const chartIds = ['depth', 'throughput', 'failures', 'waiting'] as const;
export type ChartId = (typeof chartIds)[number];

/** How a measure is counted and written. */
export type Unit = 'jobs' | 'perMinute' | 'share' | 'ms';

/** Names of the theme's colours for charts. Lines are told apart by their strokes as well. */
export type LineColor = 'blue' | 'green' | 'orange' | 'purple' | 'red' | 'yellow';

export interface Line {
  readonly label: string;
  readonly color: LineColor;
  /** Lengths of dash and gap, in pixels; empty for a line without gaps. */
  readonly dash: readonly number[];
  readonly values: Column;
  /** What it is now, where that is known: the last step of a series has ended up to a step ago. */
  readonly live?: number;
}

/** Where an alert begins that is raised just now. */
export interface Threshold {
  readonly severity: AlertSeverity;
  readonly value: number;
}

export interface ChartModel {
  readonly id: ChartId;
  readonly title: string;
  /** What exactly is shown, in a few words. */
  readonly subtitle: string;
  readonly unit: Unit;
  /** Each line is on the one before, and the highest is the sum. */
  readonly stacked: boolean;
  readonly lines: readonly Line[];
  readonly thresholds: readonly Threshold[];
}

/** The pictures of one queue by what it did, or of several with a line for each. `views`: how the queues stand now, as far as that is known. */
export function chartModels({ stepMs, queues }: SeriesGrid, views: readonly QueueView[], isOne: boolean): readonly ChartModel[] {
  const [only] = queues;
  const viewOf = ({ queue }: QueueColumns): QueueView | undefined => views.find(({ name }) => name === queue);
  return chartIds.map((id) => {
    const model = { id, title: titleOf(id), unit: unitOf(id) };
    if (!isOne || only === undefined) {
      return { ...model, thresholds: [], subtitle: subtitleOfAll(id), stacked: false, lines: queues.map((each, index) => lineOfQueue(id, each, viewOf(each), index, stepMs)) };
    }
    const view = viewOf(only);
    return { ...model, thresholds: thresholdsOf(id, view), subtitle: subtitleOfOne(id), stacked: id === 'depth', lines: linesOfOne(id, only, view, stepMs) };
  });
}

function titleOf(id: ChartId): string {
  switch (id) {
    case 'depth':
      return say('Depth');
    case 'throughput':
      return say('Throughput');
    case 'failures':
      return say('Failure rate');
    case 'waiting':
      return say('Waiting time');
  }
}

function unitOf(id: ChartId): Unit {
  switch (id) {
    case 'depth':
      return 'jobs';
    case 'throughput':
      return 'perMinute';
    case 'failures':
      return 'share';
    case 'waiting':
      return 'ms';
  }
}

function subtitleOfOne(id: ChartId): string {
  switch (id) {
    case 'depth':
      return say('jobs by state');
    case 'throughput':
      return say('jobs and attempts a minute');
    case 'failures':
      return say('of the attempts that ended');
    case 'waiting':
      return say('from due to started, and how long attempts took');
  }
}

function subtitleOfAll(id: ChartId): string {
  switch (id) {
    case 'depth':
      return say('jobs that wait or are active');
    case 'throughput':
      return say('attempts that succeeded, a minute');
    case 'failures':
      return say('of the attempts that ended');
    case 'waiting':
      return say('from due to started, on average');
  }
}

function linesOfOne(id: ChartId, queue: QueueColumns, view: QueueView | undefined, stepMs: number): readonly Line[] {
  const live = (value: ((view: QueueView) => number)): Pick<Line, 'live'> => (view === undefined ? {} : { live: value(view) });
  switch (id) {
    case 'depth':
      return [
        { label: say('Active'), color: 'green', dash: [], values: queue.active, ...live(({ depth }) => depth.active) },
        { label: say('Pending'), color: 'blue', dash: [6, 3], values: queue.pending, ...live(({ depth }) => depth.pending) },
        { label: say('Delayed'), color: 'yellow', dash: [2, 2], values: queue.delayed, ...live(({ depth }) => depth.delayed) },
      ];
    case 'throughput':
      return [
        { label: say('Succeeded'), color: 'green', dash: [], values: perMinute(queue.completions, stepMs) },
        { label: say('Arrived'), color: 'blue', dash: [6, 3], values: perMinute(queue.arrivals, stepMs) },
        { label: say('Failed'), color: 'red', dash: [2, 2], values: perMinute(queue.failures, stepMs) },
      ];
    case 'failures':
      return [{ label: say('Failed'), color: 'red', dash: [], values: failureShare(queue) }];
    case 'waiting':
      return [
        { label: say('Waited, on average'), color: 'blue', dash: [], values: queue.waitingMeanMs },
        { label: say('Waited longest'), color: 'purple', dash: [6, 3], values: queue.waitingMaxMs },
        { label: say('Attempts took, on average'), color: 'orange', dash: [2, 2], values: queue.runningMeanMs },
      ];
  }
}

/** In this order, so that the same queue looks the same in every picture. */
const looks: readonly Pick<Line, 'color' | 'dash'>[] = [
  { color: 'blue', dash: [] },
  { color: 'orange', dash: [6, 3] },
  { color: 'green', dash: [2, 2] },
  { color: 'purple', dash: [10, 3, 2, 3] },
  { color: 'red', dash: [12, 4] },
  { color: 'yellow', dash: [4, 2, 1, 2, 1, 2] },
];

function lineOfQueue(id: ChartId, queue: QueueColumns, view: QueueView | undefined, index: number, stepMs: number): Line {
  const look = looks[index % looks.length] ?? { color: 'blue', dash: [] };
  const live = view === undefined ? undefined : measureNow(id, view);
  return { label: queue.queue, ...look, values: measure(id, queue, stepMs), ...(live === undefined ? {} : { live }) };
}

/** The same figures as in the tiles and the table of queues. */
function measureNow(id: ChartId, queue: QueueView): number | undefined {
  switch (id) {
    case 'depth':
      return waitingIn(queue) + queue.depth.active;
    case 'throughput':
      return throughputNow(queue);
    case 'failures':
      return queue.failureRate;
    case 'waiting':
      return queue.waiting?.meanMs;
  }
}

function measure(id: ChartId, queue: QueueColumns, stepMs: number): Column {
  switch (id) {
    case 'depth':
      return queue.pending.map((pending, index) => (pending === null ? null : pending + (queue.delayed[index] ?? 0) + (queue.active[index] ?? 0)));
    case 'throughput':
      return perMinute(queue.completions, stepMs);
    case 'failures':
      return failureShare(queue);
    case 'waiting':
      return queue.waitingMeanMs;
  }
}

function perMinute(counts: Column, stepMs: number): Column {
  return counts.map((count) => (count === null ? null : (count * 60_000) / stepMs));
}

/** Where no attempt ended there is no rate: none is not the same as 0 %. */
function failureShare({ completions, failures }: QueueColumns): Column {
  return failures.map((failed, index) => {
    const ended = (failed ?? 0) + (completions[index] ?? 0);
    return failed === null || ended === 0 ? null : failed / ended;
  });
}

const alertOfChart: Readonly<Partial<Record<ChartId, AlertKind>>> = { depth: 'depth', failures: 'failure-rate' };

function thresholdsOf(id: ChartId, queue: QueueView | undefined): readonly Threshold[] {
  return (queue?.alerts ?? []).filter(({ kind }) => kind === alertOfChart[id]).map(({ severity, threshold }) => ({ severity, value: threshold }));
}

/** Attempts that end well, a minute, as things go now: what was done over the last minutes is not throughput of a queue in which nothing is left. */
export function throughputNow({ depth, throughputPerMinute }: QueueView): number {
  return depth.pending + depth.delayed + depth.active === 0 ? 0 : throughputPerMinute;
}
