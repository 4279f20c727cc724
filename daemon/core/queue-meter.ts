import { ActivityTally } from './queue-series.ts';
import type { QueueFlow } from './forecast.ts';

/** How far back the figures of a queue look, in milliseconds. */
export const meterSpanMs = 5 * 60_000;
/** How far back a meter can be asked for. */
export const longestMeterSpanMs = 60 * 60_000;
const bucketMs = 10_000;
/** A meter that is younger than this says what it counted, and not what that would be if it continued. */
const shortestSpanMs = 60_000;
/** So many jobs that have left, in so long a time at least, tell how fast that goes; what was before them isn't looked at. */
const enoughLeft = 20;
const enoughMs = 20_000;

/** What a queue did over the last hour, in buckets of ten seconds. Times are milliseconds of one monotonic clock. */
export class QueueMeter {
  /** Those in which something happened, by their number, oldest first. */
  readonly #buckets = new Map<number, ActivityTally>();
  readonly #since: number;
  #newest = -1;
  #current = new ActivityTally();
  #untaken = new ActivityTally();
  /** Of the buckets before the current one, however old. */
  readonly #before = new ActivityTally();

  constructor(now: number) {
    this.#since = now;
  }

  /** An attempt has ended. */
  count(now: number, succeeded: boolean): void {
    const current = this.#at(now);
    if (succeeded) {
      current.succeeded++;
      this.#untaken.succeeded++;
    } else {
      current.failed++;
      this.#untaken.failed++;
    }
  }

  /** Jobs have come, and have left by their attempts. */
  moved(now: number, arrived: number, left: number): void {
    if (arrived + left === 0) return;
    const current = this.#at(now);
    current.arrived += arrived;
    current.left += left;
    this.#untaken.arrived += arrived;
    this.#untaken.left += left;
  }

  /** An attempt starts, of a job that was due so long ago. */
  waited(now: number, ms: number): void {
    this.#at(now).waiting.add(ms);
    this.#untaken.waiting.add(ms);
  }

  /** An attempt took that long. */
  ran(now: number, ms: number): void {
    this.#at(now).running.add(ms);
    this.#untaken.running.add(ms);
  }

  /** What has happened since it was last called. */
  take(): ActivityTally {
    const taken = this.#untaken;
    this.#untaken = new ActivityTally();
    return taken;
  }

  /** What was taken could not be kept; it is given again with what comes next. */
  giveBack(taken: ActivityTally): void {
    this.#untaken.merge(taken);
  }

  /** What has happened since the meter began. */
  total(): ActivityTally {
    const sum = new ActivityTally();
    sum.merge(this.#before);
    sum.merge(this.#current);
    return sum;
  }

  /** What happened over the last `spanMs`, to the bucket. */
  recent(now: number, spanMs: number = meterSpanMs): ActivityTally {
    const sum = new ActivityTally();
    const oldest = Math.floor(now / bucketMs) - Math.ceil(spanMs / bucketMs);
    for (const [number, tally] of this.#buckets) if (number > oldest) sum.merge(tally);
    return sum;
  }

  /** Succeeded attempts a minute, over the span or since the meter began, but over a minute at least. */
  throughputPerMinute(now: number): number {
    return (this.recent(now).succeeded * 60_000) / Math.min(meterSpanMs, Math.max(shortestSpanMs, now - this.#since));
  }

  /** 0..1; 0 where nothing has ended. */
  failureRate(now: number, spanMs: number = meterSpanMs): number {
    const { failed, succeeded } = this.recent(now, spanMs);
    return failed + succeeded === 0 ? 0 : failed / (failed + succeeded);
  }

  /** How jobs come and go, for a queue in which some have been due without a pause since then; undefined if none is due. */
  flow(now: number, backlogSince: number | undefined): QueueFlow {
    const { running, failed, left } = this.recent(now);
    return {
      arrivalsPerMs: this.#arrivalsPerMs(now),
      ...this.#leaving(now, backlogSince ?? now),
      completedRecently: left,
      failedRecently: failed,
      ...(running.count === 0 ? {} : { meanRunningMs: running.totalMs / running.count }),
    };
  }

  /**
   * How many have left since then, over the newest of them where those are enough: what was changed a minute ago, such as the rate, shall
   * be seen now.
   */
  #leaving(now: number, backlogSince: number): { readonly left: number; readonly leftMs: number } {
    // From the first whole bucket on: what left earlier in one that began before says nothing of the jobs that are due now.
    const earliest = Math.ceil(Math.max(backlogSince, now - meterSpanMs, this.#since) / bucketMs) * bucketMs;
    let left = 0;
    for (const [number, tally] of [...this.#buckets].reverse()) {
      const from = number * bucketMs;
      if (from < earliest) break;
      left += tally.left;
      if (left >= enoughLeft && now - from >= enoughMs) return { left, leftMs: now - from };
    }
    return { left, leftMs: Math.max(0, now - earliest) };
  }

  /**
   * How many jobs come, where they keep coming. A burst, such as the start of a run, says nothing of what is to come: it takes three
   * buckets to make a stream, and one that has paused for thrice its usual gap has ended.
   */
  #arrivalsPerMs(now: number): number {
    const newest = Math.floor(now / bucketMs);
    const streaming = [...this.#buckets].filter(([number, { arrived }]) => arrived > 0 && number > newest - meterSpanMs / bucketMs);
    const [first] = streaming[0] ?? [0];
    const [last] = streaming.at(-1) ?? [0];
    if (streaming.length < 3 || newest - last > (3 * (last - first)) / (streaming.length - 1)) return 0;
    const arrived = streaming.reduce((sum, [, tally]) => sum + tally.arrived, 0);
    return arrived / (now - first * bucketMs);
  }

  #at(now: number): ActivityTally {
    const number = Math.floor(now / bucketMs);
    if (number === this.#newest) return this.#current;
    this.#newest = number;
    this.#before.merge(this.#current);
    this.#current = new ActivityTally();
    this.#buckets.set(number, this.#current);
    for (const old of this.#buckets.keys()) {
      if (old > number - longestMeterSpanMs / bucketMs) break;
      this.#buckets.delete(old);
    }
    return this.#current;
  }
}
