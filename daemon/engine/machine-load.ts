import type { Clock, Timer } from '../core/clock.ts';
import { lackOf, type MachineTrouble } from '../core/machine-trouble.ts';

/** Attempts at a time are cut to this share when the machine lacks something. */
const cutShare = 0.6;
/** Failures within this time are one: those of attempts that were under way together. In milliseconds. */
const togetherMs = 1000;
/** After that long without trouble one more attempt at a time is allowed, in milliseconds. */
const growEveryMs = 2000;

/** Nothing more is said of a network that was missing this long ago, in milliseconds: anyone who met it may not have tried again. */
const longestSaidMs = 300_000;

export interface MachineProblem {
  /** For a person: `This machine lacks file descriptors (EMFILE).` */
  readonly problem: string;
  /** Wall time. */
  readonly since: number;
  /** Attempts at a time, of all queues; undefined if that isn't bounded. */
  readonly limit?: number;
}

export interface MachineLoadOptions {
  readonly clock: Clock;
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
  /** There may be room again. */
  readonly onRoom: () => void;
}

/**
 * How many attempts this machine can make at a time, of all queues: as many as are asked for, until it lacks something. Then fewer, and one
 * more again every two seconds (additive increase, multiplicative decrease, as in TCP).
 */
export class MachineLoad {
  readonly #options: MachineLoadOptions;
  #active = 0;
  #limit = Infinity;
  /** Attempts at a time when it first lacked something; with that many again, nothing is bounded. */
  #enough = 0;
  #cutAt = -Infinity;
  #lackedAt = -Infinity;
  #grownAt = 0;
  #problem: Omit<MachineProblem, 'limit'> | undefined;
  #kind: MachineTrouble | undefined;

  constructor(options: MachineLoadOptions) {
    this.#options = options;
  }

  /** Attempts at a time, of all queues; infinite if that isn't bounded. */
  get limit(): number {
    return this.#limit;
  }

  /** Attempts that may be claimed beyond those that are under way. */
  get room(): number {
    this.#grow();
    return Math.max(0, this.#limit - this.#active);
  }

  /** What the machine lacks; undefined if nothing. */
  get problem(): MachineProblem | undefined {
    if (this.#options.clock.monotonic() - this.#lackedAt > longestSaidMs) this.#recovered();
    if (this.#problem === undefined) return undefined;
    return { ...this.#problem, ...(this.#limit === Infinity ? {} : { limit: this.#limit }) };
  }

  took(attempts: number): void {
    this.#active += attempts;
  }

  released(): void {
    this.#active--;
    if (this.#limit !== Infinity) this.#options.onRoom();
  }

  /** An attempt could not be made. */
  lacked(kind: MachineTrouble, code: string): void {
    const { clock, log } = this.#options;
    const now = clock.monotonic();
    if (this.#problem === undefined) {
      this.#problem = { problem: `This machine lacks ${lackOf(code)} (${code}).`, since: clock.now() };
      log.warn({ code }, `this machine lacks ${lackOf(code)}: attempts that can't be made are put off and not charged`);
    }
    this.#kind = kind;
    this.#lackedAt = now;
    if (kind !== 'resources' || now - this.#cutAt < togetherMs) return;
    this.#enough = Math.max(this.#enough, this.#active);
    this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#active) * cutShare));
    this.#cutAt = this.#grownAt = now;
  }

  /** An attempt has come as far as its receiver. */
  reached(): void {
    if (this.#kind === 'network') this.#recovered();
  }

  #grow(): void {
    if (this.#limit === Infinity) return;
    const grown = Math.floor((this.#options.clock.monotonic() - this.#grownAt) / growEveryMs);
    if (grown <= 0) return;
    this.#grownAt += grown * growEveryMs;
    this.#limit += grown;
    if (this.#limit <= this.#enough) return;
    this.#limit = Infinity;
    this.#enough = 0;
    this.#recovered();
  }

  #recovered(): void {
    if (this.#limit !== Infinity || this.#problem === undefined) return;
    this.#problem = this.#kind = undefined;
    this.#options.log.info({}, 'this machine has again what it lacked');
  }
}

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

  /** The timer continues for a moment, because short attempts follow each other. */
  end(): void {
    this.#watched--;
  }

  /** Nothing begins after this. */
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
