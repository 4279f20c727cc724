import type { Clock } from '../core/clock.ts';

const burst = 20;
const everyMs = 1_000;

/** How many refused requests are kept: twenty in a row, then one a second. */
export class RefusalBudget {
  readonly #clock: Clock;
  #places = burst;
  #at: number;
  #unkept = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Undefined: the next one isn't kept. `unkept`: how many were not, before it. */
  take(): { readonly unkept: number } | undefined {
    const now = this.#clock.monotonic();
    const earned = Math.floor((now - this.#at) / everyMs);
    this.#places = Math.min(burst, this.#places + earned);
    this.#at += earned * everyMs;
    if (this.#places === 0) {
      this.#unkept++;
      return undefined;
    }
    this.#places--;
    const unkept = this.#unkept;
    this.#unkept = 0;
    return { unkept };
  }
}
