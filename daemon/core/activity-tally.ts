/** How long something took, over many times. */
export class SpentTally {
  count = 0;
  totalMs = 0;
  maxMs = 0;

  add(ms: number): void {
    this.count++;
    this.totalMs += ms;
    this.maxMs = Math.max(this.maxMs, ms);
  }

  merge({ count, totalMs, maxMs }: SpentTally): void {
    this.count += count;
    this.totalMs += totalMs;
    this.maxMs = Math.max(this.maxMs, maxMs);
  }
}

/** What a queue did in some time. */
export class ActivityTally {
  /** Jobs that came to wait: made, replayed, or taken up again. */
  arrived = 0;
  /** Jobs that left by an attempt: it succeeded, or was the last. */
  left = 0;
  /** Attempts that succeeded. */
  succeeded = 0;
  /** Attempts that failed and were charged. */
  failed = 0;
  /** From when a job was due until its attempt started. */
  readonly waiting = new SpentTally();
  /** From an attempt's start to its end. */
  readonly running = new SpentTally();

  merge(other: ActivityTally): void {
    this.arrived += other.arrived;
    this.left += other.left;
    this.succeeded += other.succeeded;
    this.failed += other.failed;
    this.waiting.merge(other.waiting);
    this.running.merge(other.running);
  }

  get isEmpty(): boolean {
    return this.arrived + this.left + this.succeeded + this.failed + this.waiting.count + this.running.count === 0;
  }
}
