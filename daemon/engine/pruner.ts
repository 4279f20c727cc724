import { keepDedupeKeysMs } from '../../schemas/workflow/triggers/webhook-trigger.ts';
import type { Store } from '../store/store.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { EngineSettings } from './engine-settings.ts';

const everyMs = 10 * 60_000;
/** Rows that one transaction deletes. */
const chunk = 500;

/** Deletes runs that ended and deliveries that came long ago, and discards dead letters that are past their time, every ten minutes and in batches. */
export class Pruner {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #forget: (before: number) => Promise<void>;
  readonly #onPruned: () => void;
  readonly #leads: () => boolean;
  readonly #onError: (error: unknown) => void;
  /** By how much the wall clock has been set forward since the start, all in all. */
  #aheadMs = 0;
  #settings: Pick<EngineSettings, 'queues' | 'config'> | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> | undefined;
  #stopped = true;

  constructor(options: {
    readonly clock: Clock;
    readonly store: Store;
    /** Whether this daemon is the one that does it: its own files are deleted all the same. */
    readonly leads: () => boolean;
    /** Deletes what is kept outside of the store for runs that ended before. */
    readonly forget: (before: number) => Promise<void>;
    /** A pass is over. */
    readonly onPruned: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#forget = options.forget;
    this.#onPruned = options.onPruned;
    this.#leads = options.leads;
    this.#onError = options.onError;
  }

  apply(settings: Pick<EngineSettings, 'queues' | 'config'>): void {
    this.#settings = settings;
  }

  /**
   * The wall clock was set. What is kept for thirty days isn't past its time because somebody has set the year 2036: as long as this daemon runs,
   * that time doesn't count.
   */
  shift(byMs: number): void {
    this.#aheadMs += byMs;
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
    for (let more = true; more && this.#mayContinue && this.#settings !== undefined;) {
      const now = this.#clock.now();
      const trusted = this.#trustedNow();
      const { config, queues } = this.#settings;
      ({ more } = await this.#store.prune({
        now,
        runsBefore: trusted - config.keepRunsMs,
        deadLetters: queues.flatMap(({ name, keepDeadLettersMs }) =>
          keepDeadLettersMs === undefined ? [] : [{ queue: name, before: trusted - keepDeadLettersMs }],
        ),
        limit: chunk,
      }));
    }
    await this.#pruneDeliveries();
    if (!this.#stopped && this.#settings !== undefined) await this.#forget(this.#trustedNow() - this.#settings.config.keepRunsMs);
    this.#onPruned();
  }

  async #pruneDeliveries(): Promise<void> {
    for (let more = true; more && this.#mayContinue && this.#settings !== undefined;) {
      const trusted = this.#trustedNow();
      const { keepMs, keepCount } = this.#settings.config.webhooks;
      ({ more } = await this.#store.pruneDeliveries({ before: trusted - keepMs, keepCount, keysBefore: trusted - keepDedupeKeysMs, limit: chunk }));
    }
  }

  get #mayContinue(): boolean {
    return !this.#stopped && this.#leads();
  }

  #trustedNow(): number {
    return this.#clock.now() - Math.max(0, this.#aheadMs);
  }
}
