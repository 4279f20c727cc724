import type { Clock, Timer } from '../../daemon/engine/clock.ts';

interface Pending {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Time that moves only when a test says so. Wall time and monotonic time move together, until `jumpWall`. */
export class FakeClock implements Clock {
  #elapsedMs = 0;
  #wallOffset: number;
  #order = 0;
  readonly #timers = new Set<Pending>();

  constructor(startAt: number = Date.UTC(2026, 0, 5, 9, 0, 0)) {
    this.#wallOffset = startAt;
  }

  now(): number {
    return this.#wallOffset + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { dueAt: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Someone sets the machine's clock. */
  jumpWall(byMs: number): void {
    this.#wallOffset += byMs;
  }

  /** Drops all timers, as the end of a process does. */
  forget(): void {
    this.#timers.clear();
  }

  /** When the next timer is due, in wall time; undefined where there is none. */
  nextTimerAt(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : this.#wallOffset + next.dueAt;
  }

  /** Moves on, and fires what becomes due on the way, in order. After each timer `settle` may let work come to rest. */
  async advance(byMs: number, settle: () => Promise<void> = async () => {}): Promise<void> {
    const until = this.#elapsedMs + byMs;
    await settle();
    for (let next = this.#next(); next !== undefined && next.dueAt <= until; next = this.#next()) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueAt);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, until);
    await settle();
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.dueAt < first.dueAt || (timer.dueAt === first.dueAt && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
