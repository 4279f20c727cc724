import { queueDefaults, type QueueDefinition } from '../../schemas/workflow/model.ts';
import type { Rate } from '../../schemas/workflow/rate.ts';
import type { ActivityTally } from '../core/activity-tally.ts';
import { ClaimAhead } from '../core/claim-ahead.ts';
import { forecast, type ForecastInput, type ForecastVerdict } from '../core/forecast.ts';
import { QueueMeter } from '../core/queue-meter.ts';
import { keptStartsMs, RateWindow, type RateTicket } from '../core/rate-window.ts';
import type { ClaimedJob, ClaimParams, QueueChange, QueueDepth, QueueHold, Store, StoredQueue } from '../store/store.ts';
import type { AttemptStart } from './attempt-signal.ts';
import { ClaimedAhead } from './claimed-ahead.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { MachineLoad } from './machine-load.ts';
import { ratedSlot } from './rated-slot.ts';
import type { Slot } from './slot.ts';

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

export interface QueueRunnerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly machine: MachineLoad;
  /** Makes the attempt, and calls `slot.release` at its end whatever happens. */
  readonly execute: (job: ClaimedJob, queue: QueueRunner, slot: Slot) => void;
  /** A claimed job that isn't started goes back to where it was. */
  readonly giveBack: (job: ClaimedJob) => void;
  /** A claim has failed. */
  readonly onError: (error: unknown) => void;
  /** Nothing that it claimed is under way any more. */
  readonly onIdle: () => void;
}

/**
 * Hands the jobs of one queue to the executor, as fast as its concurrency, its rate and its holds allow.
 *
 *     wake (commit, slot, timer, change)
 *       -> paused | stopped | full      wait for a wake
 *       -> held | rate window           set a timer
 *       -> claim -> each job at its start
 */
export class QueueRunner {
  readonly name: string;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #machine: MachineLoad;
  readonly #execute: QueueRunnerOptions['execute'];
  readonly #giveBack: QueueRunnerOptions['giveBack'];
  readonly #onError: QueueRunnerOptions['onError'];
  readonly #onIdle: () => void;
  readonly #meter: QueueMeter;

  #definition: QueueDefinition;
  #overrides: { paused: boolean; rate?: Rate | null; concurrency?: number } = { paused: false };
  #depth: QueueDepth;
  /** Kept while there is no limit, so that one that comes back knows what has started before. */
  #window: RateWindow | undefined;
  #hold: QueueHold | undefined;
  /** Since when some job has been due, without a pause. */
  #busySince: number | undefined;
  /** Handed to the executor and not yet released. */
  #taken = 0;
  /** What the claims that are under way ask for. */
  #asked = 0;
  readonly #claimAhead = new ClaimAhead();
  readonly #ahead: ClaimedAhead;
  /** How often what was claimed ahead has been given back. */
  #givenBack = 0;
  #expecting = false;
  #running = false;
  /** Who has asked it to stand still. */
  readonly #stills = new Set<symbol>();
  #pumping = false;
  #timer: Timer | undefined;

  constructor({ name, clock, store, machine, execute, giveBack, onError, onIdle }: QueueRunnerOptions) {
    this.name = name;
    this.#clock = clock;
    this.#store = store;
    this.#machine = machine;
    this.#execute = execute;
    this.#giveBack = giveBack;
    this.#onError = onError;
    this.#onIdle = onIdle;
    this.#ahead = new ClaimedAhead({ clock, giveBack, onStall: () => this.#claimAhead.forgetRuns() });
    this.#meter = new QueueMeter(clock.monotonic());
    this.#definition = { name };
    this.#depth = { name, pending: 0, delayed: 0, active: 0, dead: 0 };
  }

  get definition(): QueueDefinition {
    return this.#definition;
  }

  get overrides(): { readonly paused: boolean; readonly rate?: Rate | null; readonly concurrency?: number } {
    return this.#overrides;
  }

