import { queueDefaults, type QueueDefinition } from '../../../schemas/workflow/model.ts';
import type { Rate } from '../../../schemas/workflow/rate.ts';
import type { Clock } from '../../core/clock.ts';
import { RateWindow } from '../../core/rate-window.ts';
import type { QueueHold, StoredQueue } from '../../store/store.ts';

/** What a person has set by hand; what is left out is as the project's files say. */
export interface QueueOverrides {
  readonly paused: boolean;
  readonly rate?: Rate | 'none';
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
 * Whether an attempt may start now; if not, why. Where several things are in the way it is the first of this order. `until` is wall time;
 * if it is missing, something has to happen first.
 */
export type StartAnswer =
  | { readonly kind: 'free'; readonly freeSlots: number }
  | { readonly kind: 'stopped' | 'standing-still' | 'paused' | 'concurrency-full' | 'machine-full' }
  | { readonly kind: 'held'; readonly until: number; readonly hold: QueueHold }
  | { readonly kind: 'rate'; readonly until: number };

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
  #window: RateWindow | undefined;
  #hold: QueueHold | undefined;
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

  /** The rate that holds now: the override's, else the file's. */
  get rate(): Rate | undefined {
    const { rate = this.#definition.rate } = this.#overrides;
    return rate === 'none' ? undefined : rate;
  }

  /** The window of the rate that holds now. */
  get window(): RateWindow | undefined {
    return this.rate === undefined ? undefined : this.#window;
  }

  /** Until when a receiver asked the queue to wait, and why; undefined if it isn't held. */
  get hold(): QueueHold | undefined {
    return this.#hold !== undefined && this.#hold.until > this.#clock.now() ? this.#hold : undefined;
  }

  /** Wall time at which the rate lets the next attempt start. */
  get nextStartAt(): number | undefined {
    const now = this.#clock.monotonic();
    const { window } = this;
    return window === undefined ? undefined : this.#clock.now() + (window.nextStart(now) - now);
  }

  /** What keeps the queue until somebody lets it continue; undefined if nothing does. */
  get shut(): 'stopped' | 'standing-still' | 'paused' | undefined {
    if (!this.#isRunning) return 'stopped';
    if (this.#stills.size > 0) return 'standing-still';
    return this.#overrides.paused ? 'paused' : undefined;
  }

  /** Places for attempts that start now, whatever else is in the way; below 0 where the concurrency was lowered. */
  freeSlots({ taken, machineRoom }: QueueLoad): number {
    return Math.min(this.concurrency - taken, machineRoom);
  }

  mayStart(load: QueueLoad): StartAnswer {
    const { shut, hold, nextStartAt } = this;
    if (shut !== undefined) return { kind: shut };
    if (hold !== undefined) return { kind: 'held', until: hold.until, hold };
    if (this.concurrency <= load.taken) return { kind: 'concurrency-full' };
    if (load.machineRoom <= 0) return { kind: 'machine-full' };
    if (nextStartAt !== undefined && nextStartAt > this.#clock.now()) return { kind: 'rate', until: nextStartAt };
    return { kind: 'free', freeSlots: this.freeSlots(load) };
  }

  /** What the store kept over a restart. */
  restore({ paused, rate, concurrency, hold, definition, starts }: StoredQueue): void {
    if (definition !== undefined) this.#definition = definition;
    this.#overrides = { paused, ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) };
    this.#hold = hold;
    this.#applyRate();
    const now = this.#clock.monotonic();
    const origin = now - this.#clock.now();
    this.#window?.restore(
      starts.map(({ at, endedAt, isCutOff }) => ({ at: at + origin, endedAt: endedAt + origin, isCutOff })),
      now,
    );
  }

  declare(definition: QueueDefinition): void {
    this.#definition = definition;
    this.#applyRate();
  }

  /** What a person sets; `'file'` takes an override back. */
  override(change: { readonly paused?: boolean; readonly rate?: Rate | 'none' | 'file'; readonly concurrency?: number | 'file' }): void {
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
    if (other.#window === undefined) return;
    this.#window ??= new RateWindow(other.#window.rate);
    this.#window.absorb(other.#window);
  }

  start(): void {
    this.#isRunning = true;
  }

  stop(): void {
    this.#isRunning = false;
    this.#onTightened();
  }

  #applyRate(): void {
    const { rate } = this;
    if (rate === undefined) return;
    this.#onTightened();
    if (this.#window === undefined) this.#window = new RateWindow(rate);
    else this.#window.change(rate);
  }
}
