import type { Store } from '../store/store.ts';
import type { Clock, Timer } from './clock.ts';
import type { EngineSettings } from './engine-settings.ts';

const everyMs = 10 * 60_000;
/** Rows that one transaction deletes. */
const chunk = 500;

/** Deletes runs that ended long ago, and discards dead letters that are past their time, every ten minutes and bit by bit. */
export class Pruner {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #forget: (before: number) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #settings: Pick<EngineSettings, 'queues' | 'config'> | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> | undefined;
  #stopped = true;

  constructor(options: {
    readonly clock: Clock;
    readonly store: Store;
    /** Deletes what is kept outside of the store for runs that ended before. */
    readonly forget: (before: number) => Promise<void>;
    readonly onError: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#forget = options.forget;
    this.#onError = options.onError;
  }

  apply(settings: Pick<EngineSettings, 'queues' | 'config'>): void {
    this.#settings = settings;
  }

  /** Whether it waits for its next time. */
  get idle(): boolean {
    return this.#work === undefined;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#later();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#work;
  }

  #later(): void {
    this.#timer = this.#clock.setTimer(everyMs, () => {
      this.#work = this.#prune()
        .catch((error: unknown) => this.#onError(error))
        .finally(() => {
          this.#work = undefined;
          if (!this.#stopped) this.#later();
        });
    });
  }

  async #prune(): Promise<void> {
    for (let more = true; more && !this.#stopped && this.#settings !== undefined;) {
      const now = this.#clock.now();
      const { config, queues } = this.#settings;
      ({ more } = await this.#store.prune({
        now,
        runsBefore: now - config.keepRunsMs,
        deadLetters: queues.flatMap(({ name, keepDeadLettersMs }) =>
          keepDeadLettersMs === undefined ? [] : [{ queue: name, before: now - keepDeadLettersMs }],
        ),
        limit: chunk,
      }));
    }
    if (!this.#stopped && this.#settings !== undefined) await this.#forget(this.#clock.now() - this.#settings.config.keepRunsMs);
  }
}
