import type { AttemptStart } from '../attempt-signal.ts';
import type { Clock } from '../../core/clock.ts';
import type { RateTicket, RateWindow } from '../../core/rate-window.ts';
import type { MachineLoad } from '../machine-load.ts';
import type { ClaimedJob } from '../../store/store.ts';
import type { QueueFigures } from './queue-figures.ts';
import type { QueueLoad } from './queue-limits.ts';
import type { Slot } from './slot.ts';

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

  /** Each starts when its ticket says. */
  startRated(jobs: readonly ClaimedJob[], tickets: readonly RateTicket[], window: RateWindow): void {
    const { clock, execute } = this.#options;
    this.#take(jobs.length);
    for (const [index, job] of jobs.entries()) {
      const ticket = tickets[index];
      if (ticket === undefined) continue;
      const slot = ratedSlot({ ticket, window, clock, onStart: (start) => this.#started(job, start), onRelease: (startedAt) => this.#release(startedAt) });
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
  readonly ticket: RateTicket;
  readonly window: RateWindow;
  readonly clock: Clock;
  /** The attempt starts. Returns when, in monotonic time. */
  readonly onStart: (start: AttemptStart) => number;
  /** It has ended; undefined if it never started. */
  readonly onRelease: (startedAt: number | undefined) => void;
}

/** The place of an attempt in a queue with a rate: it tells the rate's window what becomes of the attempt. */
function ratedSlot({ ticket: planned, window, clock, onStart, onRelease }: RatedSlotOptions): Slot {
  let ticket = planned;
  let startedAt: number | undefined;
  let hasPlace = false;
  return {
    startInMs: ticket.at - clock.monotonic(),
    isFollowed: false,
    started: (start) => {
      startedAt = onStart(start);
      window.started(ticket, startedAt);
    },
    depart: () => {
      const now = clock.monotonic();
      if (hasPlace && window.mayStillLeave(ticket, now)) return 0;
      ticket = window.depart(ticket, now, hasPlace ? 0 : now - (startedAt ?? now));
      hasPlace = true;
      return ticket.at - now;
    },
    sent: () => window.sent(ticket, clock.monotonic()),
    putOff: () => {
      startedAt = undefined;
    },
    release: () => {
      window.ended(ticket, clock.monotonic());
      onRelease(startedAt);
    },
  };
}
