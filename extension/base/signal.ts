/** What ends a subscription; VS Code's own disposables have this shape too. */
export interface Disposable {
  dispose(): void;
}

/** One event that others listen to. No `vscode` in it, so that what fires it runs in plain Node as well. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #onFault: (error: unknown) => void;

  /** `onFault` hears of listeners that throw; one that does keeps none of the others from hearing. */
  constructor(onFault: (error: unknown) => void = () => undefined) {
    this.#onFault = onFault;
  }

  readonly listen = (listener: (value: T) => void): Disposable => {
    // A listener of its own for each call, so that the same function can listen twice and leave once.
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return { dispose: () => void this.#listeners.delete(own) };
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }
}
