/** A receiver's own record of when something arrived. It counts by itself, and asks nobody how much was sent. */
export class Arrivals {
  readonly #at: number[] = [];
  #windowStart = 0;

  /** Now, in milliseconds since 1970 with fractions, by a clock that never goes back. */
  static now(): number {
    return performance.timeOrigin + performance.now();
  }

  get count(): number {
    return this.#at.length;
  }

  /** Counts one that arrives now. Answers with how many have come within the window that ends now, this one included. */
  add(windowMs: number, at = Arrivals.now()): number {
    this.#at.push(at);
    while ((this.#at[this.#windowStart] ?? at) <= at - windowMs) this.#windowStart++;
    return this.#at.length - this.#windowStart;
  }

  /** The most that came in any window of that length, wherever it begins. */
  mostIn(windowMs: number): number {
    let most = 0;
    let first = 0;
    for (const [last, at] of this.#at.entries()) {
      while ((this.#at[first] ?? at) <= at - windowMs) first++;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }
}
