/** Delays between tries: `firstMs`, doubled each time, at most `maxMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const reconnectBackOff: BackOff = { firstMs: 250, maxMs: 30_000 };

/**
 * How long to wait before try `attempt` (from 1). Between half of the delay and all of it, by `random` (0 to 1): several windows that
 * lost the same daemon must not come back in step.
 */
export function backOffDelayMs(attempt: number, random: number, { firstMs, maxMs }: BackOff = reconnectBackOff): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(fullMs * (0.5 + random / 2));
}

/** Restarts after crashes are given up when there were this many within the window: a daemon that dies at each start helps nobody. */
const maxRestarts = 3;
const windowMs = 10 * 60_000;

/** Counts what was restarted lately. Times are milliseconds of any one clock. */
export class RestartBudget {
  readonly #restartedAt: number[] = [];

  /** Whether one more restart may be made now; it then counts. */
  take(nowMs: number): boolean {
    while (this.#restartedAt[0] !== undefined && nowMs - this.#restartedAt[0] > windowMs) this.#restartedAt.shift();
    if (this.#restartedAt.length >= maxRestarts) return false;
    this.#restartedAt.push(nowMs);
    return true;
  }

  /** A person started it by hand: that begins anew. */
  reset(): void {
    this.#restartedAt.length = 0;
  }
}
