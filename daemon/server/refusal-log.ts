import type { Log } from '../log/daemon-log.ts';
import type { Clock } from '../core/clock.ts';

/** A page that tries again and again must not push everything else out of the log. */
const silenceMs = 60_000;

/** Tells of refused visitors: the first of each status at once, then at most one line a minute, with their number. */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #told = new Map<number, { readonly atMs: number; untold: number }>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  add(status: number, reason: string): void {
    const nowMs = this.#clock.monotonic();
    const last = this.#told.get(status);
    if (last !== undefined && nowMs - last.atMs < silenceMs) {
      last.untold++;
      return;
    }
    this.#told.set(status, { atMs: nowMs, untold: 0 });
    this.#log.warn({ status, reason, ...(last === undefined || last.untold === 0 ? {} : { before: last.untold }) }, 'a request was refused');
  }
}
