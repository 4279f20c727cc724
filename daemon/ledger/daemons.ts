import type { DaemonHealth } from '../../schemas/protocol/daemon-status.ts';

/** The number of a daemon that has its store for itself: the default of the columns that say whose a row is. */
export const soleDaemon = 0;

/** A daemon that hasn't checked in for this long is taken for dead, in milliseconds. */
export const leaseMs = 30_000;
/** Three tries within a lease, so that one that is late costs nobody's attempts. */
const checkInMs = leaseMs / 3;
/** Without a check-in for this long, a daemon has missed one, in milliseconds: half an interval more than there is between two. */
const lateMs = 1.5 * checkInMs;
/** Daemons by one name at the same time, at most. */
const mostTwins = 50;

/** A daemon that shares a store. */
export interface DaemonRow {
  readonly id: number;
  /** The same over its restarts. */
  readonly name: string;
  readonly seen_at: number;
}

/** A step of a version of a workflow, in whatever runs: what a daemon may lack the means for. */
export interface StepOfVersion {
  readonly version: string;
  readonly step: string;
}

/** How the daemons that share a store stand. */
export interface DaemonsStanding {
  /** The oldest first. */
  readonly alive: readonly DaemonRow[];
  /** Those whose attempts nobody will end. */
  readonly lost: readonly DaemonRow[];
  /** Of those alive, the one that does what is done once for all of them. */
  readonly leader: number | undefined;
  readonly nextInMs: number;
}

/** The oldest of those alive leads: a daemon that joins takes nothing over from one that works. */
export function standingOf(daemons: readonly DaemonRow[], now: number): DaemonsStanding {
  const sorted = [...daemons].sort((one, other) => one.id - other.id);
  const isAlive = ({ seen_at: seenAt }: DaemonRow): boolean => seenAt > now - leaseMs;
  const alive = sorted.filter(isAlive);
  return { alive, lost: sorted.filter((one) => !isAlive(one)), leader: alive[0]?.id, nextInMs: checkInMs };
}

/** How a daemon is, as far as the others can tell. `isStopping`: what it said itself at its last check-in. */
export function healthOf({ seen_at: seenAt, closed, isStopping }: Pick<DaemonRow, 'seen_at'> & { readonly closed: boolean; readonly isStopping: boolean }, now: number): DaemonHealth {
  if (closed) return 'left';
  if (seenAt <= now - leaseMs) return 'silent';
  if (isStopping) return 'stopping';
  return seenAt <= now - lateMs ? 'late' : 'ok';
}

/** When the others take over what it holds, unless it checks in before. */
export function leaseEndOf({ seen_at: seenAt }: Pick<DaemonRow, 'seen_at'>): number {
  return seenAt + leaseMs;
}

/** A place among the daemons, and whose it is. */
export interface SeatRow extends Pick<DaemonRow, 'name' | 'seen_at'> {
  readonly closed: boolean;
  /** Tells the state folder and the start of the machine apart by which it was taken last. */
  readonly occupant: string;
}

/** The names under which a daemon may take a place, in the order in which they are tried: copies of a machine have the same name. */
export function seatNames(name: string): readonly string[] {
  return [name, ...Array.from({ length: mostTwins - 1 }, (_, index) => `${name} (${index + 2})`)];
}

/** Whether it is one of those with a number. */
export function isNumbered(name: string): boolean {
  return / \(\d+\)$/.test(name);
}

/**
 * The name of the place that a daemon takes: the one that a crash has left, if it was certainly its own, since it may close what is under way there; else the first one that nobody has,
 * so that it never takes anything from a copy of its machine that is alive.
 */
export function seatFor(names: readonly string[], occupant: string, taken: readonly SeatRow[], now: number): string | undefined {
  const isFree = (seat: SeatRow | undefined): boolean => seat === undefined || seat.closed || seat.seen_at <= now - leaseMs;
  const own = taken.find((seat) => !isFree(seat) && seat.occupant === occupant);
  return own?.name ?? names.find((name) => isFree(taken.find((seat) => seat.name === name)));
}

/** Which daemon reads the file of a step. */
export interface ItemReader {
  /** Its name. */
  readonly daemon: string;
  /** When it began to be its task, in milliseconds since the epoch. */
  readonly since: number;
  /** How many items there are, if all of them are in the store. */
  readonly count?: number;
}
