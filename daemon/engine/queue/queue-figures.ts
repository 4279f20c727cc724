import type { ActivityTally } from '../../core/queue-series.ts';
import type { Clock } from '../../core/clock.ts';
import { forecast, type ForecastInput, type ForecastVerdict } from '../../core/forecast.ts';
import { QueueMeter } from '../../core/queue-meter.ts';
import type { MachineLoad } from '../machine-load.ts';
import type { QueueChange, QueueDepth } from '../../store/store.ts';
import type { QueueLimits } from './queue-limits.ts';

export interface QueueFiguresOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: QueueLimits;
  readonly machine: MachineLoad;
}

/** What is measured of one queue: how many jobs wait, what came and went, how long it took, and what follows from that. */
export class QueueFigures {
  readonly #clock: Clock;
  readonly #limits: QueueLimits;
  readonly #machine: MachineLoad;
  readonly #meter: QueueMeter;
  #stored: QueueDepth;
  /** Since when some job has been due, without a pause. */
  #backlogSince: number | undefined;

  constructor({ name, clock, limits, machine }: QueueFiguresOptions) {
    this.#clock = clock;
    this.#limits = limits;
    this.#machine = machine;
    this.#meter = new QueueMeter(clock.monotonic());
    this.#stored = { name, pending: 0, delayed: 0, active: 0, dead: 0 };
  }

  /** As the store has it. */
  get stored(): QueueDepth {
    return this.#stored;
  }

  get throughputPerMinute(): number {
    return this.#meter.throughputPerMinute(this.#clock.monotonic());
  }

  get failureRate(): number {
    return this.#meter.failureRate(this.#clock.monotonic());
  }

  /** What happened over the last `spanMs`, an hour at most; five minutes if it is missing. */
  recent(spanMs?: number): ActivityTally {
    return this.#meter.recent(this.#clock.monotonic(), spanMs);
  }

  /** What happened since the daemon began. */
  get total(): ActivityTally {
    return this.#meter.total();
  }

  /** What happened since this was last called. */
  take(): ActivityTally {
    return this.#meter.take();
  }

  /** What was taken could not be kept. */
  release(tally: ActivityTally): void {
    this.#meter.giveBack(tally);
  }

  /** Whether the queue will clear on its own, and when; with `more` jobs than it has. */
  forecast(isStoreOk: boolean, more = 0): ForecastVerdict {
    const prospect = this.#prospect(isStoreOk);
    return forecast({ ...prospect, pending: prospect.pending + more });
  }

  /** Whether jobs keep coming faster than they are done, for whatever reason. */
  isFilling(isStoreOk: boolean): boolean {
    const prospect = this.#prospect(isStoreOk);
    const { state } = forecast(prospect);
    return prospect.flow.arrivalsPerMs > 0 && (state === 'growing' || state === 'stalled');
  }

  /** An attempt has ended. */
  count(succeeded: boolean): void {
    this.#meter.count(this.#clock.monotonic(), succeeded);
  }

  /** An attempt has started, that long after its job was due. */
  waited(now: number, waitedMs: number): void {
    this.#meter.waited(now, waitedMs);
  }

  /** An attempt's place is free again. */
  ran(now: number, ranMs: number): void {
    this.#meter.ran(now, ranMs);
  }

  /** A transaction has moved jobs of it. */
  committed({ arrived, left, ...depth }: QueueChange): void {
    const now = this.#clock.monotonic();
    this.#stored = depth;
    this.#meter.moved(now, arrived, left);
    this.#backlogSince = depth.pending === 0 ? undefined : (this.#backlogSince ?? now);
  }

  #prospect(isStoreOk: boolean): ForecastInput {
    const { rateUses, concurrency, overrides, hold } = this.#limits;
    const { pending, delayed, active } = this.#stored;
    return {
      pending,
      delayed,
      active,
      paused: overrides.paused,
      held: hold !== undefined,
      isStoreOk,
      rates: rateUses,
      // What the machine allows is shared with other queues: no more than that, then.
      concurrency: Math.min(concurrency, this.#machine.limit),
      flow: this.#meter.flow(this.#clock.monotonic(), this.#backlogSince),
    };
  }
}
