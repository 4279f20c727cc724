import type { Lack } from '../../../schemas/protocol/queue.ts';
import { ClaimAhead } from '../../core/claim-ahead.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { keptForMs, type RateWindows, type StartTicket } from '../../core/rate-windows.ts';
import { sharedLeadMs } from '../../ledger/shared-limits.ts';
import type { ClaimedJob, ClaimResult, Store } from '../../store/store.ts';
import type { Lease } from '../membership.ts';
import type { AttemptPool } from './attempt-pool.ts';
import type { ConnectionTurns, ConnectionWaiter } from './connection-turns.ts';
import { Prefetched } from './prefetched.ts';
import type { QueueFigures } from './queue-figures.ts';
import type { QueueLimits } from './queue-limits.ts';

/** Jobs that one claim takes, at most, from a store that holds none ahead of their start. */
const maxClaim = 256;
/**
 * How far ahead of its start a job of a rated queue is claimed, in milliseconds: the claim has to be on disk before the
 * start, and without a lead the time that takes would be lost at every start.
 */
const leadMs = 25;
/** After that long a wait is looked at again, in milliseconds: the machine may have slept. */
const longestWaitMs = 60_000;
/** After a claim of a shared store that brought less than it asked for, it is tried again so soon at the earliest, in milliseconds. */
const shortestWaitMs = 1;
/** So long no wake counts after a claim of a shared store that has said when to ask again, in milliseconds: others' commits wake this daemon as well. */
const longestIgnoredMs = 250;
/** After a claim that failed it is tried again, in milliseconds. */
const afterFailureMs = 1000;

/** A step whose jobs this daemon can't do now. */
export interface PassedStep {
  readonly version: string;
  readonly step: string;
  /** The job of it that was met first. */
  readonly jobId: number;
  readonly lack: Lack;
}

export interface QueueClaimsOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly lease: Lease;
  readonly limits: QueueLimits;
  readonly figures: QueueFigures;
  readonly pool: AttemptPool;
  readonly connections: ConnectionTurns;
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
 *     wake (commit, place, timer, change) -> `QueueLimits.mayStart`
 *       -> shut | full, and nothing is claimed ahead    wait for a wake
 *       -> held | rate                                  set a timer
 *       -> free -> claim -> each job at its start
 */
export class QueueClaims implements ConnectionWaiter {
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
  /** Steps whose jobs this daemon can't do now, and why. */
  #passing: readonly PassedStep[] = [];
  /** The last claim that passed jobs over found less than it asked for: until a transaction moves jobs of the queue, another would find no more. */
  #isExhausted = false;
  /** The last claim found less than it asked for because connections let nothing more start: until one of them does, or other jobs come, another would find no more. */
  #isAwaitingConnection = false;
  /** The last claim has met a connection with limits: what starts by these isn't claimed ahead. */
  #meetsConnections = false;
  /** How often transactions have moved jobs of the queue. */
  #moves = 0;
  /** Of a shared store: it has said that it lets nothing start before then. */
  #askAgainAt = -Infinity;

  constructor(options: QueueClaimsOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#figures = options.figures;
    this.#pool = options.pool;
    this.#ahead = new Prefetched({ clock: options.clock, release: options.release, onStall: () => this.#claimAhead.forgetRuns() });
  }

