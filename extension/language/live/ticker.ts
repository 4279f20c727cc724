import { Signal, type Disposable } from '../../base/signal.ts';

export interface PulseOptions {
  /** At least this long between two beats. */
  readonly everyMs: number;
  /** Whether anybody would see what a beat changes. */
  readonly isWatched: () => boolean;
  /** Calls back once, after that time; answers with what takes it back. */
  readonly later?: (callback: () => void, ms: number) => Disposable;
}

/** Many changes, few beats: the first immediately, those that follow together, and none where nobody looks. */
export class Ticker implements Disposable {
  readonly #options: PulseOptions;
  readonly #beat = new Signal<void>();
  #resting: Disposable | undefined;
  #isDue = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  get onBeat(): Signal<void>['listen'] {
    return this.#beat.listen;
  }

  /** Something has changed. */
  stir(): void {
    if (this.#resting !== undefined) {
      this.#isDue = true;
      return;
    }
    if (!this.#options.isWatched()) return;
    this.#isDue = false;
    this.#resting = (this.#options.later ?? afterMs)(() => {
      this.#resting = undefined;
      if (this.#isDue) this.stir();
    }, this.#options.everyMs);
    this.#beat.fire();
  }

  dispose(): void {
    this.#resting?.dispose();
  }
}

function afterMs(callback: () => void, ms: number): Disposable {
  const timer = setTimeout(callback, ms);
  return { dispose: () => clearTimeout(timer) };
}