  /**
   * What is claimed ahead hasn't begun, and counts as pending. What has ended counts as active until it is in the store, so that a queue
   * isn't empty before its last outcome can be read; but no more than can be active at a time.
   */
  get depth(): QueueDepth {
    const { pending, active, ...depth } = this.#depth;
    const begun = Math.max(0, active - this.#ahead.size);
    return { ...depth, pending: pending + this.#ahead.size, active: Math.min(begun, Math.max(this.#taken, this.concurrency)) };
  }

  get paused(): boolean {
    return this.#overrides.paused;
  }

  get concurrency(): number {
    return this.#overrides.concurrency ?? this.#definition.concurrency ?? queueDefaults.concurrency;
  }

  /** The rate that holds now: the override's, else the file's. */
  get rate(): Rate | undefined {
    return this.#overrides.rate === undefined ? this.#definition.rate : (this.#overrides.rate ?? undefined);
  }

  /** Until when a receiver asked the queue to wait, and why; undefined if it isn't held. */
  get hold(): QueueHold | undefined {
    return this.#hold !== undefined && this.#hold.until > this.#clock.now() ? this.#hold : undefined;
  }

  /** Whether nothing may start, whatever its turn: it is paused, or held back. */
  get blocked(): boolean {
    return this.paused || this.hold !== undefined;
  }

  /** Starts within the window that ends now. */
  get rateUsed(): number | undefined {
    return this.#limit?.used(this.#clock.monotonic());
  }

  /** Wall time at which the rate lets the next attempt start. */
  get nextStartAt(): number | undefined {
    const now = this.#clock.monotonic();
    const limit = this.#limit;
    return limit === undefined ? undefined : this.#clock.now() + (limit.nextStart(now) - now);
  }

  get throughputPerMinute(): number {
    return this.#meter.throughputPerMinute(this.#clock.monotonic());
  }

  get failureRate(): number {
    return this.#meter.failureRate(this.#clock.monotonic());
  }

  /** What happened over the last `spanMs`, an hour at most; five minutes where it is missing. */
  recent(spanMs?: number): ActivityTally {
    return this.#meter.recent(this.#clock.monotonic(), spanMs);
  }

  /** What happened since this was last called. */
  takeActivity(): ActivityTally {
    return this.#meter.take();
  }

  /** What was taken could not be kept. */
  giveBackActivity(tally: ActivityTally): void {
    this.#meter.giveBack(tally);
  }

  /** Whether the queue will clear on its own, and when; with `more` jobs than it has. */
  forecast(isStoreOk: boolean, more = 0): ForecastVerdict {
    const prospect = this.#prospect(isStoreOk);
    return forecast({ ...prospect, pending: prospect.pending + more });
  }

  /** Whether jobs keep coming faster than they are done, for whatever reason. */
  isFilling(isStoreOk: boolean): boolean {
    const prospect = this.#prospect(isStoreOk);
    const { state } = forecast(prospect);
    return prospect.flow.arrivalsPerMs > 0 && (state === 'growing' || state === 'stalled');
  }

  #prospect(isStoreOk: boolean): ForecastInput {
    const { rate, concurrency, paused } = this;
    const { pending, delayed, active } = this.#depth;
    return {
      pending,
      delayed,
      active,
      paused,
      held: this.hold !== undefined,
      isStoreOk,
      ...(rate === undefined ? {} : { rate }),
      concurrency,
      flow: this.#meter.flow(this.#clock.monotonic(), this.#busySince),
    };
  }

  /** What the store kept over a restart. */
  restore({ paused, rate, concurrency, hold, definition, starts }: StoredQueue): void {
    if (definition !== undefined) this.#definition = definition;
    this.#overrides = { paused, ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) };
    this.#hold = hold;
    this.#applyRate();
    const now = this.#clock.monotonic();
    const origin = now - this.#clock.now();
    this.#window?.restore(
      starts.map(({ at, endedAt, isCutOff }) => ({ at: at + origin, endedAt: endedAt + origin, isCutOff })),
      now,
    );
  }

  declare(definition: QueueDefinition): void {
    this.#definition = definition;
    this.#applyRate();
    this.wake();
  }

