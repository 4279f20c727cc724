import type { Clock, ClockAnchor, ClockChange, Timer } from '../../daemon/core/clock.ts';
import { SteadyClock } from '../../daemon/platform/system-clock.ts';

interface Pending {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Time that moves only when a test says so. The clocks of its machine move together, until `jumpWall` and `sleep`; what it gives of them is
 * what the daemon's own clock makes of them.
 */
export class FakeClock implements Clock {
  #elapsedMs = 0;
  #wallOffset: number;
  #sleptMs = 0;
  /** Which start of the machine this is, and at which `#elapsedMs` it was. */
  #boot = { count: 1, at: -3_600_000 };
  #order = 0;
  readonly #timers = new Set<Pending>();
  #steady: SteadyClock;

  constructor(startAt: number = Date.UTC(2026, 0, 5, 9, 0, 0)) {
    this.#wallOffset = startAt;
    this.#steady = this.#newSteady();
  }

  now(): number {
    return this.#steady.now();
  }

  monotonic(): number {
    return this.#steady.monotonic();
  }

  anchor(): ClockAnchor {
    return this.#steady.anchor();
  }

  onChange(listener: (change: ClockChange) => void): () => void {
    return this.#steady.onChange(listener);
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

  /** The machine sleeps, and wakes: its monotonic clock and its timers stood still. */
  sleep(forMs: number): void {
    this.#wallOffset += forMs;
    this.#sleptMs += forMs;
  }

  /** The machine is off for that long, and is started again: call it while nothing runs. */
  reboot(offMs: number): void {
    this.#wallOffset += offMs;
    this.#sleptMs = 0;
    this.#boot = { count: this.#boot.count + 1, at: this.#elapsedMs };
  }

  /** The process can't run for that long: time passes, and timers come late, at the next `advance`. */
  stall(forMs: number): void {
    this.#elapsedMs += forMs;
  }

  /** Drops all timers, as the end of a process does. */
  forget(): void {
    this.#timers.clear();
  }

  /** Another process begins, which knows nothing of what the clocks did before. */
  begin(): void {
    this.#steady = this.#newSteady();
  }

  /** When the next timer is due, in wall time; undefined if there is none. */
  nextTimerAt(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : this.now() + next.dueAt - this.#elapsedMs;
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

  #newSteady(): SteadyClock {
    return new SteadyClock({
      wall: () => this.#wallOffset + this.#elapsedMs,
      monotonic: () => this.#elapsedMs,
      uptime: () => this.#elapsedMs - this.#boot.at + this.#sleptMs,
      identity: () => ({ bootId: `boot ${this.#boot.count}`, hostname: 'machine' }),
      setTimer: (delayMs, callback) => this.setTimer(delayMs, callback),
    });
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.dueAt < first.dueAt || (timer.dueAt === first.dueAt && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
