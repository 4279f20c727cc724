import type { Clock, ClockAnchor, ClockChange, Timer } from '../core/clock.ts';

/** The clocks of a machine, as they are. All in milliseconds. */
export interface TimeSource {
  /** Since the epoch. May be set. */
  wall(): number;
  /** Never goes back, can't be set; may stand still while the machine sleeps. */
  monotonic(): number;
  /** Since the machine was started, sleep included. */
  uptime(): number;
  /** Which start of which machine the uptime counts from. */
  identity(): MachineIdentity;
  /** Follows `monotonic`. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

export type MachineIdentity = Pick<ClockAnchor, 'bootId' | 'hostname'>;

/** Differences up to this are followed without a word, in milliseconds: clocks are corrected all the time, and `uptime` is not exact. */
const toleratedMs = 1000;

/**
 * Wall time that a change of the wall clock can't lead astray. Between changes `now` is the wall clock. Where that is suddenly somewhere else than
 * the monotonic clock says, `now` goes on steadily until everybody has been told, which is at the end of the same turn of the event loop.
 *
 * A machine that wakes from sleep looks as if its clock had been set forward, where the monotonic clock stands still in sleep (Linux). The
 * uptime tells the two apart: what it has advanced more than the monotonic clock is sleep, in which real time passed for every wait; the rest
 * is somebody's correction, in which none did.
 */
export class SteadyClock implements Clock {
  readonly #source: TimeSource;
  readonly #listeners = new Set<(change: ClockChange) => void>();
  /** The last wall time at which the clocks agreed. */
  #agreedAt = -Infinity;
  /** `wall - monotonic` of the source, as far as it is known. */
  #offset: number;
  /** `uptime - monotonic` of the source, as far as it is known. */
  #uptimeOffset: number;
  #sleptMs = 0;
  #isChanging = false;

  constructor(source: TimeSource) {
    this.#source = source;
    this.#offset = source.wall() - source.monotonic();
    this.#uptimeOffset = source.uptime() - source.monotonic();
  }

  now(): number {
    const wall = this.#source.wall();
    // Asked several times a job, and so mostly within one millisecond: looked at once is enough.
    if (wall === this.#agreedAt) return wall;
    const offset = wall - this.#source.monotonic();
    if (Math.abs(offset - this.#offset) <= toleratedMs) {
      this.#offset = offset;
      this.#agreedAt = wall;
      return wall;
    }
    if (!this.#isChanging) {
      this.#isChanging = true;
      setImmediate(() => this.#change());
    }
    return Math.round(this.#offset + this.#source.monotonic());
  }

  monotonic(): number {
    return this.#source.monotonic() + this.#sleptMs;
  }

  anchor(): ClockAnchor {
    const wallMs = this.now();
    // Until a change is told, `now` doesn't have it, nor the sleep that may be in it.
    const uptimeMs = this.#isChanging ? this.#uptimeOffset + this.#source.monotonic() : this.#source.uptime();
    return { wallMs, uptimeMs: Math.round(uptimeMs), ...this.#source.identity() };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#source.setTimer(delayMs, callback);
  }

  onChange(listener: (change: ClockChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #change(): void {
    this.#isChanging = false;
    const monotonic = this.#source.monotonic();
    const offset = this.#source.wall() - monotonic;
    const uptimeOffset = this.#source.uptime() - monotonic;
    const movedMs = offset - this.#offset;
    if (Math.abs(movedMs) <= toleratedMs) return;
    const sleptMs = beyondTolerance(uptimeOffset - this.#uptimeOffset);
    this.#offset = offset;
    this.#uptimeOffset = uptimeOffset;
    this.#sleptMs += Math.max(0, sleptMs);
    const change: ClockChange = { shiftMs: Math.round(beyondTolerance(movedMs - sleptMs)), sleptMs: Math.round(Math.max(0, sleptMs)) };
    for (const listener of this.#listeners) listener(change);
  }
}

function beyondTolerance(ms: number): number {
  return Math.abs(ms) <= toleratedMs ? 0 : ms;
}
