/** A timer that hasn't fired yet. */
export interface Timer {
  /** Idempotent; after it, the callback is never called. */
  cancel(): void;
}

/** The wall clock was set, or the machine has slept. */
export interface ClockChange {
  /** By how much the wall clock was set, forward if positive; 0 if the machine has only slept. Milliseconds. */
  readonly shiftMs: number;
  /** How long the machine has slept, in milliseconds. */
  readonly sleptMs: number;
}

/** A reading of the wall clock beside the machine's uptime: of two, `shiftBetween` tells how far the wall clock was set between them. */
export interface ClockAnchor {
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
  /** Since the machine was started, sleep included, in milliseconds. */
  readonly uptimeMs: number;
  /** Names this start of the machine, unlike any other of any machine. Missing if the system has no such name. */
  readonly bootId?: string;
  readonly hostname: string;
}

/** Where all time comes from, so that tests move it by hand. */
export interface Clock {
  /**
   * Wall time, in whole milliseconds since the epoch. Goes as `monotonic` does, until a change of the wall clock is told to all listeners:
   * from then on it is the new wall time. So whoever keeps wall times for waits moves them by `shiftMs` when it is told, and a wait
   * takes as long as it was asked to.
   */
  now(): number;
  /** Milliseconds from an arbitrary origin, with fractions. Never goes back, and counts the time that the machine slept, once that is known. */
  monotonic(): number;
  /** What a later process needs to tell whether the wall clock was set meanwhile. Agrees with `now`: a change that hasn't been told isn't in it. */
  anchor(): ClockAnchor;
  /** Calls back once, at `delayMs` from now or a little later, never earlier by more than a millisecond. Stands still while the machine sleeps. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls back when the wall clock was set or the machine has slept. Returns what ends it. */
  onChange(listener: (change: ClockChange) => void): () => void;
}

/** Differences up to this aren't a change, in milliseconds: some systems give the uptime in whole seconds, and clocks are corrected all the time. */
const toleratedMs = 2000;

/**
 * How far the wall clock was set between two readings of which no process has seen what is between them: forward if positive, in
 * milliseconds; 0 if it wasn't, as far as that can be told.
 *
 * While the machine keeps running, the uptime says exactly how much time has passed. Over a restart of the machine nothing does; but a
 * wall clock that is behind its earlier reading was set back, by that much at least.
 */
export function shiftBetween(before: ClockAnchor, after: ClockAnchor): number {
  const wallMs = after.wallMs - before.wallMs;
  const shiftMs = isSameStart(before, after) ? wallMs - (after.uptimeMs - before.uptimeMs) : Math.min(0, wallMs);
  return Math.abs(shiftMs) <= toleratedMs ? 0 : Math.round(shiftMs);
}

/** Whether the machine has been running all the time between two readings. False if that can't be told. */
function isSameStart(before: ClockAnchor, after: ClockAnchor): boolean {
  if (after.uptimeMs < before.uptimeMs - toleratedMs) return false;
  if (before.bootId !== undefined || after.bootId !== undefined) return before.bootId === after.bootId;
  // A machine that was restarted in between was started after the first reading.
  const startedAt = after.wallMs - after.uptimeMs;
  return before.hostname === after.hostname && startedAt < before.wallMs - toleratedMs;
}
