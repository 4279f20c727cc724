import type { Clock, ClockAnchor, Timer } from '../core/clock.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';
import type { Message } from '../../schemas/wording/message.ts';
import type { Store } from '../store/store.ts';

/** How often a store that can't be written is tried again, in milliseconds. */
const probeEveryMs = 1000;

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
 * second, and everything continues by itself.
 */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #probe: () => Promise<void>;
  readonly #onChange: (trouble: StoreTrouble | undefined) => void;
  #trouble: StoreTrouble | undefined;
  #timer: Timer | undefined;
  #stopped = false;
  #isLost = false;

  /** `probe`: writes to the store, and rejects where that can't be done. */
  constructor(options: { readonly clock: Clock; readonly probe: () => Promise<void>; readonly onChange: (trouble: StoreTrouble | undefined) => void }) {
    this.#clock = options.clock;
    this.#probe = options.probe;
    this.#onChange = options.onChange;
  }

  get trouble(): StoreTrouble | undefined {
    return this.#trouble;
  }

  /** Takes note of an error of the store. True if it says that the store can't be written just now. */
  note(error: unknown): boolean {
    if (!(error instanceof CodedError) || error.code !== 'store-unavailable') return false;
    if (this.#trouble === undefined && !this.#stopped) {
      this.#trouble = { problem: error.message, told: error.told, since: this.#clock.now() };
      this.#onChange(this.#trouble);
      this.#probeLater();
    }
    return true;
  }

  /** The store can't be used again by this process. `problem` may change meanwhile. */
  lose(problem: Message): void {
    this.#timer?.cancel();
    this.#isLost = true;
    this.#trouble = { problem: english.textOf(problem), told: problem, since: this.#trouble?.since ?? this.#clock.now() };
    this.#onChange(this.#trouble);
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
    this.#timer = this.#clock.setTimer(probeEveryMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      await this.#probe();
    } catch {
      if (!this.#stopped && !this.#isLost) this.#probeLater();
      return;
    }
    if (this.#stopped || this.#isLost) return;
    this.#trouble = undefined;
    this.#onChange(undefined);
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
