/** How much one measurement counts against all before it. */
const weight = 1 / 8;

/**
 * How many jobs a queue without a rate claims before there is a place for them: as many as start while a claim is on its way to the
 * disk and back (Little's law). Where attempts take longer than claims by far, that is none. Times in milliseconds.
 */
export class ClaimAhead {
  #claimMs: number | undefined;
  #runMs: number | undefined;

  /** A claim has taken that long. */
  claimed(ms: number): void {
    this.#claimMs = mean(this.#claimMs, ms);
  }

  /** An attempt has taken that long. */
  ran(ms: number): void {
    this.#runMs = mean(this.#runMs, ms);
  }

  /** What attempts took so far says nothing of those that are under way. */
  forgetRuns(): void {
    this.#runMs = undefined;
  }

  /** `most`: that the store holds. */
  jobs(concurrency: number, most: number): number {
    if (this.#claimMs === undefined || this.#runMs === undefined) return 0;
    return Math.min(most, Math.floor((2 * concurrency * this.#claimMs) / Math.max(this.#runMs, 0.01)));
  }
}

function mean(before: number | undefined, now: number): number {
  return before === undefined ? now : before + (now - before) * weight;
}
