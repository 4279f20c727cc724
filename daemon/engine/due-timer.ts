import type { Clock, Timer } from '../core/clock.ts';
import type { Store } from '../store/store.ts';

/** The longest timer for what is due later, in milliseconds. */
const longestWaitMs = 60_000;
/** How much later those do it that don't lead, in milliseconds: if the one that leads does it, they needn't. */
const followMs = 2000;

export interface DueTimerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'promote'>;
  readonly isStoreOk: () => boolean;
  readonly leads: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Makes delayed jobs pending when the next of them is due. */
export class DueTimer {
  readonly #options: DueTimerOptions;
  #nextDueAt: number | undefined;
  #timer: Timer | undefined;
  #promoting = false;
  #stopped = false;

  constructor(options: DueTimerOptions) {
    this.#options = options;
  }

  /** When the next delayed job is due, in wall time; undefined if there is none, or it isn't known. */
  set(nextDueAt: number | undefined): void {
    this.#nextDueAt = nextDueAt;
    this.arm();
  }

  /** Call it when the clock was set, and when the store can be written again. */
  arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { clock, isStoreOk, leads } = this.#options;
    if (this.#nextDueAt === undefined || this.#stopped || !isStoreOk()) return;
    const waitMs = Math.max(0, this.#nextDueAt - clock.now()) + (leads() ? 0 : followMs);
    // Looked at again now and then, since the machine may sleep without the timer's knowing.
    if (waitMs > longestWaitMs) this.#timer = clock.setTimer(longestWaitMs, () => this.arm());
    else this.#timer = clock.setTimer(waitMs, () => void this.#promote());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #promote(): Promise<void> {
    if (this.#promoting || this.#stopped) return;
    this.#promoting = true;
    const { clock, store, onError } = this.#options;
    try {
      await store.promote({ now: clock.now() });
    } catch (error) {
      onError(error);
    } finally {
      this.#promoting = false;
    }
  }
}

/** Waits of a service that its stop ends immediately. */
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
