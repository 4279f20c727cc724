import type { Clock } from '../core/clock.ts';

/** Waits of a service that its stop ends at once. */
export class StoppableWaits {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are now. */
  get size(): number {
    return this.#ends.size;
  }

  /** Resolves after that time, in milliseconds, or with `stop`. */
  async wait(delayMs: number): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(delayMs, () => end());
      const end = (): void => {
        timer.cancel();
        this.#ends.delete(end);
        resolve();
      };
      this.#ends.add(end);
    });
  }

  /** Ends all of them, and those that would begin. */
  stop(): void {
    this.#isStopped = true;
    for (const end of this.#ends) end();
  }
}
