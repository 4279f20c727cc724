import { CodedError } from '../../schemas/protocol/error.ts';
import type { Clock } from '../core/clock.ts';
import type { StoreHealth } from '../engine/store-health.ts';

/** How long a store that others share is asked, before what was last read of it is shown, in milliseconds. */
const patienceMs = 2000;

export interface LastKnownOptions<Value> {
  readonly clock: Clock;
  readonly health: Pick<StoreHealth, 'trouble' | 'note'>;
  /** Before anything was read. */
  readonly initial: Value;
  readonly ask: () => Promise<Value>;
}

/** What was last read of a store that can be out of reach: who asks how the daemon is has to be answered then more than ever. */
export class LastKnown<Value> {
  readonly #options: LastKnownOptions<Value>;
  #value: Value;
  /** Asked longer ago than anybody waited. */
  #late: Promise<void> | undefined;

  constructor(options: LastKnownOptions<Value>) {
    this.#options = options;
    this.#value = options.initial;
  }

  /** `isFresh`: as of now; else as it was when the store last answered. */
  async read(): Promise<{ readonly value: Value; readonly isFresh: boolean }> {
    const { clock, health, ask } = this.#options;
    if (health.trouble !== undefined || this.#late !== undefined) return { value: this.#value, isFresh: false };
    const { promise: tooLate, resolve } = Promise.withResolvers<false>();
    const timer = clock.setTimer(patienceMs, () => resolve(false));
    const asked = ask().then((value) => {
      this.#value = value;
      return true as const;
    });
    try {
      const isFresh = await Promise.race([asked, tooLate]);
      if (!isFresh) this.#waitFor(asked);
      return { value: this.#value, isFresh };
    } catch (error) {
      if (!(error instanceof CodedError) || !health.note(error)) throw error;
      return { value: this.#value, isFresh: false };
    } finally {
      timer.cancel();
    }
  }

  #waitFor(asked: Promise<unknown>): void {
    this.#late = asked
      .then(() => undefined, (error: unknown) => void this.#options.health.note(error))
      .finally(() => {
        this.#late = undefined;
      });
  }
}
