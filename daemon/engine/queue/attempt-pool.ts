import type { AttemptStart } from '../attempt-signal.ts';
import type { Clock } from '../../core/clock.ts';
import type { RateWindows, StartTicket } from '../../core/rate-windows.ts';
import type { MachineLoad } from '../machine-load.ts';
import type { ClaimedJob } from '../../store/store.ts';
import type { QueueFigures } from './queue-figures.ts';
import type { QueueLoad } from './queue-limits.ts';

export interface AttemptPoolOptions {
  readonly clock: Clock;
  readonly machine: MachineLoad;
  readonly figures: QueueFigures;
  /** Makes the attempt, and calls `slot.release` at its end whatever happens. */
  readonly execute: (job: ClaimedJob, slot: Slot) => void;
  /** Whether another job is there to take a place that becomes free. */
  readonly isFollowed: () => boolean;
  /** A place is free again. `ranMs` is undefined if the attempt never started, or was put off. */
  readonly onRelease: (ranMs: number | undefined) => void;
}

/** The attempts of one queue that are under way: each has a place from its claim on until nothing can repeat it. */
export class AttemptPool {
  readonly #options: AttemptPoolOptions;
  readonly #freeSlots: Places;
  /** Handed to the executor and not yet released. */
  #taken = 0;

  constructor(options: AttemptPoolOptions) {
    this.#options = options;
    this.#freeSlots = {
      isFollowed: options.isFollowed,
      started: (job, start) => this.#started(job, start),
      release: (startedAt) => this.#release(startedAt),
    };
  }

  get taken(): number {
    return this.#taken;
  }

  get load(): QueueLoad {
    return { taken: this.#taken, machineRoom: this.#options.machine.room };
  }

  /** They start now. */
  startFree(jobs: readonly ClaimedJob[]): void {
    this.#take(jobs.length);
    for (const job of jobs) this.#options.execute(job, new FreeSlot(job, this.#freeSlots));
  }

  /** Each starts when its ticket says. `isShared`: the tickets are of rates that daemons share, and `windows` are this one's part of them. */
  startRated(jobs: readonly ClaimedJob[], tickets: readonly StartTicket[], windows: RateWindows, isShared = false): void {
    const { clock, execute } = this.#options;
    this.#take(jobs.length);
    for (const [index, job] of jobs.entries()) {
      const ticket = tickets[index];
      if (ticket === undefined) continue;
      const slot = ratedSlot({ ticket, windows, isShared, clock, onStart: (start) => this.#started(job, start), onRelease: (startedAt) => this.#release(startedAt) });
      execute(job, slot);
    }
  }

  #take(attempts: number): void {
    this.#taken += attempts;
    this.#options.machine.took(attempts);
  }

  #started({ dueAt }: ClaimedJob, { wall, monotonic }: AttemptStart): number {
    this.#options.figures.waited(monotonic, Math.max(0, wall - dueAt));
    return monotonic;
  }

  #release(startedAt: number | undefined): void {
    const { clock, figures, machine, onRelease } = this.#options;
    const now = clock.monotonic();
    const ranMs = startedAt === undefined ? undefined : now - startedAt;
    if (ranMs !== undefined) figures.ran(now, ranMs);
    this.#taken--;
    machine.released();
    onRelease(ranMs);
  }
}

/** What the places of a pool are told; the same for all of them. */
interface Places {
  readonly isFollowed: () => boolean;
  /** Returns when, in monotonic time. */
  readonly started: (job: ClaimedJob, start: AttemptStart) => number;
  /** `startedAt` is undefined if it never started. */
  readonly release: (startedAt: number | undefined) => void;
}

/** The place of an attempt in a queue without a rate. There is one for each job, so it has no functions of its own. */
class FreeSlot implements Slot {
  readonly startInMs = 0;
  readonly depart = undefined;
  readonly #job: ClaimedJob;
  readonly #freeSlots: Places;
  #startedAt: number | undefined;

  constructor(job: ClaimedJob, freeSlots: Places) {
    this.#job = job;
    this.#freeSlots = freeSlots;
  }

