import { queueDefaults, type QueueDefinition } from '../../schemas/workflow/model.ts';
import type { Rate } from '../../schemas/workflow/rate.ts';
import type { ActivityTally } from '../core/activity-tally.ts';
import { forecast, type ForecastInput, type ForecastVerdict } from '../core/forecast.ts';
import { QueueMeter } from '../core/queue-meter.ts';
import { RateWindow, type RateTicket } from '../core/rate-window.ts';
import type { ClaimedJob, QueueChange, QueueDepth, Store, StoredQueue } from '../store/store.ts';
import type { Clock, Timer } from './clock.ts';
import type { Slot } from './slot.ts';

/** Jobs that one claim takes, at most. */
const maxClaim = 256;
/**
 * How far ahead of its start a job of a rated queue is claimed, in milliseconds: the claim has to be on disk before the
 * start, and without a lead the time that takes would be lost at every start.
 */
const leadMs = 25;
/** After that long a wait is looked at anew, in milliseconds: wall time may have jumped, or the machine have slept. */
const longestWaitMs = 60_000;
/** After a claim that failed it is tried again, in milliseconds. */
const afterFailureMs = 1000;

export interface QueueRunnerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly store: Store;
  /** Makes the attempt, and calls `slot.release` at its end whatever happens. */
  readonly execute: (job: ClaimedJob, queue: QueueRunner, slot: Slot) => void;
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
  readonly #execute: QueueRunnerOptions['execute'];
  readonly #onError: QueueRunnerOptions['onError'];
  readonly #onIdle: () => void;
  readonly #meter: QueueMeter;

  #definition: QueueDefinition;
  #overrides: { paused: boolean; rate?: Rate | null; concurrency?: number } = { paused: false };
  #depth: QueueDepth;
  /** Kept while there is no limit, so that one that comes back knows what has started before. */
  #window: RateWindow | undefined;
  #heldUntil = 0;
  /** Since when some job has been due, without a pause. */
  #busySince: number | undefined;
  /** Claimed and not yet released. */
  #taken = 0;
  /** What the claims that are under way ask for. */
  #asked = 0;
  #expecting = false;
  #running = false;
  #pumping = false;
  #timer: Timer | undefined;

  constructor({ name, clock, store, execute, onError, onIdle }: QueueRunnerOptions) {
    this.name = name;
    this.#clock = clock;
    this.#store = store;
    this.#execute = execute;
    this.#onError = onError;
    this.#onIdle = onIdle;
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

  get depth(): QueueDepth {
    return this.#depth;
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

  /** Wall time until which the other side asked the queue to wait; undefined where it isn't held. */
  get heldUntil(): number | undefined {
    return this.#heldUntil > this.#clock.now() ? this.#heldUntil : undefined;
  }

  /** Whether nothing may start, whatever its turn: it is paused, or held back. */
  get blocked(): boolean {
    return this.paused || this.heldUntil !== undefined;
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

  /** Whether the queue will clear on its own, and when. */
  forecast(isStoreOk: boolean): ForecastVerdict {
    return forecast(this.#prospect(isStoreOk));
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
      held: this.heldUntil !== undefined,
      isStoreOk,
      ...(rate === undefined ? {} : { rate }),
      concurrency,
      flow: this.#meter.flow(this.#clock.monotonic(), this.#busySince),
    };
  }

  /** What the store kept over a restart. */
  restore({ paused, rate, concurrency, heldUntil, definition, starts }: StoredQueue): void {
    if (definition !== undefined) this.#definition = definition;
    this.#overrides = { paused, ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) };
    this.#heldUntil = heldUntil ?? 0;
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
    this.wake();
  }

  /** No attempt starts before; from the other side's `Retry-After`. */
  hold(until: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, until);
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
    return this.#taken === 0 && this.#asked === 0;
  }

  /** Claims nothing any more. What has been claimed for a start that is yet to come still goes to the executor. */
  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks again, soon, whether something can start. Many wakes of one turn are one look. */
  wake(): void {
    if (this.#pumping || !this.#running) return;
    this.#pumping = true;
    // Before the store sends what this turn has ended, so that ends and new claims share a transaction.
    setImmediate(() => {
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
    if (this.#window === undefined) this.#window = new RateWindow(rate);
    else this.#window.change(rate);
  }

  #pump(): void {
    const window = this.#limit;
    // Starts of a rate are taken, and given back, claim by claim; without one, a claim needn't wait for the one before.
    if (!this.#running || this.paused || (window !== undefined && this.#asked > 0)) return;
    const likely = this.#depth.pending - this.#asked + (this.#expecting ? 1 : 0);
    this.#expecting = false;
    const free = Math.min(this.concurrency - this.#taken - this.#asked, likely, maxClaim);
    if (free <= 0) return;
    const heldMs = this.#heldUntil - this.#clock.now();
    if (heldMs > 0) {
      this.#wakeIn(Math.min(heldMs, longestWaitMs));
      return;
    }
    if (window === undefined) {
      void this.#claim(free);
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
    if (tickets.length > 0) void this.#claim(tickets.length, { window, tickets });
    else this.#wakeIn(window.nextStart(now) - now - leadMs);
  }

  async #claim(limit: number, rated?: { readonly window: RateWindow; readonly tickets: RateTicket[] }): Promise<void> {
    this.#asked += limit;
    const now = this.#clock.now();
    const origin = now - this.#clock.monotonic();
    let jobs: readonly ClaimedJob[] = [];
    try {
      const claimed = await this.#store.claim({
        queue: this.name,
        limit,
        now,
        ...(rated === undefined
          ? {}
          : { startAts: rated.tickets.map((ticket) => ticket.at + origin), keepStartsMs: keptStartsMs(rated.window.rate) }),
      });
      jobs = claimed.jobs;
    } catch (error) {
      this.#onError(error);
      if (this.#running) this.#wakeIn(afterFailureMs);
    }
    this.#asked -= limit;
    for (let unused = rated?.tickets.length ?? 0; rated !== undefined && unused > jobs.length; unused--) {
      const ticket = rated.tickets[unused - 1];
      if (ticket !== undefined) rated.window.giveBack(ticket);
    }
    this.#taken += jobs.length;
    for (const [index, job] of jobs.entries()) {
      const ticket = rated?.tickets[index];
      this.#execute(job, this, rated === undefined || ticket === undefined ? this.#freeSlot(job) : this.#ratedSlot(job, rated.window, ticket));
    }
    if (this.idle) this.#onIdle();
  }

  #freeSlot(job: ClaimedJob): Slot {
    let startedAt: number | undefined;
    return {
      startInMs: 0,
      started: () => (startedAt = this.#started(job)),
      sent: () => {},
      release: () => this.#release(startedAt),
    };
  }

  #ratedSlot(job: ClaimedJob, window: RateWindow, ticket: RateTicket): Slot {
    let startedAt: number | undefined;
    return {
      startInMs: ticket.at - this.#clock.monotonic(),
      started: () => {
        startedAt = this.#started(job);
        window.started(ticket, startedAt);
      },
      sent: () => window.sent(ticket, this.#clock.monotonic()),
      release: () => {
        window.ended(ticket, this.#clock.monotonic());
        this.#release(startedAt);
      },
    };
  }

  #started({ dueAt }: ClaimedJob): number {
    const now = this.#clock.monotonic();
    this.#meter.waited(now, Math.max(0, this.#clock.now() - dueAt));
    return now;
  }

  #release(startedAt: number | undefined): void {
    const now = this.#clock.monotonic();
    if (startedAt !== undefined) this.#meter.ran(now, now - startedAt);
    this.#taken--;
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

/** The window itself, and what a longer one would have to know if the rate were changed: an hour, or 10,000 starts. */
function keptStartsMs({ limit, perMs }: Rate): number {
  return Math.max(perMs, Math.min(3_600_000, (10_000 * perMs) / limit)) + 1000;
}
