/** A timer that hasn't fired yet. */
export interface Timer {
  /** Idempotent; after it, the callback is never called. */
  cancel(): void;
}

/** Where all time comes from, so that tests move it by hand. */
export interface Clock {
  /** Wall time, in milliseconds since the epoch. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary origin, with fractions. Never goes back, and stands still for no one. */
  monotonic(): number;
  /** Calls back once, at `delayMs` from now or a little later, never earlier by more than a millisecond. */
  setTimer(delayMs: number, callback: () => void): Timer;
}
