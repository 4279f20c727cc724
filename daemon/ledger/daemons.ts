/** The number of a daemon that has its store for itself: the default of the columns that say whose a row is. */
export const soleDaemon = 0;

/** A daemon that hasn't checked in for this long is taken for dead, in milliseconds. */
const leaseMs = 30_000;
/** Three tries within a lease, so that one that is late costs nobody's attempts. */
const checkInMs = leaseMs / 3;

/** A daemon that shares a store. */
export interface DaemonRow {
  readonly id: number;
  /** The same over its restarts. */
  readonly name: string;
  readonly seen_at: number;
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
