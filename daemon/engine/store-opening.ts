import { CodedError } from '../../schemas/protocol/error.ts';
import type { LookResult, OpenResult, Store } from '../store/store.ts';
import type { Clock } from '../core/clock.ts';
import type { BeforeOpen, EngineLog } from './engine-settings.ts';
import type { StoreClock } from './store-health.ts';

export interface StoreOpeningOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly store: Pick<Store, 'open' | 'look'>;
  readonly storeClock: StoreClock;
  readonly log: EngineLog;
  /** Done before each try to open the store, which isn't opened where it rejects. */
  readonly beforeOpen?: BeforeOpen;
  /** The store can only be looked at for now. */
  readonly onLooked: (looked: LookResult) => void;
  /** The disk has no room to open the store, or its server is away: `retry` once that may be over. */
  readonly onUnavailable: (error: CodedError) => void;
  /** The store is open. Where it rejects, the next try calls it again. */
  readonly onOpened: (opened: OpenResult) => Promise<void>;
}

/**
 * Opens the store, and knows what its former daemon has left. Where the disk is too full for that, the store is only looked at until there is room; a server that is away is waited for.
 */
export class StoreOpening {
  readonly #options: StoreOpeningOptions;
  readonly #begun = Promise.withResolvers<undefined>();
  /** Undefined if the store can only be looked at, or not even that. */
  #opened: OpenResult | undefined;
  #neededBytes: number | undefined;
  #hasLooked = false;

  constructor(options: StoreOpeningOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** What waits in the store is known, though it isn't open. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** Resolves when what is to be done with the open store has been done once, which is later than `start` where the disk is full, or the store's server away. */
  get begun(): Promise<undefined> {
    return this.#begun.promise;
  }

  /** The former daemon was stopped, even if it could not take its `daemon.json` away: its folder had been renamed. */
  get formerEndedInOrder(): boolean {
    return this.#opened?.wasClosed === true;
  }

  /** Attempts that the end of the former daemon cut off, and the first of their jobs. */
  get interrupted(): { readonly attempts: number; readonly jobs: readonly number[] } {
    return { attempts: this.#opened?.interrupted ?? 0, jobs: this.#opened?.interruptedJobs ?? [] };
  }

  async start(): Promise<void> {
    const { clock, store, onLooked, onUnavailable } = this.#options;
    try {
      await this.retry();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.data['away'] === true) {
        onUnavailable(error);
        return;
      }
      if (error.data['noRoom'] !== true) throw error;
      let problem: CodedError = error;
      // What can't even be looked at can't be waited for.
      if (!this.isOpen) {
        const looked = await store.look({ now: clock.now() }).catch((reason: unknown) => {
          // Whatever the disk had no room for first, an older store is what needs the most.
          throw reason instanceof CodedError && reason.data['olderStore'] === true ? reason : error;
        });
        this.#hasLooked = true;
        onLooked(looked);
        this.#neededBytes = looked.older?.neededBytes;
        if (looked.older !== undefined) problem = new CodedError('store-unavailable', looked.older.problem, { noRoom: true });
      }
      onUnavailable(problem);
    }
  }

  /** Continues where `start` or an earlier try has failed. */
  async retry(): Promise<void> {
    const { random, store, storeClock, beforeOpen, onOpened } = this.#options;
    if (this.#opened === undefined) {
      await beforeOpen?.(this.#neededBytes === undefined ? {} : { neededBytes: this.#neededBytes });
      this.#opened = await storeClock.open((anchor) => store.open({ anchor, random: random() }));
      this.#tell(this.#opened);
    }
    await onOpened(this.#opened);
    this.#begun.resolve(undefined);
  }

  #tell({ shiftMs, interrupted, seat }: OpenResult): void {
    const { log } = this.#options;
    if (shiftMs !== 0) log.warn({ shiftMs }, 'the wall clock was set while no daemon ran: what waits was moved with it');
    if (seat !== undefined) log.warn({ name: seat }, 'a daemon with the same host name, machine id and folder shares the store: this one has another name from now on. Is its machine, or its container, a copy?');
    if (interrupted > 0) log.warn({ attempts: interrupted }, 'attempts that a crash interrupted were closed');
  }
}
