import type { Clock, ClockAnchor } from '../core/clock.ts';
import type { Store } from '../store/store.ts';

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
