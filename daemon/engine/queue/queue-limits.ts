import { queueDefaults, type QueueDefinition } from '../../../schemas/workflow/model.ts';
import { type Rate, type RateLimit, ratesOf } from '../../../schemas/workflow/rate.ts';
import type { Clock } from '../../core/clock.ts';
import { type RateUse, RateWindows } from '../../core/rate-windows.ts';
import type { QueueHold, StoredQueue } from '../../store/store.ts';

/** What a person has set by hand; what is left out is as the project's files say. */
export interface QueueOverrides {
  readonly paused: boolean;
  readonly rate?: RateLimit | 'none';
  readonly concurrency?: number;
}

/** What is under way, which takes up places. */
export interface QueueLoad {
  /** Attempts of this queue. */
  readonly taken: number;
  /** Attempts that the machine allows beyond those under way, of all queues. */
  readonly machineRoom: number;
}

/**
 * Whether an attempt may start now; if not, why. Where several things are in the way it is the first of this order: shut, held, full, rate.
 * `until` is wall time, and `inMs` how long that is from now, whatever happens to the wall clock; if they are missing, something has to happen first.
 */
export type StartAnswer = { readonly kind: 'free'; readonly freeSlots: number } | Obstacle;

/** What keeps an attempt from starting. */
export type Obstacle =
  | { readonly kind: 'shut'; readonly by: 'stop' | 'standstill' | 'pause' }
  | { readonly kind: 'held'; readonly until: number; readonly inMs: number; readonly hold: QueueHold }
  | { readonly kind: 'full'; readonly by: 'concurrency' | 'machine' }
  | { readonly kind: 'rate'; readonly until: number; readonly inMs: number; readonly rate: Rate };

export interface QueueLimitsOptions {
  readonly name: string;
  readonly clock: Clock;
  /** What was claimed under the limits that held until now goes back. */
  readonly onTightened: () => void;
}

/** What lets the attempts of one queue start, and what keeps them: the files' limits, those set by hand, holds, its stop. */
export class QueueLimits {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #onTightened: () => void;
  #definition: QueueDefinition;
  #overrides: QueueOverrides = { paused: false };
  /** Kept while there is no limit, so that one that comes back knows what has started before. */
  #windows: RateWindows | undefined;
  #hold: QueueHold | undefined;
  #heard: { readonly uses: readonly RateUse[]; readonly at: number } | undefined;
  #isRunning = false;
  /** Who has asked it to stand still. */
  readonly #stills = new Set<symbol>();

  constructor({ name, clock, onTightened }: QueueLimitsOptions) {
    this.#name = name;
    this.#clock = clock;
    this.#onTightened = onTightened;
    this.#definition = { name };
  }

  get definition(): QueueDefinition {
    return this.#definition;
  }

  get overrides(): QueueOverrides {
    return this.#overrides;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get concurrency(): number {
    return this.#overrides.concurrency ?? this.#definition.concurrency ?? queueDefaults.concurrency;
  }

