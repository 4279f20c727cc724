import type { AttemptStart } from '../attempt-signal.ts';
import type { Clock } from '../../core/clock.ts';
import { RateWindows, type StartTicket } from '../../core/rate-windows.ts';
import type { ConnectionPlace } from '../../ledger/connection-limits.ts';
import type { MachineLoad } from '../machine-load.ts';
import type { ClaimedJob, SettleParams } from '../../store/store.ts';
import type { QueueFigures } from './queue-figures.ts';
import type { ConnectionTurns } from './connection-turns.ts';
import type { QueueLoad } from './queue-limits.ts';

export interface AttemptPoolOptions {
  readonly clock: Clock;
  readonly machine: MachineLoad;
  readonly figures: QueueFigures;
  readonly connections: ConnectionTurns;
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
    for (const job of jobs) this.#options.execute(job, job.connection === undefined ? new FreeSlot(job, this.#freeSlots) : this.#takenSlot(job, []));
  }

  /** Each starts when its ticket says. `isShared`: the tickets are of rates that daemons share, and `windows` are this one's part of them. */
  startRated(jobs: readonly ClaimedJob[], tickets: readonly StartTicket[], windows: RateWindows, isShared = false): void {
    const { execute } = this.#options;
    this.#take(jobs.length);
    for (const [index, job] of jobs.entries()) {
      const ticket = tickets[index];
      if (ticket !== undefined) execute(job, this.#takenSlot(job, [{ ticket, windows, ...(isShared ? { of: 'queue' } : {}) }]));
    }
  }

  /** The place of an attempt that takes something up beyond its slot: starts of its queue's rates, of those of its connection, or a place of its connection. */
  #takenSlot(job: ClaimedJob, starts: readonly TakenStart[]): Slot {
    const { clock, connections } = this.#options;
    const { connection } = job;
    const own = connection?.start === undefined ? [] : [this.#connectionStart(connection.name, connection.start)];
    const onRelease = (startedAt: number | undefined): void => {
      // First, so that a queue that waits for the place looks before this one.
      if (connection !== undefined) connections.released(connection.name);
      this.#release(startedAt);
    };
    return takenSlot({ starts: [...starts, ...own], clock, onStart: (start) => this.#started(job, start), onRelease });
  }

  #connectionStart(name: string, { rates, inMs }: NonNullable<ConnectionPlace['start']>): TakenStart {
    const windows = this.#options.connections.windowsOf(name, rates);
    return { ticket: windows.take(this.#options.clock.monotonic() + inMs), windows, of: 'connection' };
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

const nothingTaken: Slot['taken'] = {};

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

  get taken(): Slot['taken'] {
    return nothingTaken;
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

/** A start that was taken for an attempt. */
interface TakenStart {
  readonly ticket: StartTicket;
  readonly windows: RateWindows;
  /** Whose rate it is, if the store has decided it over others who have a part of it: `windows` are then this daemon's part. */
  readonly of?: 'queue' | 'connection';
}

interface TakenSlotOptions {
  readonly starts: readonly TakenStart[];
  readonly clock: Clock;
  /** The attempt starts. Returns when, in monotonic time. */
  readonly onStart: (start: AttemptStart) => number;
  /** It has ended; undefined if it never started. */
  readonly onRelease: (startedAt: number | undefined) => void;
}

/** It tells the windows of all rates what becomes of the attempt, which starts and leaves when the last of them lets it. */
function takenSlot({ starts, clock, onStart, onRelease }: TakenSlotOptions): Slot {
  const shared = starts.filter(({ of }) => of !== undefined);
  const isTooLate = shared.map(({ ticket, windows }) => lateness(ticket, windows, clock));
  const sentMs = Math.max(0, ...shared.map(({ windows }) => windows.sentMs));
  let ticket = RateWindows.together(starts.map((start) => start.ticket));
  let startedAt: number | undefined;
  let hasPlace = false;
  let sentAt: number | undefined;
  return {
    startInMs: starts.length === 0 ? 0 : ticket.at - clock.monotonic(),
    isFollowed: false,
    taken: { ...(shared.some(({ of }) => of === 'queue') ? { rated: true } : {}), ...(shared.some(({ of }) => of === 'connection') ? { connected: true } : {}) },
    get isTooLate() {
      return isTooLate.some((isLate) => isLate());
    },
    get countedAgoMs() {
      return shared.length === 0 || sentAt === undefined ? undefined : Math.max(0, clock.monotonic() - (sentAt + sentMs));
    },
    started: (start) => {
      startedAt = onStart(start);
      RateWindows.started(ticket, startedAt);
    },
    depart:
      starts.length === 0
        ? undefined
        : () => {
            const now = clock.monotonic();
            if (hasPlace && RateWindows.mayStillLeave(ticket, now)) return 0;
            ticket = RateWindows.depart(ticket, now, hasPlace ? 0 : now - (startedAt ?? now));
            hasPlace = true;
            return ticket.at - now;
          },
    sent: () => {
      sentAt = clock.monotonic();
      RateWindows.sent(ticket, sentAt);
    },
    putOff: () => {
      startedAt = undefined;
    },
    release: () => {
      RateWindows.ended(ticket, clock.monotonic());
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
  /** What of its starts the store has to be told with its outcome: those of rates that others have a part of. */
  readonly taken: Pick<SettleParams, 'rated' | 'connected'>;
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
