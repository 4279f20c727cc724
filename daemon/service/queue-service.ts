import type { Clock } from '../core/clock.ts';
import { type SpentTally, fillSeries } from '../core/queue-series.ts';
import type { Engine } from '../engine/engine.ts';
import type { QueueOverrides } from '../engine/queue/queue-limits.ts';
import type { QueueRunner } from '../engine/queue/queue-runner.ts';
import type { RateUse } from '../core/rate-windows.ts';
import type { Project } from '../project/project.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import { type Forecast, maxSeriesPoints, type QueueView, seriesResolutions, type TimeSpent } from '../../schemas/protocol/queue.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { defaultQueueName } from '../../schemas/workflow/model.ts';
import { ratesOf } from '../../schemas/workflow/rate.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { DraftCount, QueueHold, SetQueueParams, Store } from '../store/store.ts';
import { connectionUse } from './connection-service.ts';
import { givenRateLimit, givenTime, knownQueue } from './param-values.ts';
import { LastKnown } from './last-known.ts';

/** Of each queue by its name: since when its oldest job waits, and how many drafts its dead letters have. */
type WaitingFigures = readonly [Awaited<ReturnType<Store['oldestPending']>>, Awaited<ReturnType<Store['deadDrafts']>>];

/** Jobs that one transaction moves. */
const jobsAtOnce = 500;

export class QueueService implements Pick<Handlers, 'queue/list' | 'queue/pause' | 'queue/resume' | 'queue/set' | 'queue/move' | 'queue/release' | 'queue/series'> {
  readonly #project: Pick<Project, 'fileOfQueue'>;
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #lastKnown: LastKnown<WaitingFigures>;

  constructor(options: { readonly project: Pick<Project, 'fileOfQueue'>; readonly engine: Engine; readonly store: Store; readonly clock: Clock }) {
    this.#project = options.project;
    this.#engine = options.engine;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#lastKnown = new LastKnown({ clock: options.clock, health: options.engine.health, initial: [{}, {}], ask: () => this.#waitingFigures() });
  }

  'queue/list': Handlers['queue/list'] = async () => ({ queues: await this.list() });

  'queue/pause': Handlers['queue/pause'] = ({ queue }) => this.#override({ queue, paused: true });

  'queue/resume': Handlers['queue/resume'] = async ({ queue }) => {
    const runner = knownQueue(this.#engine, queue);
    const { paused, hold } = runner;
    const view = await this.#override({ queue, paused: false, hold: null }, () => runner.liftHold(hold));
    return { ...view, resumed: { paused, ...heldView(hold) } };
  };

  'queue/set': Handlers['queue/set'] = ({ queue, rate, concurrency }) =>
    this.#override({
      queue,
      ...(rate === undefined ? {} : { rate: rate === 'none' || rate === 'file' ? rate : givenRateLimit(rate) }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });

