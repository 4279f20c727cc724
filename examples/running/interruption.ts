/** Ends what runs at Ctrl-C, and when it takes longer than it may. */
export class Interruption {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #name: NodeJS.Signals | undefined;

  constructor(limitMs?: number) {
    this.signal = this.#controller.signal;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        this.#name ??= name;
        this.#controller.abort(new Error(`stopped by ${name}`));
      });
    }
    if (limitMs !== undefined) {
      this.#timer = setTimeout(() => this.#controller.abort(new Error(`not done within ${limitMs / 1000} s`)), limitMs);
    }
  }

  /** By whom; undefined if nobody did. */
  get name(): NodeJS.Signals | undefined {
    return this.#name;
  }

  /** What a shell expects of a process that a signal has ended. */
  get exitCode(): number {
    return this.#name === 'SIGINT' ? 130 : this.#name === 'SIGTERM' ? 143 : 129;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
