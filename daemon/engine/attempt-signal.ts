import type { Clock, Timer } from '../core/clock.ts';
import { stallMs } from './machine-load.ts';

/** Why an attempt was told to end. `withheld`: its queue was paused or held while its request waited to leave, or it was too late for the start that it had. */
export type AbortReason = 'timeout' | 'cancelled' | 'stopped' | 'withheld';

/** When an attempt started, by both clocks: they are asked once for all who need it. */
export interface AttemptStart {
  readonly wall: number;
  readonly monotonic: number;
}

/** How long an aborted attempt may take to end before it is given up, in milliseconds. */
const giveUpMs = 10_000;

/**
 * One attempt from its claim to its end: the wait for its start, its abort signal, its time limit, and the promise that gives
 * it up when it ignores them.
 */
export class AttemptSignal {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #reason: AbortReason | undefined;
  #start: AttemptStart | undefined;
  /** When its time limit is reached, in monotonic time. */
  #limitAt = Infinity;
  #timeoutMs = 0;
  #hasEnded = false;
  #onAbort: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): AbortReason | undefined {
    return this.#reason;
  }

  /** Wall time from which on its effect may have begun. */
  get startedAt(): number | undefined {
    return this.#start?.wall;
  }

  /** The same in monotonic time; infinite before. */
  get startedMonotonic(): number {
    return this.#start?.monotonic ?? Infinity;
  }

  /** What it was to give has been given. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  abort(reason: AbortReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#timer?.cancel();
    this.#onAbort?.();
    // `TimeoutError` is what AbortSignal.timeout gives: actions tell the two kinds of end by it.
    this.#controller.abort(new DOMException(reason, reason === 'timeout' ? 'TimeoutError' : 'AbortError'));
  }

  /** Waits for its start; no longer than until it is aborted. */
  async wait(delayMs: number): Promise<void> {
    if (this.#reason !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#onAbort = resolve;
      this.#timer = this.#clock.setTimer(delayMs, resolve);
    });
    this.#onAbort = undefined;
  }

  /**
   * Waits to leave; its time limit waits with it, because the wait is ours. Ends early when the attempt is told to end: look at
   * `reason` afterwards.
   */
  async waitToLeave(delayMs: number): Promise<void> {
    if (this.#reason !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = this.#clock.setTimer(delayMs, () => resolve(undefined));
    const onAbort = (): void => resolve(undefined);
    this.signal.addEventListener('abort', onAbort, { once: true });
    await this.withoutLimit(promise);
    timer.cancel();
    this.signal.removeEventListener('abort', onAbort);
  }

  /** Waits for something of ours, which has to end when the signal aborts; the time limit stands still meanwhile. */
  async withoutLimit<Value>(wait: Promise<Value>): Promise<Value> {
    // Once it is told to end, the timer is the one that gives it up.
    if (this.#reason !== undefined || this.#hasEnded) return wait;
    this.#timer?.cancel();
    const waitsSince = this.#clock.monotonic();
    try {
      return await wait;
    } finally {
      this.#continueLimit(waitsSince);
    }
  }

  #continueLimit(waitsSince: number): void {
    if (this.reason !== undefined || this.#hasEnded) return;
    const now = this.#clock.monotonic();
    this.#limitAt += now - waitsSince;
    this.#armLimit(now);
  }

  /** From here on it counts as started. */
  start(): AttemptStart {
    this.#start = { wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
    return this.#start;
  }

  /** What the work gives that began with `start`, or `given-up` where it continues long after it was told to end. */
  race<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value | 'given-up'> {
    this.#timeoutMs = timeoutMs;
    // One promise, where Promise.race would make three of each attempt.
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#hasEnded = true;
        this.#onAbort = undefined;
        this.#timer?.cancel();
      };
      this.#onAbort = () => {
        const giveUp = (): void => {
          end();
          resolve('given-up');
        };
        const now = this.#clock.monotonic();
        this.#setLimit(now, now + giveUpMs, giveUpMs, giveUp);
      };
      this.#limitAt = this.startedMonotonic + timeoutMs;
      this.#armLimit(this.startedMonotonic);
      work.then(after(end, resolve), after(end, reject));
    });
  }

  #armLimit(now: number): void {
    this.#setLimit(now, this.#limitAt, this.#timeoutMs, () => this.abort('timeout'));
  }

  /**
   * A limit counts time in which the process could run. A timer that comes late says that it stood still, and that what has arrived
   * meanwhile hasn't been read: timers come before sockets. So the limit is put off by as much as is known to be lost, by its own length at most.
   */
  #setLimit(now: number, at: number, lengthMs: number, onReached: () => void): void {
    this.#timer = this.#clock.setTimer(Math.max(0, at - now), () => {
      const reachedAt = this.#clock.monotonic();
      const lateMs = reachedAt - at;
      if (lateMs <= stallMs) onReached();
      else this.#setLimit(reachedAt, reachedAt + Math.min(lateMs, Math.max(lengthMs, stallMs)), lengthMs, onReached);
    });
  }
}

function after<Value>(first: () => void, then: (value: Value) => void): (value: Value) => void {
  return (value) => {
    first();
    then(value);
  };
}
