import type { Store } from '../store/store.ts';
import type { Clock, Timer } from '../core/clock.ts';

/** It begins where at least so much of the store's file is free: less is taken up by what comes next. */
const beginBytes = 16 * 1024 * 1024;
const beginShare = 0.2;
/** It leaves so much, so that what comes next has room. */
const leaveBytes = 4 * 1024 * 1024;
const leaveShare = 0.05;
/** One step takes about a millisecond, besides its sync; whatever else is to be written waits for that long at most. */
const pagesPerStep = 100;
/** Between two steps, in milliseconds. */
const pauseMs = 100;
/** A store that others have written to so often since the last step is at work: nothing is added to that. */
const busyCommits = 3;

export interface SpaceReclaimerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'size' | 'reclaim'>;
  /** Transactions of the store so far, its own ones among them. */
  readonly commits: () => number;
  readonly isStoreOk: () => boolean;
  readonly log: { info(details: object, message: string): void };
  readonly onError: (error: unknown) => void;
}

/**
 * Gives space of the store's file back to the disk, in small steps while little else is written. It looks at its start and whenever it is told to: space
 * becomes free by pruning, and so no timer runs in between.
 */
export class SpaceReclaimer {
  readonly #options: SpaceReclaimerOptions;
  #timer: Timer | undefined;
  #work: Promise<void> | undefined;
  #stopped = true;
  /** Of the pass that continues: how large the file was when it began. */
  #beganAtBytes: number | undefined;
  #commitsSeen = 0;

  constructor(options: SpaceReclaimerOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.look();
  }

  /** Much may have been deleted. */
  look(): void {
    if (this.#stopped || this.#beganAtBytes !== undefined || this.#work !== undefined) return;
    this.#run(() => this.#measure());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#work;
  }

  /** Takes steps, with pauses between them, as long as a pass continues. */
  #run(work: () => Promise<void>): void {
    this.#work = work()
      .catch((error: unknown) => {
        this.#beganAtBytes = undefined;
        this.#options.onError(error);
      })
      .finally(() => {
        this.#work = undefined;
        if (this.#stopped || this.#beganAtBytes === undefined) return;
        this.#timer = this.#options.clock.setTimer(pauseMs, () => this.#run(() => this.#step()));
      });
  }

  async #measure(): Promise<void> {
    const { store, commits, isStoreOk } = this.#options;
    if (!isStoreOk()) return;
    const { bytes, freeBytes } = await store.size();
    if (freeBytes < beginBytes || freeBytes < bytes * beginShare) return;
    this.#beganAtBytes = bytes;
    this.#commitsSeen = commits();
  }

  async #step(): Promise<void> {
    const { store, commits, isStoreOk, log } = this.#options;
    const others = commits() - this.#commitsSeen;
    this.#commitsSeen = commits();
    if (others >= busyCommits || !isStoreOk()) return;
    const before = (await store.size()).freeBytes;
    const { bytes, freeBytes } = await store.reclaim({ pages: pagesPerStep });
    this.#commitsSeen = commits();
    const isDone = freeBytes <= Math.max(leaveBytes, bytes * leaveShare);
    // A store that can't give space back would be asked for ever.
    if (!isDone && freeBytes < before) return;
    await store.reclaim({ pages: 0, last: true });
    this.#commitsSeen = commits();
    if (isDone) log.info({ beforeBytes: this.#beganAtBytes, bytes }, "the store's file gave space back to the disk");
    this.#beganAtBytes = undefined;
  }
}
