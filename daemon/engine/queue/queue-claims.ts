import { ClaimAhead } from '../../core/claim-ahead.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { keptStartsMs, type RateTicket, type RateWindow } from '../../core/rate-window.ts';
import type { ClaimedJob, Store } from '../../store/store.ts';
import type { AttemptPool } from './attempt-pool.ts';
import { Prefetched } from './prefetched.ts';
import type { QueueFigures } from './queue-figures.ts';
import type { QueueLimits } from './queue-limits.ts';

/** Jobs that one claim takes, at most. */
const maxClaim = 256;
/**
 * How far ahead of its start a job of a rated queue is claimed, in milliseconds: the claim has to be on disk before the
 * start, and without a lead the time that takes would be lost at every start.
 */
const leadMs = 25;
/** After that long a wait is looked at again, in milliseconds: the machine may have slept. */
const longestWaitMs = 60_000;
/** After a claim that failed it is tried again, in milliseconds. */
const afterFailureMs = 1000;

export interface QueueClaimsOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly limits: QueueLimits;
  readonly figures: QueueFigures;
  readonly pool: AttemptPool;
  /** A claimed job that isn't started goes back to where it was. */
  readonly release: (job: ClaimedJob) => void;
  /** A claim has failed. */
  readonly onError: (error: unknown) => void;
  /** A claim is over, and what it brought has its place. */
  readonly onDone: () => void;
}

/**
 * Claims the jobs of one queue, as many as its limits let start, and hands them to its pool.
 *
 *     wake (commit, place, timer, change)
 *       -> paused | stopped | full      wait for a wake
 *       -> held | rate window           set a timer
 *       -> claim -> each job at its start
 */
export class QueueClaims {
  readonly #options: QueueClaimsOptions;
  readonly #clock: Clock;
  readonly #limits: QueueLimits;
  readonly #figures: QueueFigures;
  readonly #pool: AttemptPool;
  /** What the claims that are under way ask for. */
  #asked = 0;
  readonly #claimAhead = new ClaimAhead();
  readonly #ahead: Prefetched;
  /** How often what was claimed ahead has been given back. */
  #givenBack = 0;
  #expecting = false;
  #pumping = false;
  #timer: Timer | undefined;

  constructor(options: QueueClaimsOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#figures = options.figures;
    this.#pool = options.pool;
    this.#ahead = new Prefetched({ clock: options.clock, release: options.release, onStall: () => this.#claimAhead.forgetRuns() });
  }

  /** Jobs that were claimed before there is a place for them. */
  get ahead(): number {
    return this.#ahead.size;
  }

  /** Whether nothing is claimed, or being claimed, that hasn't begun. */
  get idle(): boolean {
    return this.#asked === 0 && this.#ahead.size === 0;
  }

  /** What was claimed ahead goes back, and so does what is being claimed ahead. */
  releasePrefetched(): void {
    this.#givenBack++;
    this.#ahead.giveBackAll();
  }

  /** A job that was claimed ahead goes back. False if that job isn't one. */
  giveBackOne(jobId: number): boolean {
    return this.#ahead.giveBackOne(jobId);
  }

  /** An attempt took that long, from its start until its place was free. */
  ran(ranMs: number): void {
    this.#claimAhead.ran(ranMs);
  }

  /**
   * A job is being made that could start immediately. Call it right before the store is told to make it: the claim then goes into
   * the same transaction, and a job that finds its queue idle waits for one commit and not for two.
   */
  expectJob(): void {
    this.#expecting = true;
    this.wake();
  }