  /** The rates that hold now: the override's, else the file's. */
  get rates(): readonly Rate[] {
    const { rate = this.#definition.rate } = this.#overrides;
    return rate === 'none' ? [] : ratesOf(rate);
  }

  /** The windows of the rates that hold now; undefined without a rate. */
  get windows(): RateWindows | undefined {
    const { rate = this.#definition.rate } = this.#overrides;
    return rate === undefined || rate === 'none' ? undefined : this.#windows;
  }

  /** Starts within the windows that end now: of all daemons that share the rates, as far as this one has heard. In the order of `rates`. */
  get rateUses(): readonly RateUse[] {
    const now = this.#clock.monotonic();
    const own = this.windows?.used(now) ?? [];
    const heard = this.#heard;
    if (heard === undefined) return own;
    return own.map(({ rate, used }) => {
      const ofAll = heard.at < now - rate.perMs ? undefined : heard.uses.find((use) => use.rate.perMs === rate.perMs);
      return { rate, used: Math.max(used, ofAll?.used ?? 0) };
    });
  }

  /** What a claim has said of rates that daemons share. */
  hear(uses: readonly RateUse[]): void {
    this.#heard = { uses, at: this.#clock.monotonic() };
  }

  /** For starts of rates that the store has decided: by these they leave. This daemon may not have heard of the rates yet. */
  windowsOf(rates: readonly Rate[]): RateWindows {
    this.#windows ??= new RateWindows(rates);
    return this.#windows;
  }

  /** Until when a receiver asked the queue to wait, and why; undefined if it isn't held. */
  get hold(): QueueHold | undefined {
    return this.#hold !== undefined && this.#hold.until > this.#clock.now() ? this.#hold : undefined;
  }

  /** Wall time at which the rate lets the next attempt start. */
  get nextStartAt(): number | undefined {
    const now = this.#clock.monotonic();
    const { windows } = this;
    return windows === undefined ? undefined : this.#clock.now() + (windows.nextStart(now) - now);
  }

  /** Places for attempts that start now, whatever else is in the way; below 0 where the concurrency was lowered. */
  freeSlots({ taken, machineRoom }: QueueLoad): number {
    return Math.min(this.concurrency - taken, machineRoom);
  }

  /** `leadMs`: a start that the rate allows within that time counts as one that it allows now. */
  mayStart(load: QueueLoad, leadMs = 0): StartAnswer {
    for (const obstacle of this.obstacles(load, leadMs)) return obstacle;
    return { kind: 'free', freeSlots: this.freeSlots(load) };
  }

  /** All that keeps an attempt from starting now, in that order: the one place that decides it. */
  *obstacles(load: QueueLoad, leadMs = 0): Generator<Obstacle, undefined> {
    if (!this.#isRunning) yield { kind: 'shut', by: 'stop' };
    if (this.#stills.size > 0) yield { kind: 'shut', by: 'standstill' };
    if (this.#overrides.paused) yield { kind: 'shut', by: 'pause' };
    const { hold, windows } = this;
    if (hold !== undefined) yield { kind: 'held', until: hold.until, inMs: hold.until - this.#clock.now(), hold };
    if (this.concurrency <= load.taken) yield { kind: 'full', by: 'concurrency' };
    if (load.machineRoom <= 0) yield { kind: 'full', by: 'machine' };
    if (windows !== undefined) {
      const now = this.#clock.monotonic();
      const next = windows.binding(now);
      if (next !== undefined && next.at > now + leadMs) yield { kind: 'rate', until: this.#clock.now() + (next.at - now), inMs: next.at - now, rate: next.rate };
    }
    return undefined;
  }

  /** What the store kept over a restart. */
  restore({ paused, rate, concurrency, hold, definition, starts }: StoredQueue): void {
    if (definition !== undefined) this.#definition = definition;
    this.#overrides = { paused, ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) };
    this.#hold = hold;
    this.#applyRate();
    const now = this.#clock.monotonic();
    const origin = now - this.#clock.now();
    this.#windows?.restore(
      starts.map(({ at, endedAt, isCutOff }) => ({ at: at + origin, endedAt: endedAt + origin, isCutOff })),
      now,
    );
  }

  declare(definition: QueueDefinition): void {
    this.#definition = definition;
    this.#applyRate();
  }

  /** What a person sets; `'file'` takes an override back. */
  override(change: { readonly paused?: boolean; readonly rate?: RateLimit | 'none' | 'file'; readonly concurrency?: number | 'file' }): void {
    const { paused, rate, concurrency } = this.#overrides;
    const newRate = change.rate === undefined ? rate : change.rate === 'file' ? undefined : change.rate;
    const newConcurrency = change.concurrency === undefined ? concurrency : change.concurrency === 'file' ? undefined : change.concurrency;
    this.#overrides = {
      paused: change.paused ?? paused,
      ...(newRate === undefined ? {} : { rate: newRate }),
      ...(newConcurrency === undefined ? {} : { concurrency: newConcurrency }),
    };
    this.#applyRate();
    if (this.#overrides.paused) this.#onTightened();
  }

  /** No attempt starts before it ends. A hold that ends later stays. */
  holdBack(hold: QueueHold): void {
    if (hold.until > (this.#hold?.until ?? 0)) this.#hold = hold;
    this.#onTightened();
  }

  /** The wall clock was set, or the machine has slept: a hold is as long as it was asked to be. */
  clockChanged(shiftMs: number): void {
    if (this.#hold !== undefined) this.#hold = { ...this.#hold, until: this.#hold.until + shiftMs };
  }

  /** Unless a longer hold has come meanwhile. */
  liftHold(hold: QueueHold | undefined): void {
    if (this.#hold === hold) this.#hold = undefined;
  }

  /** Nothing may start until `goOn` is called with what this returns. */
  standStill(): symbol {
    const still = Symbol(this.#name);
    this.#stills.add(still);
    this.#onTightened();
    return still;
  }

  /** False if it has continued already. */
  goOn(still: symbol): boolean {
    return this.#stills.delete(still);
  }

  /** Jobs of another queue have come into this one: their receiver has seen that queue's starts, and may have asked for a pause. */
  follow(other: QueueLimits): void {
    if (other.hold !== undefined) this.holdBack(other.hold);
    if (other.#windows === undefined) return;
    this.#windows ??= new RateWindows(other.#windows.rates);
    this.#windows.absorb(other.#windows);
  }

  start(): void {
    this.#isRunning = true;
  }

  stop(): void {
    this.#isRunning = false;
    this.#onTightened();
  }

  #applyRate(): void {
    const { rates } = this;
    if (rates.length === 0) return;
    this.#onTightened();
    if (this.#windows === undefined) this.#windows = new RateWindows(rates);
    else this.#windows.change(rates);
  }
}