  get isFollowed(): boolean {
    return this.#freeSlots.isFollowed();
  }

  get isShared(): boolean {
    return false;
  }

  get isTooLate(): boolean {
    return false;
  }

  get countedAgoMs(): undefined {
    return undefined;
  }

  started(start: AttemptStart): void {
    this.#startedAt = this.#freeSlots.started(this.#job, start);
  }

  sent(): void {}

  putOff(): void {
    this.#startedAt = undefined;
  }

  release(): void {
    this.#freeSlots.release(this.#startedAt);
  }
}

export interface RatedSlotOptions {
  /** The start that was taken for the attempt. */
  readonly ticket: StartTicket;
  readonly windows: RateWindows;
  readonly isShared: boolean;
  readonly clock: Clock;
  /** The attempt starts. Returns when, in monotonic time. */
  readonly onStart: (start: AttemptStart) => number;
  /** It has ended; undefined if it never started. */
  readonly onRelease: (startedAt: number | undefined) => void;
}

/** The place of an attempt in a queue with a rate: it tells the rates' windows what becomes of the attempt. */
function ratedSlot({ ticket: planned, windows, isShared, clock, onStart, onRelease }: RatedSlotOptions): Slot {
  const isTooLate = isShared ? lateness(planned, windows, clock) : () => false;
  let ticket = planned;
  let startedAt: number | undefined;
  let hasPlace = false;
  let sentAt: number | undefined;
  return {
    startInMs: ticket.at - clock.monotonic(),
    isFollowed: false,
    isShared,
    get isTooLate() {
      return isTooLate();
    },
    get countedAgoMs() {
      return sentAt === undefined ? undefined : Math.max(0, clock.monotonic() - (sentAt + windows.sentMs));
    },
    started: (start) => {
      startedAt = onStart(start);
      windows.started(ticket, startedAt);
    },
    depart: () => {
      const now = clock.monotonic();
      if (hasPlace && windows.mayStillLeave(ticket, now)) return 0;
      ticket = windows.depart(ticket, now, hasPlace ? 0 : now - (startedAt ?? now));
      hasPlace = true;
      return ticket.at - now;
    },
    sent: () => {
      sentAt = clock.monotonic();
      windows.sent(ticket, sentAt);
    },
    putOff: () => {
      startedAt = undefined;
    },
    release: () => {
      windows.ended(ticket, clock.monotonic());
      onRelease(startedAt);
    },
  };
}

/** By either clock: one that stands still while the machine sleeps doesn't say what the others have done meanwhile. */
function lateness({ at }: StartTicket, windows: RateWindows, clock: Clock): () => boolean {
  const leaveBy = at + windows.leaveWithinMs;
  const leaveByWall = clock.now() + (leaveBy - clock.monotonic());
  return () => clock.monotonic() > leaveBy || clock.now() > leaveByWall;
}

/** What an attempt takes up of its queue. */
export interface Slot {
  /** How long to wait before the start, in milliseconds; the rate may allow it only then. */
  readonly startInMs: number;
  /** The attempt starts. */
  started(start: AttemptStart): void;
  /**
   * The attempt's request is ready to leave: what was slow before, such as the connection, is over. How long it has to wait, in
   * milliseconds; asked again after that wait, because timers may be late. Undefined if the queue has no rate.
   */
  readonly depart: (() => number) | undefined;
  /** The request leaves. */
  sent(): void;
  /** It has taken a start of a rate that several daemons share. */
  readonly isShared: boolean;
  /** It is too late for that start, which another daemon may have by now: nothing may leave. */
  readonly isTooLate: boolean;
  /** So long ago its receiver had counted it, in milliseconds; undefined if nothing has left. */
  readonly countedAgoMs: number | undefined;
  /** Another job is there to take the place: nobody waits for what this one leads to. */
  readonly isFollowed: boolean;
  /** The attempt could not be made, and is put off: how long it took says nothing of how long attempts take. */
  putOff(): void;
  /** The attempt has ended, or will never start. */
  release(): void;
}
