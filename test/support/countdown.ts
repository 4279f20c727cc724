/** Counts events, and lets others wait for the n-th: what tests use instead of sleeping. */
export class Countdown {
  #count = 0;
  #waiting: { readonly target: number; readonly resolve: () => void }[] = [];

  get count(): number {
    return this.#count;
  }

  tick(): void {
    this.#count++;
    const due = this.#waiting.filter(({ target }) => target <= this.#count);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ target }) => target > this.#count);
    for (const { resolve } of due) resolve();
  }

  /** Resolves as soon as `target` events have come, counted from the beginning. */
  reached(target: number): Promise<void> {
    if (this.#count >= target) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ target, resolve }));
  }
}
