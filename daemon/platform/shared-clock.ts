import { beyondTolerance, SteadyClock, type TimeSource } from './system-clock.ts';

/** What a reading is less than the time that is followed, in milliseconds, without being another time: answers take a while. */
const longestAnswerMs = 2000;
/** By how much a reading that says less moves what is followed, at most, in milliseconds: it may be late, or the clocks run apart. */
const driftMs = 1;

/**
 * The time of machines that share a store: the wall time of the store's server, carried on by this machine's sense of how time passes. So all that wait for
 * the same instant agree on it, and setting the clock of one machine changes nothing.
 *
 * A reading is late by as much as its answer took. Of all readings the one that says the latest time was answered soonest, so it is the one that counts; smaller ones
 * move it slowly, since clocks run apart by some millionths. Until the first reading it is the machine's own wall time.
 */
export class SharedClock extends SteadyClock {
  readonly #server: FollowedTime;

  constructor(machine: TimeSource) {
    const server = new FollowedTime(machine);
    super({ ...machine, wall: () => server.wall() });
    this.#server = server;
  }

  /** The server has just said what its clock says, in milliseconds since the epoch. */
  follow(wallMs: number): void {
    this.#server.follow(wallMs);
  }
}

class FollowedTime {
  readonly #machine: TimeSource;
  /** The server's wall time less `#passed`; undefined until the first reading. */
  #offset: number | undefined;
  /** `wall - monotonic` of the machine, when its sleep was last looked at. */
  #lookedAt: number;
  /** `uptime - monotonic` at the beginning. */
  readonly #uptimeOffset: number;
  #sleptMs = 0;

  constructor(machine: TimeSource) {
    this.#machine = machine;
    this.#lookedAt = machine.wall() - machine.monotonic();
    this.#uptimeOffset = machine.uptime() - machine.monotonic();
  }

  wall(): number {
    return this.#offset === undefined ? this.#machine.wall() : Math.floor(this.#offset + this.#passed());
  }

  follow(wallMs: number): void {
    const read = wallMs - this.#passed();
    const offset = this.#offset ?? -Infinity;
    this.#offset = read >= offset || read < offset - longestAnswerMs ? read : offset - Math.min(driftMs, offset - read);
  }

  /**
   * Milliseconds from an arbitrary origin, the machine's sleep included. The uptime knows of that, and is too dear to be read for each look at the clock; where the machine
   * has slept, its wall clock has moved against the monotonic one, and so it has where somebody has set it.
   */
  #passed(): number {
    const monotonic = this.#machine.monotonic();
    const moved = this.#machine.wall() - monotonic;
    if (beyondTolerance(moved - this.#lookedAt) !== 0) {
      this.#lookedAt = moved;
      this.#sleptMs = Math.max(0, beyondTolerance(this.#machine.uptime() - monotonic - this.#uptimeOffset));
    }
    return monotonic + this.#sleptMs;
  }
}
