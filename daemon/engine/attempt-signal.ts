import type { Clock, Timer } from './clock.ts';

/** Why an attempt was told to end. */
export type AbortReason = 'timeout' | 'cancelled' | 'stopped';

/** How long an aborted attempt may take to end before it is given up, in milliseconds. */
const giveUpMs = 10_000;

/** One attempt's abort signal, its time limit, and the promise that gives it up when it doesn't heed them. */
export class AttemptSignal {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  #timer: Timer;
  #reason: AbortReason | undefined;
  #giveUp: (() => void) | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timer = clock.setTimer(timeoutMs, () => this.abort('timeout'));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): AbortReason | undefined {
    return this.#reason;
  }

  abort(reason: AbortReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#timer.cancel();
    this.#timer = this.#clock.setTimer(giveUpMs, () => this.#giveUp?.());
    // `TimeoutError` is what AbortSignal.timeout gives: actions tell the two kinds of end by it.
    this.#controller.abort(new DOMException(reason, reason === 'timeout' ? 'TimeoutError' : 'AbortError'));
  }

  /** What the work gives, or `given-up` where it goes on long after it was told to end. */
  async race<Value>(work: Promise<Value>): Promise<Value | 'given-up'> {
    const givenUp = new Promise<'given-up'>((resolve) => {
      this.#giveUp = () => resolve('given-up');
    });
    try {
      return await Promise.race([work, givenUp]);
    } finally {
      this.#timer.cancel();
    }
  }
}