  'queue/move': Handlers['queue/move'] = async ({ queue, to, dryRun = false }) => {
    const from = knownQueue(this.#engine, queue);
    const target = knownQueue(this.#engine, to);
    if (queue === to) throw new CodedError('invalid-params', message('{queue} is the queue that the jobs are in.', { queue }));
    if (to !== defaultQueueName && this.#project.fileOfQueue(to) === undefined) {
      throw new CodedError('wrong-state', message('No file declares the queue {queue}, so it has no limits that jobs could be moved to.', { queue: to }));
    }
    const { pending, delayed, active, dead } = from.depth;
    const selected = pending + delayed + active + dead;
    const carried = this.#isRenamed(from, target) ? ({ carries: true } as const) : {};
    if (dryRun) return { moved: 0, selected, ...carried };
    this.#engine.assertAcceptingWork();
    // Before the first job comes: none of a paused queue starts because its queue was renamed.
    if (carried.carries === true) await this.#override({ queue: to, ...from.overrides });
    const moved = await this.#move(from, target);
    if (carried.carries === true) await this.#override({ queue, paused: false, rate: 'file', concurrency: 'file' });
    return { moved, selected, ...carried };
  };

  'queue/release': Handlers['queue/release'] = async ({ queue }) => {
    const runner = knownQueue(this.#engine, queue);
    await this.#engine.undeclared.release(queue);
    return this.#viewNow(runner);
  };

  'queue/series': Handlers['queue/series'] = async ({ queue, resolution, ...range }) => {
    knownQueue(this.#engine, queue);
    const { stepMs, shownMs } = seriesResolutions[resolution];
    const now = this.#clock.now();
    const until = range.to === undefined ? now : givenTime('to', range.to);
    const since = range.from === undefined ? until - shownMs : givenTime('from', range.from);
    // Whole steps alone, and none that isn't over.
    const to = Math.floor(Math.min(until, now) / stepMs) * stepMs;
    const from = Math.ceil(since / stepMs) * stepMs;
    if (to - from > maxSeriesPoints * stepMs) {
      throw new CodedError('too-large', message('That would be more than {most} points of {resolution}; ask for a shorter time.', { most: maxSeriesPoints, resolution }));
    }
    return { stepMs, points: fillSeries(await this.#store.series({ queue, stepMs, from, to }), { from, to, stepMs }) };
  };

  /** All queues, by name. */
  async list(): Promise<QueueView[]> {
    const [oldest, drafts] = this.#store.isShared ? (await this.#lastKnown.read()).value : await this.#waitingFigures();
    return this.#engine.dispatcher.list().map((runner) => this.#view(runner, oldest[runner.name], drafts[runner.name]));
  }

  #waitingFigures(): Promise<WaitingFigures> {
    return Promise.all([this.#store.oldestPending(), this.#store.deadDrafts()]);
  }

  async #override(change: SetQueueParams, whenKept = (): void => {}): Promise<QueueView> {
    const runner = knownQueue(this.#engine, change.queue);
    // On disk first: what a person has set is kept from the moment that they are told so. The commit tells the runner.
    await this.#store.setQueue(change);
    whenKept();
    return this.#viewNow(runner);
  }

  /**
   * Whether one takes the place of the other, so that what was set by hand goes along. One that has jobs or settings of its own keeps its settings: a pause
   * would stop jobs that nobody meant.
   */
  #isRenamed(from: QueueRunner, to: QueueRunner): boolean {
    const { pending, delayed, active } = to.depth;
    return isSetByHand(from) && this.#engine.undeclared.of(from.name)?.reason === 'gone' && !isSetByHand(to) && pending + delayed + active === 0;
  }

  async #move(from: QueueRunner, to: QueueRunner): Promise<number> {
    let moved = 0;
    const releaseFrom = from.standStill();
    // Until it knows what the receiver of these jobs has seen lately.
    const releaseTo = to.standStill();
    try {
      for (let isFirst = true, more = true; more; isFirst = false) {
        // What was claimed ahead hasn't begun, and would begin by the limits of this queue.
        from.releasePrefetched();
        const chunk = await this.#store.moveQueue({ queue: from.name, to: to.name, limit: jobsAtOnce, isFirst });
        if (isFirst) to.follow(from);
        releaseTo();
        moved += chunk.moved;
        more = chunk.more;
      }
      return moved;
    } catch (error) {
      if (moved === 0 || !(error instanceof CodedError)) throw error;
      const told = message('{count, plural, one {# job was moved to {queue}, then it ended: {problem}} other {# jobs were moved to {queue}, then it ended: {problem}}}', { count: moved, queue: to.name, problem: error.told });
      throw new CodedError(error.code, sentences(told, message('Run it again for the rest.')), { ...error.data, moved });
    } finally {
      releaseTo();
      releaseFrom();
    }
  }

  async #viewNow(runner: QueueRunner): Promise<QueueView> {
    const [oldest, drafts] = await Promise.all([this.#store.oldestPending(), this.#store.deadDrafts()]);
    return this.#view(runner, oldest[runner.name], drafts[runner.name]);
  }

  #view(runner: QueueRunner, oldest: number | undefined, drafts: DraftCount | undefined): QueueView {
    const { name, depth, overrides, definition } = runner;
    const { hold, nextStartAt, rateUses } = runner;
    const recent = runner.recent();
    const waiting = timeSpent(recent.waiting);
    const running = timeSpent(recent.running);
    const declaredIn = this.#project.fileOfQueue(name);
    const { connections } = this.#engine.dispatcher;
    const awaited = depth.pending === 0 ? [] : connections.awaitedBy(runner.name).flatMap((name) => {
      const state = connections.stateOf(name);
      return state === undefined ? [] : [{ name, ...connectionUse(state) }];
    });
    const lacking = depth.pending === 0 ? [] : runner.passing.map(({ step, jobId, lack }) => ({ step, job: formatJobId(jobId), lack }));
    const isEmpty = depth.pending + depth.delayed + depth.active + depth.dead === 0;
    const undeclared = isEmpty ? undefined : this.#engine.undeclared.of(name);
    return {
      name,
      ...(declaredIn === undefined ? {} : { declaredIn }),
      ...(undeclared === undefined ? {} : { undeclared }),
      paused: overrides.paused,
      ...ratesView(rateUses),
      concurrency: runner.concurrency,
      // As `shared-limits.ts` decides it.
      ...(this.#store.isShared ? { concurrencyOf: (overrides.concurrency ?? definition.concurrency) === undefined ? 'each' : 'all' } : {}),
      overrides: {
        paused: overrides.paused,
        ...overriddenRates(overrides.rate),
        ...(overrides.concurrency === undefined ? {} : { concurrency: overrides.concurrency }),
      },
      depth: { pending: depth.pending, delayed: depth.delayed, active: depth.active, dead: depth.dead },
      ...(drafts === undefined ? {} : { drafts: { count: drafts.count, savedAt: new Date(drafts.savedAt).toISOString() } }),
      ...(definition.maxDepth === undefined ? {} : { maxDepth: definition.maxDepth }),
      ...heldView(hold),
      ...(nextStartAt === undefined ? {} : { nextStartAt: new Date(nextStartAt).toISOString() }),
      throughputPerMinute: runner.throughputPerMinute,
      failureRate: runner.failureRate,
      ...(oldest === undefined ? {} : { oldestPendingAt: new Date(oldest).toISOString() }),
      ...(waiting === undefined ? {} : { waiting }),
      ...(running === undefined ? {} : { running }),
      forecast: forecastView(runner, { isStoreOk: this.#engine.health.trouble === undefined, now: this.#clock.now() }),
      ...(lacking.length === 0 ? {} : { lacking }),
      ...(awaited.length === 0 ? {} : { connections: awaited }),
      alerts: [...this.#engine.alerts.alertsOf(name)],
    };
  }
}

/** A hold as clients see it; nothing if there is none. */
export function heldView(hold: QueueHold | undefined): Pick<QueueView, 'heldUntil' | 'heldBy'> {
  if (hold === undefined) return {};
  const { until, by } = hold;
  const heldUntil = new Date(until).toISOString();
  if (by === undefined) return { heldUntil };
  const { jobId, at, ...answer } = by;
  return { heldUntil, heldBy: { job: formatJobId(jobId), at: new Date(at).toISOString(), ...answer } };
}

/** The first, as clients know it that know of one rate only; all of them where there are several. */
function ratesView(uses: readonly RateUse[]): Pick<QueueView, 'rate' | 'rates' | 'rateUsed'> {
  const [first] = uses;
  if (first === undefined) return {};
  return { rate: { ...first.rate }, rateUsed: first.used, ...(uses.length === 1 ? {} : { rates: uses.map(({ rate, used }) => ({ ...rate, used })) }) };
}

function overriddenRates(limit: QueueOverrides['rate']): Pick<QueueView['overrides'], 'rate' | 'rates'> {
  if (limit === undefined || limit === 'none') return limit === undefined ? {} : { rate: limit };
  const rates = ratesOf(limit);
  const [first] = rates;
  return first === undefined ? {} : { rate: { ...first }, ...(rates.length === 1 ? {} : { rates: rates.map((rate) => ({ ...rate })) }) };
}

function isSetByHand({ overrides: { paused, rate, concurrency } }: QueueRunner): boolean {
  return paused || rate !== undefined || concurrency !== undefined;
}

function timeSpent({ count, totalMs, maxMs }: SpentTally): TimeSpent | undefined {
  return count === 0 ? undefined : { meanMs: totalMs / count, maxMs };
}

export interface ForecastOptions {
  /** Whether the store can be written. */
  readonly isStoreOk: boolean;
  /** Wall time in milliseconds. */
  readonly now: number;
  /** Jobs that are about to come, besides those that wait; 0 if omitted. */
  readonly more?: number;
}

/** Whether a queue will clear, as clients see it. */
export function forecastView(runner: QueueRunner, { isStoreOk, now, more = 0 }: ForecastOptions): Forecast {
  const verdict = runner.forecast(isStoreOk, more);
  const heldUntil = runner.hold?.until;
  const at = (time: number): string => new Date(time).toISOString();
  switch (verdict.state) {
    case 'draining':
      return { ...verdict, drainMs: Math.round(verdict.drainMs), clearsAt: at(now + verdict.drainMs) };
    case 'stalled':
      return { ...verdict, ...(verdict.reason === 'held' && heldUntil !== undefined ? { until: at(heldUntil) } : {}) };
    case 'idle':
    case 'steady':
    case 'growing':
    case 'unknown':
      return verdict;
  }
}