  /** What a person sets; `'file'` takes an override back. */
  override(change: { readonly paused?: boolean; readonly rate?: Rate | null | 'file'; readonly concurrency?: number | 'file' }): void {
    const { paused, rate, concurrency } = this.#overrides;
    const newRate = change.rate === undefined ? rate : change.rate === 'file' ? undefined : change.rate;
    const newConcurrency = change.concurrency === undefined ? concurrency : change.concurrency === 'file' ? undefined : change.concurrency;
    this.#overrides = {
      paused: change.paused ?? paused,
      ...(newRate === undefined ? {} : { rate: newRate }),
      ...(newConcurrency === undefined ? {} : { concurrency: newConcurrency }),
    };
    this.#applyRate();
    if (this.paused) this.giveBackAhead();
    this.wake();
  }

  /** No attempt starts before it ends. A hold that ends later stays. */
  holdBack(hold: QueueHold): void {
    if (hold.until > (this.#hold?.until ?? 0)) this.#hold = hold;
    this.giveBackAhead();
  }

  /** The wall clock was set, or the machine has slept: a hold is as long as it was asked to be. */
  clockChanged(shiftMs: number): void {
    if (this.#hold !== undefined) this.#hold = { ...this.#hold, until: this.#hold.until + shiftMs };
    this.wake();
  }

  /** Attempts may start again, unless a longer hold has come meanwhile. */
  liftHold(hold: QueueHold | undefined): void {
    if (this.#hold === hold) this.#hold = undefined;
    this.wake();
  }

  /** Nothing is claimed until what this returns is called. */
  standStill(): () => void {
    const still = Symbol(this.name);
    this.#stills.add(still);
    this.giveBackAhead();
    return () => {
      if (this.#stills.delete(still)) this.wake();
    };
  }

  /** Jobs of another queue have come into this one: their receiver has seen that queue's starts, and may have asked for a pause. */
  follow(other: QueueRunner): void {
    if (other.hold !== undefined) this.holdBack(other.hold);
    if (other.#window === undefined) return;
    this.#window ??= new RateWindow(other.#window.rate);
    this.#window.absorb(other.#window);
  }

  /** What was claimed ahead goes back, and so does what is being claimed ahead. */
  giveBackAhead(): void {
    this.#givenBack++;
    this.#ahead.giveBackAll();
  }

  /** A job that was claimed ahead goes back. False where that job isn't one. */
  giveBackOne(jobId: number): boolean {
    return this.#ahead.giveBackOne(jobId);
  }

  /** An attempt has ended. */
  count(succeeded: boolean): void {
    this.#meter.count(this.#clock.monotonic(), succeeded);
  }

  /** A transaction has moved jobs of it. */
  committed({ arrived, left, ...depth }: QueueChange): void {
    const now = this.#clock.monotonic();
    this.#depth = depth;
    this.#meter.moved(now, arrived, left);
    this.#busySince = depth.pending === 0 ? undefined : (this.#busySince ?? now);
    if (depth.pending > 0) this.wake();
  }

  /**
   * A job is being made that could start at once. Call it right before the store is told to make it: the claim then goes into
   * the same transaction, and a job that finds its queue idle waits for one commit and not for two.
   */
  expectJob(): void {
    this.#expecting = true;
    this.wake();
  }

  start(): void {
    this.#running = true;
    this.wake();
  }

  /** Whether nothing that it claimed is under way. */
  get idle(): boolean {
    return this.#taken === 0 && this.#asked === 0 && this.#ahead.size === 0;
  }

  /** Claims nothing any more. What has been claimed for a start that is yet to come still goes to the executor. */
  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.giveBackAhead();
  }

  /** Looks again, soon, whether something can start. Many wakes of one turn are one look. */
  wake(): void {
    if (this.#pumping || !this.#running) return;
    this.#pumping = true;
    // Before the store sends what has ended just now, so that ends and new claims share a transaction.
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  get #limit(): RateWindow | undefined {
    return this.rate === undefined ? undefined : this.#window;
  }

  #applyRate(): void {
    const { rate } = this;
    if (rate === undefined) return;
    this.giveBackAhead();
    if (this.#window === undefined) this.#window = new RateWindow(rate);
    else this.#window.change(rate);
  }

  get #freePlaces(): number {
    return Math.min(this.concurrency - this.#taken, this.#machine.room);
  }

  #pump(): void {
    const window = this.#limit;
    // Starts of a rate are taken, and given back, claim by claim; without one, a claim needn't wait for the one before.
    if (!this.#running || this.#stills.size > 0 || this.paused || (window !== undefined && this.#asked > 0)) return;
    this.#startAhead();
    const likely = this.#depth.pending - this.#asked + (this.#expecting ? 1 : 0);
    this.#expecting = false;
    const freePlaces = this.#freePlaces;
    const places = freePlaces - this.#asked - this.#ahead.size;
    // As long as the machine allows no more, what is claimed ahead would only wait.
    const ahead = window === undefined && freePlaces === this.concurrency - this.#taken ? this.#claimAhead.jobs(this.concurrency) : 0;
    // By large claims, each while half of what the one before brought is still there.
    if (ahead > 0 && this.#asked + this.#ahead.size > ahead / 2) return;
    const free = Math.min(places + ahead, likely, maxClaim);
    if (free <= 0) return;
    const { hold } = this;
    if (hold !== undefined) {
      this.#wakeIn(Math.min(hold.until - this.#clock.now(), longestWaitMs));
      return;
    }
    if (window === undefined) {
      this.#claimFree(free, Math.max(0, places));
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
  #claimFree(limit: number, places: number): void {
    const askedAt = this.#clock.monotonic();
    const now = this.#clock.now();
    const givenBack = this.#givenBack;
    const patient = this.#ahead.size + this.#asked > 0;
    void this.#claim({ limit, now, patient }, (jobs) => {
      this.#claimAhead.claimed(this.#clock.monotonic() - askedAt);
      const kept = givenBack === this.#givenBack ? jobs : jobs.slice(0, this.#running ? places : 0);
      for (const job of jobs.slice(kept.length)) this.#giveBack(job);
      const starting = this.#ahead.size > 0 ? 0 : Math.max(0, this.#freePlaces);
      this.#startFree(kept.slice(0, starting));
      this.#shelve(kept.slice(starting), now);
    });
  }

  #claimRated(window: RateWindow, tickets: readonly RateTicket[]): void {
    const now = this.#clock.now();
    const origin = now - this.#clock.monotonic();
    const startAts = tickets.map(({ at }) => at + origin);
    void this.#claim({ limit: tickets.length, now, startAts, keepStartsMs: keptStartsMs(window.rate) }, (jobs) => {
      for (const ticket of tickets.slice(jobs.length).reverse()) window.giveBack(ticket);
      this.#take(jobs.length);
      for (const [index, job] of jobs.entries()) {
        const ticket = tickets[index];
        if (ticket === undefined) continue;
        this.#execute(job, this, ratedSlot({ ticket, window, clock: this.#clock, onStart: (start) => this.#started(job, start), onRelease: (startedAt) => this.#release(startedAt) }));
      }
    });
  }

  async #claim(params: Omit<ClaimParams, 'queue'>, place: (jobs: readonly ClaimedJob[]) => void): Promise<void> {
    this.#asked += params.limit;
    let jobs: readonly ClaimedJob[] = [];
    try {
      ({ jobs } = await this.#store.claim({ queue: this.name, ...params }));
    } catch (error) {
      this.#onError(error);
      if (this.#running) this.#wakeIn(afterFailureMs);
    }
    // Together with what follows: a look in between would claim for the same places again.
    this.#asked -= params.limit;
    place(jobs);
    this.wake();
    if (this.idle) this.#onIdle();
  }

  #shelve(jobs: readonly ClaimedJob[], now: number): void {
    if (jobs.length === 0) return;
    this.#store.shelve({ jobs, now });
    this.#ahead.add(jobs);
  }

  /** What was claimed ahead takes the places that have become free. */
  #startAhead(): void {
    const jobs = this.#ahead.take(this.#freePlaces);
    if (jobs.length === 0) return;
    if (this.#store.begin({ jobs })) {
      this.#startFree(jobs);
      return;
    }
    for (const job of jobs) this.#giveBack(job);
    this.#claimAhead.forgetRuns();
  }

  #startFree(jobs: readonly ClaimedJob[]): void {
    this.#take(jobs.length);
    for (const job of jobs) this.#execute(job, this, this.#freeSlot(job));
  }

  #take(attempts: number): void {
    this.#taken += attempts;
    this.#machine.took(attempts);
  }

  #freeSlot(job: ClaimedJob): Slot {
    const ahead = this.#ahead;
    let startedAt: number | undefined;
    return {
      startInMs: 0,
      get isFollowed() {
        return ahead.size > 0;
      },
      started: (start) => (startedAt = this.#started(job, start)),
      depart: undefined,
      sent: () => {},
      release: () => this.#release(startedAt),
    };
  }

  #started({ dueAt }: ClaimedJob, { wall, monotonic }: AttemptStart): number {
    this.#meter.waited(monotonic, Math.max(0, wall - dueAt));
    return monotonic;
  }

  #release(startedAt: number | undefined): void {
    const now = this.#clock.monotonic();
    if (startedAt !== undefined) {
      this.#meter.ran(now, now - startedAt);
      this.#claimAhead.ran(now - startedAt);
    }
    this.#taken--;
    this.#machine.released();
    this.wake();
    if (this.idle) this.#onIdle();
  }

  #wakeIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(Math.max(0, delayMs), () => {
      this.#timer = undefined;
      this.wake();
    });
  }
}
