import type { Clock, ClockAnchor, Timer } from '../core/clock.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';
import type { Message } from '../../schemas/wording/message.ts';
import type { Store } from '../store/store.ts';

/** When a store that can't be written is tried again, in milliseconds. */
const probeMs = 1000;
/** One that others share may be away for long, and be asked by many: each pause is longer than the one before, up to so many milliseconds. */
const longestProbeMs = 10_000;
const pauseGrowth = 1.5;

export interface StoreHealthOptions {
  readonly clock: Clock;
  /** Writes to the store, and rejects where that can't be done. */
  readonly probe: () => Promise<void>;
  readonly onChange: (trouble: StoreTrouble | undefined) => void;
  /** This process can't use the store again, whatever becomes of it. */
  readonly onUnusable?: (told: Message) => void;
  readonly isShared?: boolean;
}

export interface StoreTrouble {
  /** For a person: what is wrong. */
  readonly problem: string;
  /** The same, for a reader of another language. */
  readonly told: Message;
  /** Wall time. */
  readonly since: number;
}

/**
 * Whether the store can be written. While it can't, nothing is claimed and nothing is accepted; it is tried again every
 * second, or after longer and longer pauses if daemons share it, and everything continues by itself.
 */
export class StoreHealth {
  readonly #options: StoreHealthOptions;
  #trouble: StoreTrouble | undefined;
  #timer: Timer | undefined;
  #pauseMs = probeMs;
  #stopped = false;
  #isLost = false;

  constructor(options: StoreHealthOptions) {
    this.#options = options;
  }

  get trouble(): StoreTrouble | undefined {
    return this.#trouble;
  }

  /** Takes note of an error of the store. True if it says that the store can't be written just now. */
  note(error: unknown): boolean {
    if (!(error instanceof CodedError) || error.code !== 'store-unavailable') return false;
    if (this.#stopped || this.#isLost) return true;
    if (error.data['unusable'] === true) {
      this.lose(error.told);
      this.#options.onUnusable?.(error.told);
    } else if (this.#trouble === undefined) {
      this.#trouble = { problem: error.message, told: error.told, since: this.#options.clock.now() };
      this.#options.onChange(this.#trouble);
      this.#pauseMs = probeMs;
      this.#probeLater();
    }
    return true;
  }

  /** The store can't be used again by this process. `problem` may change meanwhile. */
  lose(problem: Message): void {
    this.#timer?.cancel();
    this.#isLost = true;
    this.#trouble = { problem: english.textOf(problem), told: problem, since: this.#trouble?.since ?? this.#options.clock.now() };
    this.#options.onChange(this.#trouble);
  }

  /** @throws CodedError `store-unavailable` while the store can't be written */
  assertAcceptingWork(): void {
    if (this.#trouble !== undefined) throw new CodedError('store-unavailable', this.#trouble.told);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #probeLater(): void {
    this.#timer = this.#options.clock.setTimer(this.#pauseMs, () => void this.#look());
    if (this.#options.isShared === true) this.#pauseMs = Math.min(this.#pauseMs * pauseGrowth, longestProbeMs);
  }

  async #look(): Promise<void> {
    try {
      await this.#options.probe();
    } catch (error) {
      this.#update(error);
      if (!this.#stopped && !this.#isLost) this.#probeLater();
      return;
    }
    if (this.#stopped || this.#isLost) return;
    this.#trouble = undefined;
    this.#options.onChange(undefined);
  }

  /** Why it can't be written may be another reason by now. */
  #update(error: unknown): void {
    if (this.#trouble === undefined || !(error instanceof CodedError) || error.code !== 'store-unavailable') return;
    if (error.data['unusable'] === true) this.note(error);
    else if (!this.#stopped && !this.#isLost) this.#trouble = { problem: error.message, told: error.told, since: this.#trouble.since };
  }
}

export interface StoreClockOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'shiftWaits'>;
  readonly onError: (error: unknown) => void;
}

/**
 * The wall clock by which the waits in the store go: the machine's own, but for changes that the store hasn't been told of yet, since it
 * couldn't be written. What is kept of it tells the next daemon how far the clock was set since.
 */
export class StoreClock {
  readonly #options: StoreClockOptions;
  /** How far the machine's clock was set without the store's knowing, in milliseconds. */
  #behindMs = 0;

  constructor(options: StoreClockOptions) {
    this.#options = options;
  }

  get isBehind(): boolean {
    return this.#behindMs !== 0;
  }

  anchor(): ClockAnchor {
    const anchor = this.#options.clock.anchor();
    return { ...anchor, wallMs: anchor.wallMs - this.#behindMs };
  }

  /** The machine's clock was set; `catchUp` tells the store. */
  shift(byMs: number): void {
    this.#behindMs += byMs;
  }

  /** Opens the store, which then sees by itself how far the clock was set since it was last written, this daemon's time included. */
  async open<Result>(open: (anchor: ClockAnchor) => Promise<Result>): Promise<Result> {
    const seenMs = this.#behindMs;
    const result = await open(this.#options.clock.anchor());
    this.#behindMs -= seenMs;
    return result;
  }

  /** Never rejects. What the store can't be told now is told with the next call. */
  async catchUp(): Promise<void> {
    const byMs = this.#behindMs;
    if (byMs === 0) return;
    this.#behindMs = 0;
    try {
      await this.#options.store.shiftWaits({ byMs, anchor: this.anchor() });
    } catch (error) {
      this.#behindMs += byMs;
      this.#options.onError(error);
    }
  }
}
