import { CodedError } from '../../schemas/protocol/error.ts';
import type { Forecast, QueueView } from '../../schemas/protocol/queue.ts';
import { seriesResolutions } from '../../schemas/protocol/queue-series.ts';
import { parseRate, type Rate } from '../../schemas/workflow/rate.ts';
import type { Engine } from '../engine/engine.ts';
import type { QueueRunner } from '../engine/queue-runner.ts';
import type { Project } from '../project.ts';
import type { Handlers } from '../server/handlers.ts';
import type { SetQueueParams, Store } from '../store/store.ts';
import { knownQueue } from './known-names.ts';

export class QueueService implements Pick<Handlers, 'queue/list' | 'queue/pause' | 'queue/resume' | 'queue/set' | 'queue/series'> {
  readonly #project: Project;
  readonly #engine: Engine;
  readonly #store: Store;

  constructor(options: { readonly project: Project; readonly engine: Engine; readonly store: Store }) {
    this.#project = options.project;
    this.#engine = options.engine;
    this.#store = options.store;
  }

  'queue/list': Handlers['queue/list'] = async () => ({ queues: await this.list() });

  'queue/pause': Handlers['queue/pause'] = ({ queue }) => this.#override({ queue, paused: true });

  'queue/resume': Handlers['queue/resume'] = ({ queue }) => this.#override({ queue, paused: false });

  'queue/set': Handlers['queue/set'] = ({ queue, rate, concurrency }) =>
    this.#override({
      queue,
      ...(rate === undefined ? {} : { rate: givenRate(rate) }),
      ...(concurrency === undefined ? {} : { concurrency: concurrency ?? 'file' }),
    });

  'queue/series': Handlers['queue/series'] = async ({ queue, resolution }) => {
    knownQueue(this.#engine, queue);
    return { stepMs: seriesResolutions[resolution].stepMs, points: [] };
  };

  /** All queues, by name. */
  async list(): Promise<QueueView[]> {
    const oldest = await this.#store.oldestPending();
    return this.#engine.dispatcher.list().map((runner) => this.#view(runner, oldest[runner.name]));
  }

  async #override(change: SetQueueParams): Promise<QueueView> {
    const runner = knownQueue(this.#engine, change.queue);
    // On disk first: what a person has set is kept from the moment that they are told so.
    await this.#store.setQueue(change);
    runner.override(change);
    const oldest = await this.#store.oldestPending();
    return this.#view(runner, oldest[runner.name]);
  }

  #view(runner: QueueRunner, oldest: number | undefined): QueueView {
    const { name, rate, depth, overrides, definition } = runner;
    const { heldUntil, nextStartAt, rateUsed } = runner;
    const declaredIn = this.#project.fileOfQueue(name);
    return {
      name,
      ...(declaredIn === undefined ? {} : { declaredIn }),
      paused: overrides.paused,
      ...(rate === undefined ? {} : { rate: { ...rate } }),
      concurrency: runner.concurrency,
      overrides: {
        paused: overrides.paused,
        ...(overrides.rate === undefined ? {} : { rate: overrides.rate === null ? null : { ...overrides.rate } }),
        ...(overrides.concurrency === undefined ? {} : { concurrency: overrides.concurrency }),
      },
      depth: { pending: depth.pending, delayed: depth.delayed, active: depth.active, dead: depth.dead },
      ...(definition.maxDepth === undefined ? {} : { maxDepth: definition.maxDepth }),
      ...(rateUsed === undefined ? {} : { rateUsed }),
      ...(heldUntil === undefined ? {} : { heldUntil: new Date(heldUntil).toISOString() }),
      ...(nextStartAt === undefined ? {} : { nextStartAt: new Date(nextStartAt).toISOString() }),
      throughputPerMinute: runner.throughputPerMinute,
      failureRate: runner.failureRate,
      ...(oldest === undefined ? {} : { oldestPendingAt: new Date(oldest).toISOString() }),
      forecast: forecastOf(runner),
      alerts: [],
    };
  }
}

/** By the rate where there is one, else by what was done lately. */
function forecastOf({ paused, heldUntil, rate, depth, throughputPerMinute }: QueueRunner): Forecast {
  const waiting = depth.pending + depth.delayed;
  if (waiting === 0) return { state: 'idle' };
  if (paused) return { state: 'stalled', reason: 'paused' };
  if (heldUntil !== undefined) return { state: 'stalled', reason: 'held', until: new Date(heldUntil).toISOString() };
  if (rate !== undefined) return { state: 'draining', drainMs: Math.round((waiting * rate.perMs) / rate.limit), limitedBy: 'rate' };
  if (throughputPerMinute === 0) return { state: 'unknown' };
  return { state: 'draining', drainMs: Math.round((waiting * 60_000) / throughputPerMinute), limitedBy: 'concurrency' };
}

function givenRate(text: string | null): Rate | null | 'file' {
  if (text === null) return 'file';
  if (text === 'none') return null;
  const parsed = parseRate(text);
  if (!parsed.ok) throw new CodedError('invalid-params', `${JSON.stringify(text)} is no rate: ${parsed.problems[0]?.message ?? ''}`);
  return parsed.rate;
}
