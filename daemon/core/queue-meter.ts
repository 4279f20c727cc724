/** How far back the rates of a queue look, and how finely, in milliseconds. */
export const meterSpanMs = 5 * 60_000;
const bucketMs = 10_000;
const buckets = meterSpanMs / bucketMs;

/** Attempts that ended over the last five minutes, in buckets of ten seconds. Times are those of one monotonic clock. */
export class QueueMeter {
  readonly #succeeded = new Uint32Array(buckets);
  readonly #failed = new Uint32Array(buckets);
  #newest = 0;
  readonly #since: number;

  constructor(now: number) {
    this.#since = now;
    this.#newest = Math.floor(now / bucketMs);
  }

  count(now: number, succeeded: boolean): void {
    this.#roll(now);
    const counts = succeeded ? this.#succeeded : this.#failed;
    const at = this.#newest % buckets;
    counts[at] = (counts[at] ?? 0) + 1;
  }

  /** Succeeded attempts a minute, over the span or since the meter began. */
  throughputPerMinute(now: number): number {
    this.#roll(now);
    const spanMs = Math.min(meterSpanMs, Math.max(bucketMs, now - this.#since));
    return (sum(this.#succeeded) * 60_000) / spanMs;
  }

  /** 0..1; 0 where nothing has ended. */
  failureRate(now: number): number {
    this.#roll(now);
    const failed = sum(this.#failed);
    const all = failed + sum(this.#succeeded);
    return all === 0 ? 0 : failed / all;
  }

  #roll(now: number): void {
    const bucket = Math.floor(now / bucketMs);
    const first = Math.max(this.#newest + 1, bucket - buckets + 1);
    for (let one = first; one <= bucket; one++) {
      this.#succeeded[one % buckets] = 0;
      this.#failed[one % buckets] = 0;
    }
    this.#newest = Math.max(this.#newest, bucket);
  }
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
