/** Tells who waits as soon as a condition holds. Servers call `note` whenever something has happened to them. */
export class Watch {
  readonly #listeners: (() => void)[] = [];
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  note(): void {
    for (const listener of this.#listeners) listener();
    const due = this.#waiting.filter(({ holds }) => holds());
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((entry) => !due.includes(entry));
    for (const { resolve } of due) resolve();
  }

  /** Resolves as soon as `holds` does. It is asked at every `note`, so it has to be cheap. */
  when(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  onNote(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