  /** Looks no more by itself. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks again, soon, whether something can start. Many wakes of one turn are one look. */
  wake(): void {
    if (this.#pumping || !this.#limits.isRunning) return;
    this.#pumping = true;
    // Before the store sends what has ended just now, so that ends and new claims share a transaction.
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  get #freePlaces(): number {
    return this.#limits.freeSlots(this.#pool.load);
  }

  #pump(): void {
    const window = this.#limits.window;
    // Starts of a rate are taken, and given back, claim by claim; without one, a claim needn't wait for the one before.
    if (this.#limits.shut !== undefined || (window !== undefined && this.#asked > 0)) return;
    this.#startAhead();
    const expectedPending = this.#figures.stored.pending - this.#asked + (this.#expecting ? 1 : 0);
    this.#expecting = false;
    const freePlaces = this.#freePlaces;
    const freeSlots = freePlaces - this.#asked - this.#ahead.size;
    // As long as the machine allows no more, what is claimed ahead would only wait.
    const mayClaimAhead = window === undefined && this.#options.store.prefetch !== undefined;
    const ahead = mayClaimAhead && freePlaces === this.#limits.concurrency - this.#pool.taken ? this.#claimAhead.jobs(this.#limits.concurrency) : 0;
    // By large claims, each while half of what the one before brought is still there.
    if (ahead > 0 && this.#asked + this.#ahead.size > ahead / 2) return;
    const free = Math.min(freeSlots + ahead, expectedPending, maxClaim);
    if (free <= 0) return;
    const { hold } = this.#limits;
    if (hold !== undefined) {
      this.#wakeIn(Math.min(hold.until - this.#clock.now(), longestWaitMs));
      return;
    }
    if (window === undefined) {
      this.#claimFree(free, Math.max(0, freeSlots));
      return;
    }
    const now = this.#clock.monotonic();
    const tickets: RateTicket[] = [];
    // Never more than `limit` at once: a claim that takes longer than a short window would start them all together.
    while (tickets.length < Math.min(free, window.rate.limit)) {
      const at = window.nextStart(now);
      if (at > now + leadMs) break;
      tickets.push(window.take(at));
    }
    if (tickets.length > 0) this.#claimRated(window, tickets);
    else this.#wakeIn(window.nextStart(now) - now - leadMs);
  }

  /** `places`: how many of them have a place already. */
  #claimFree(limit: number, freeSlots: number): void {
    const askedAt = this.#clock.monotonic();
    const now = this.#clock.now();
    const givenBack = this.#givenBack;
    const urgency = this.#ahead.size + this.#asked > 0 ? 'lazy' : 'immediate';
    void this.#claim({ limit, now, urgency }, (jobs) => {
      this.#claimAhead.claimed(this.#clock.monotonic() - askedAt);
      const kept = givenBack === this.#givenBack ? jobs : jobs.slice(0, this.#limits.isRunning ? freeSlots : 0);
      for (const job of jobs.slice(kept.length)) this.#options.release(job);
      const starting = this.#ahead.size > 0 ? 0 : Math.max(0, this.#freePlaces);
      this.#pool.startFree(kept.slice(0, starting));
      this.#hold(kept.slice(starting), now);
    });
  }

  #claimRated(window: RateWindow, tickets: readonly RateTicket[]): void {
    const now = this.#clock.now();
    const origin = now - this.#clock.monotonic();
    const startAts = tickets.map(({ at }) => at + origin);
    void this.#claim({ limit: tickets.length, now, startAts, keepStartsMs: keptStartsMs(window.rate) }, (jobs) => {
      for (const ticket of tickets.slice(jobs.length).reverse()) window.giveBack(ticket);
      this.#pool.startRated(jobs, tickets, window);
    });
  }

  async #claim(params: Omit<Parameters<Store['claim']>[0], 'queue'>, place: (jobs: readonly ClaimedJob[]) => void): Promise<void> {
    this.#asked += params.limit;
    let jobs: readonly ClaimedJob[] = [];
    try {
      ({ jobs } = await this.#options.store.claim({ queue: this.#options.name, ...params }));
    } catch (error) {
      this.#options.onError(error);
      if (this.#limits.isRunning) this.#wakeIn(afterFailureMs);
    }
    // Together with what follows: a look in between would claim for the same places again.
    this.#asked -= params.limit;
    place(jobs);
    this.wake();
    this.#options.onDone();
  }

  #hold(jobs: readonly ClaimedJob[], claimedAt: number): void {
    if (jobs.length === 0) return;
    this.#options.store.prefetch?.hold({ jobs, claimedAt });
    this.#ahead.add(jobs);
  }

  /** What was claimed ahead takes the places that have become free. */
  #startAhead(): void {
    const jobs = this.#ahead.take(this.#freePlaces);
    if (jobs.length === 0) return;
    if (this.#options.store.prefetch?.start({ jobs }) === true) {
      this.#pool.startFree(jobs);
      return;
    }
    for (const job of jobs) this.#options.release(job);
    this.#claimAhead.forgetRuns();
  }

  #wakeIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(Math.max(0, delayMs), () => {
      this.#timer = undefined;
      this.wake();
    });
  }
}