  get name(): string {
    return this.#options.name;
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

  /** Steps whose jobs are left where they are, since this daemon lacks what they need. */
  get passing(): readonly PassedStep[] {
    return this.#passing;
  }

  /** Jobs of that step are not claimed until `passNone`. False if it is passed over already. */
  pass(step: PassedStep): boolean {
    if (this.#passing.some((one) => one.version === step.version && one.step === step.step)) return false;
    this.#passing = [...this.#passing, step];
    // Among what was claimed ahead there may be more of them.
    this.releasePrefetched();
    return true;
  }

  /** Nothing is passed over from now on. */
  passNone(): void {
    if (this.#passing.length === 0) return;
    this.#passing = [];
    this.moved();
  }

  /** A transaction has moved jobs of the queue, of which some are pending. `hasMore`: it has brought some. */
  moved({ hasMore = true }: { readonly hasMore?: boolean } = {}): void {
    this.#moves++;
    this.#isExhausted = false;
    if (hasMore) this.#isAwaitingConnection = false;
    this.wake();
  }

  connectionOpened(): void {
    this.#isAwaitingConnection = false;
    this.wake();
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
    // Looked at here, because no timer tells a process that was stopped for a while before it does anything else.
    if (!this.#options.lease.isCurrent) return;
    const { windows } = this.#limits;
    // Starts of a rate are taken, and given back, claim by claim; without one, a claim needn't wait for the one before.
    if (windows !== undefined && this.#asked > 0) return;
    const answer = this.#limits.mayStart(this.#pool.load, leadMs);
    if (answer.kind === 'shut') return;
    this.#startAhead();
    if (this.#isExhausted || this.#isAwaitingConnection) return;
    const freePlaces = this.#freePlaces;
    const freeSlots = freePlaces - this.#asked - this.#ahead.size;
    const { isShared } = this.#options.store;
    // As long as the machine allows no more, what is claimed ahead would only wait.
    const most = this.#options.store.prefetch?.most ?? 0;
    const mayClaimAhead = windows === undefined && !this.#meetsConnections && freePlaces === this.#limits.concurrency - this.#pool.taken;
    const ahead = mayClaimAhead ? this.#claimAhead.jobs(this.#limits.concurrency, most) : 0;
    if (isShared && this.#asked > 0) return;
    const expectedPending = this.#figures.stored.pending - this.#asked + (this.#expecting ? 1 : 0);
    this.#expecting = false;
    // By large claims, each while half of what the one before brought is still there.
    if (ahead > 0 && this.#asked + this.#ahead.size > ahead / 2) return;
    const free = Math.min(freeSlots + ahead, expectedPending, Math.max(maxClaim, most));
    if (free <= 0) return;
    if (answer.kind === 'held') {
      this.#wakeIn(Math.min(answer.inMs, longestWaitMs));
    } else if (isShared) {
      const waitMs = this.#askAgainAt - this.#clock.monotonic();
      if (waitMs <= 0) this.#claimShared(free, Math.max(0, freeSlots));
      // What has woken it may let more start than the store knew of when it said so.
      else this.#wakeIn(waitMs);
    } else if (answer.kind === 'rate') {
      this.#wakeIn(answer.inMs - leadMs);
    } else if (windows === undefined) {
      this.#claimFree(free, Math.max(0, freeSlots));
    } else {
      this.#claimRated(windows, this.#takeTickets(windows, free));
    }
  }

  /** At most as many as may start until the lead is over, and never more than `limit` at once: a claim that takes longer than a short window would start them all together. */
  #takeTickets(windows: RateWindows, free: number): readonly StartTicket[] {
    const now = this.#clock.monotonic();
    const tickets: StartTicket[] = [];
    const most = Math.min(free, windows.fewest);
    while (tickets.length < most) {
      const at = windows.nextStart(now);
      if (at > now + leadMs) break;
      tickets.push(windows.take(at));
    }
    return tickets;
  }

  /** `freeSlots`: how many of them have a place already. */
  #claimFree(limit: number, freeSlots: number): void {
    const askedAt = this.#clock.monotonic();
    const now = this.#clock.now();
    const givenBack = this.#givenBack;
    const urgency = this.#ahead.size + this.#asked > 0 ? 'lazy' : 'immediate';
    void this.#claim({ limit, now, urgency }, (jobs) => this.#place(jobs, { askedAt, now, givenBack, freeSlots }));
  }

  /** What was claimed without a rate: as many as there are slots for start, the others are held. */
  #place(jobs: readonly ClaimedJob[], { askedAt, now, givenBack, freeSlots }: { readonly askedAt: number; readonly now: number; readonly givenBack: number; readonly freeSlots: number }): void {
    this.#claimAhead.claimed(this.#clock.monotonic() - askedAt);
    const kept = givenBack === this.#givenBack ? jobs : jobs.slice(0, this.#limits.isRunning ? freeSlots : 0);
    for (const job of jobs.slice(kept.length)) this.#options.release(job);
    const starting = this.#ahead.size > 0 ? 0 : Math.max(0, this.#freePlaces);
    this.#pool.startFree(kept.slice(0, starting));
    const [waiting, free] = parted(kept.slice(starting), ({ connection }) => connection === undefined);
    // Others would wait for what it has taken of its connection.
    for (const job of free) this.#options.release(job);
    this.#hold(waiting, now);
  }

  #claimRated(windows: RateWindows, tickets: readonly StartTicket[]): void {
    const now = this.#clock.now();
    const origin = now - this.#clock.monotonic();
    const startAts = tickets.map(({ at }) => at + origin);
    void this.#claim({ limit: tickets.length, now, startAts, keepStartsMs: keptForMs(windows.rates) }, (jobs) => {
      for (const ticket of tickets.slice(jobs.length).reverse()) windows.giveBack(ticket);
      this.#pool.startRated(jobs, tickets, windows);
    });
  }

  /** From a store that other daemons claim from as well: it decides over all of them what may start. */
  #claimShared(limit: number, freeSlots: number): void {
    const askedAt = this.#clock.monotonic();
    const now = this.#clock.now();
    const givenBack = this.#givenBack;
    const urgency = this.#ahead.size > 0 ? 'lazy' : 'immediate';
    void this.#claim({ limit, now, shared: true, urgency }, (jobs, { starts, nextInMs, rateUses }) => {
      if (rateUses !== undefined) this.#limits.hear(rateUses);
      if (nextInMs !== undefined) {
        const waitMs = Math.max(nextInMs - sharedLeadMs, shortestWaitMs);
        this.#askAgainAt = this.#clock.monotonic() + Math.min(waitMs, longestIgnoredMs);
        this.#wakeIn(Math.min(waitMs, longestWaitMs));
      }
      if (starts === undefined) {
        this.#place(jobs, { askedAt, now, givenBack, freeSlots });
        return;
      }
      // Of a rate that this daemon hasn't heard of when it asked for more than it has slots for.
      for (const job of jobs.slice(freeSlots)) this.#options.release(job);
      const windows = this.#limits.windowsOf(starts.rates);
      const heardAt = this.#clock.monotonic();
      this.#pool.startRated(jobs.slice(0, freeSlots), starts.inMs.map((inMs) => windows.take(heardAt + inMs)), windows, true);
    });
  }

  async #claim(params: Omit<Parameters<Store['claim']>[0], 'queue'>, place: (jobs: readonly ClaimedJob[], result: ClaimResult) => void): Promise<void> {
    const { lease, release } = this.#options;
    const { term } = lease;
    const passing = this.#passing;
    const moves = this.#moves;
    const { releases } = this.#options.connections;
    const leaving = this.#options.connections.leaving(this);
    this.#asked += params.limit;
    let result: ClaimResult = { jobs: [] };
    try {
      result = await this.#options.store.claim({ queue: this.#options.name, ...params, ...(passing.length === 0 ? {} : { passing: passing.map(({ version, step }) => ({ version, step })) }), ...(leaving.length === 0 ? {} : { leaving }) });
      this.#isExhausted = passing.length > 0 && result.jobs.length === 0 && moves === this.#moves && passing === this.#passing;
      this.#heardOfConnections(result, { limit: params.limit, moves, releases });
    } catch (error) {
      this.#options.onError(error);
      if (this.#limits.isRunning) this.#wakeIn(afterFailureMs);
    }
    // Since they were claimed, others may have taken them over.
    if (term !== lease.term) {
      for (const job of result.jobs) release(job);
      result = { jobs: [] };
    }
    // Together with what follows: a look in between would claim for the same places again.
    this.#asked -= params.limit;
    place(result.jobs, result);
    // What a shared claim didn't bring, another look wouldn't either: a commit says when there is more, or the timer.
    if (params.shared !== true || result.jobs.length > 0) this.wake();
    this.#options.onDone();
  }

  #heardOfConnections({ jobs, connections = [] }: ClaimResult, { limit, moves, releases }: { readonly limit: number; readonly moves: number; readonly releases: number }): void {
    this.#meetsConnections = connections.length > 0;
    this.#isAwaitingConnection = jobs.length < limit && moves === this.#moves && connections.some(({ held }) => held !== undefined);
    this.#options.connections.heard(this, connections, releases);
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

function parted<One>(all: readonly One[], isFirst: (one: One) => boolean): readonly [readonly One[], readonly One[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
