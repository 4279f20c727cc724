import type { ClaimedJob } from '../../store/store.ts';
import type { Clock, Timer } from '../../core/clock.ts';

/** After that long without a place a job goes back, in milliseconds: it would be called active, and isn't. */
const longestWaitMs = 250;

export interface ClaimedAheadOptions {
  readonly clock: Clock;
  /** The job goes back to where it was. */
  readonly release: (job: ClaimedJob) => void;
  /** No place has become free for a long time. */
  readonly onStall: () => void;
}

/** The jobs of a queue that were claimed before there is a place for them, in their order. */
export class Prefetched {
  readonly #options: ClaimedAheadOptions;
  #jobs: ClaimedJob[] = [];
  /** When one of them last came or went. */
  #movedAt = 0;
  #timer: Timer | undefined;

  constructor(options: ClaimedAheadOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#jobs.length;
  }

  add(jobs: readonly ClaimedJob[]): void {
    if (jobs.length === 0) return;
    this.#jobs.push(...jobs);
    this.#moved();
    this.#timer ??= this.#options.clock.setTimer(longestWaitMs, () => this.#look());
  }

  /** The next ones, for which there are places now. */
  take(freeSlots: number): ClaimedJob[] {
    if (freeSlots <= 0 || this.#jobs.length === 0) return [];
    this.#moved();
    return this.#jobs.splice(0, freeSlots);
  }

  /** False if that job isn't among them. */
  giveBackOne(jobId: number): boolean {
    const job = this.#jobs.find((one) => one.jobId === jobId);
    if (job === undefined) return false;
    this.#jobs = this.#jobs.filter((one) => one !== job);
    this.#options.release(job);
    return true;
  }

  giveBackAll(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const job of this.#jobs.splice(0)) this.#options.release(job);
  }

  #moved(): void {
    this.#movedAt = this.#options.clock.monotonic();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#jobs.length === 0) return;
    const leftMs = this.#movedAt + longestWaitMs - this.#options.clock.monotonic();
    if (leftMs > 0) {
      this.#timer = this.#options.clock.setTimer(leftMs, () => this.#look());
      return;
    }
    this.giveBackAll();
    this.#options.onStall();
  }
}
