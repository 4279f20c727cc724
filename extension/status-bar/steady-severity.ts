import type { Severity } from './health.ts';

/** How long a warning or an error stays after its cause has gone. */
const dwellMs = 10_000;

const rank: Readonly<Record<Severity, number>> = { rest: 0, warning: 1, error: 2 };

/** Keeps the colour of the status bar from blinking: it rises at once, and falls when it has been lower for ten seconds on end. */
export class SteadySeverity {
  #shown: Severity = 'rest';
  /** Since when it could have been lower, and the highest that it has been since. */
  #lower: { readonly sinceMs: number; readonly highest: Severity } | undefined;

  /** The cause has gone for good. */
  reset(): void {
    this.#shown = 'rest';
    this.#lower = undefined;
  }

  /** What to show now. `againInMs`: when to ask again, where nothing else happens. */
  next(severity: Severity, nowMs: number): { readonly shown: Severity; readonly againInMs?: number } {
    if (rank[severity] >= rank[this.#shown]) {
      this.#shown = severity;
      this.#lower = undefined;
      return { shown: severity };
    }
    const lower = this.#lower ?? { sinceMs: nowMs, highest: severity };
    const highest = rank[severity] > rank[lower.highest] ? severity : lower.highest;
    const leftMs = lower.sinceMs + dwellMs - nowMs;
    if (leftMs > 0) {
      this.#lower = { sinceMs: lower.sinceMs, highest };
      return { shown: this.#shown, againInMs: leftMs };
    }
    this.#shown = highest;
    this.#lower = undefined;
    return rank[severity] < rank[highest] ? this.next(severity, nowMs) : { shown: highest };
  }
}
