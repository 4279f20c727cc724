/** Those who want to hear of something that happens here. Each is called in turn, and must not throw. */
export class Listeners<Value = void> {
  readonly #all = new Set<(value: Value) => void>();

  /** Calls back from now on. Returns what ends it. */
  add(listener: (value: Value) => void): () => void {
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  tell(value: Value): void {
    for (const listener of this.#all) listener(value);
  }
}
