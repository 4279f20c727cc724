import type { Clock, Timer } from '../core/clock.ts';

/** How often it is looked at whether timers come in time, in milliseconds: only while there is anything that a stall could cut off. */
const lookEveryMs = 2000;
/** A timer that comes later than this says that the process stood still, in milliseconds. */
export const stallMs = 1000;

/**
 * Knows when this process could not run: it was stopped, the machine slept, or something kept the event loop busy. What was waiting for an answer meanwhile
 * may have been cut off by that.
 */
export class StallWatch {
  readonly #clock: Clock;
  #watched = 0;
  #timer: Timer | undefined;
  #dueAt = 0;
  /** When the last stall was over, in monotonic time. */
  #endedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something that a stall could cut off begins. */
  begin(): void {
    this.#watched++;
    if (this.#timer === undefined) this.#arm();
  }

  /** The timer goes on for a moment, because short attempts follow each other. */
  end(): void {
    this.#watched--;
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The machine has slept. */
  slept(): void {
    this.#endedAt = this.#clock.monotonic();
  }

  /** Whether the process stood still at some time since then, in monotonic time. */
  stalledSince(since: number): boolean {
    this.#look();
    return this.#endedAt >= since;
  }

  #arm(): void {
    this.#dueAt = this.#clock.monotonic() + lookEveryMs;
    this.#timer = this.#clock.setTimer(lookEveryMs, () => {
      this.#look();
      this.#timer = undefined;
      if (this.#watched > 0) this.#arm();
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    if (this.#timer !== undefined && now - this.#dueAt > stallMs) this.#endedAt = now;
  }
}
