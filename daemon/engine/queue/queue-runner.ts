import type { QueueDefinition } from '../../../schemas/workflow/model.ts';
import type { RateUse } from '../../core/rate-windows.ts';
import type { Rate } from '../../../schemas/workflow/rate.ts';
import type { ActivityTally } from '../../core/queue-series.ts';
import type { Clock } from '../../core/clock.ts';
import type { ForecastVerdict } from '../../core/forecast.ts';
import type { ClaimedJob, QueueChange, QueueDepth, QueueHold, QueueOrders, Store, StoredQueue } from '../../store/store.ts';
import type { MachineLoad } from '../machine-load.ts';
import type { Lease } from '../membership.ts';
import { AttemptPool, type Slot } from './attempt-pool.ts';
import type { ConnectionTurns } from './connection-turns.ts';
import { QueueClaims, type PassedStep } from './queue-claims.ts';
import { QueueFigures } from './queue-figures.ts';
import { QueueLimits, type Obstacle, type QueueOverrides } from './queue-limits.ts';

export interface QueueRunnerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly machine: MachineLoad;
  readonly connections: ConnectionTurns;
  readonly lease: Lease;
  /** Makes the attempt, and calls `slot.release` at its end whatever happens. */
  readonly execute: (job: ClaimedJob, queue: QueueRunner, slot: Slot) => void;
  /** A claimed job that isn't started goes back to where it was. */
  readonly release: (job: ClaimedJob) => void;
  /** A claim has failed. */
  readonly onError: (error: unknown) => void;
  /** Nothing that it claimed is under way. */
  readonly onIdle: () => void;
}

/** One queue at work: its limits, its claims, its attempts and its figures, as the rest of the daemon sees them. */
export class QueueRunner {
  readonly name: string;
  readonly #onIdle: () => void;
  readonly #limits: QueueLimits;
  readonly #figures: QueueFigures;
  readonly #pool: AttemptPool;
  readonly #claims: QueueClaims;

  constructor({ name, clock, store, machine, connections, lease, execute, release, onError, onIdle }: QueueRunnerOptions) {
    this.name = name;
    this.#onIdle = onIdle;
    const limits = new QueueLimits({ name, clock, onTightened: () => this.releasePrefetched() });
    const figures = new QueueFigures({ name, clock, limits, machine });
    const pool = new AttemptPool({
      clock,
      machine,
      figures,
      connections,
      execute: (job, slot) => execute(job, this, slot),
      isFollowed: () => this.#claims.ahead > 0,
      onRelease: (ranMs) => this.#released(ranMs),
    });
    this.#limits = limits;
    this.#figures = figures;
    this.#pool = pool;
    this.#claims = new QueueClaims({ name, clock, store, lease, limits, figures, pool, connections, release, onError, onDone: () => this.#settleIdle() });
  }

  get definition(): QueueDefinition {
    return this.#limits.definition;
  }

  get overrides(): QueueOverrides {
    return this.#limits.overrides;
  }

  /**
   * What is claimed ahead hasn't begun, and counts as pending. What has ended counts as active until it is in the store, so that a queue
   * isn't empty before its last outcome can be read; but no more than can be active at a time.
   */
  get depth(): QueueDepth {
    const { pending, active, ...depth } = this.#figures.stored;
    const { ahead } = this.#claims;
    const begun = Math.max(0, active - ahead);
    return { ...depth, pending: pending + ahead, active: Math.min(begun, Math.max(this.#pool.taken, this.concurrency)) };
  }

  get paused(): boolean {
    return this.#limits.overrides.paused;
  }

  get concurrency(): number {
    return this.#limits.concurrency;
  }

  /** The rates that hold now: the override's, else the file's. */
  get rates(): readonly Rate[] {
    return this.#limits.rates;
  }

  /** Until when a receiver asked the queue to wait, and why; undefined if it isn't held. */
  get hold(): QueueHold | undefined {
    return this.#limits.hold;
  }

  /** Whether nothing may start, whatever its turn: it is paused, or held back. */
  get blocked(): boolean {
    return this.paused || this.hold !== undefined;
  }

  /** Starts within the windows that end now, in the order of `rates`. */
  get rateUses(): readonly RateUse[] {
    return this.#limits.rateUses;
  }

  /** Wall time at which the rates let the next attempt start. */
  get nextStartAt(): number | undefined {
    return this.#limits.nextStartAt;
  }

  get throughputPerMinute(): number {
    return this.#figures.throughputPerMinute;
  }

  get failureRate(): number {
    return this.#figures.failureRate;
  }

  /** See `QueueFigures.recent`. */
  recent(spanMs?: number): ActivityTally {
    return this.#figures.recent(spanMs);
  }

  /** What happened since the daemon began. */
  get total(): ActivityTally {
    return this.#figures.total;
  }

  /** What happened since this was last called. */
  takeActivity(): ActivityTally {
    return this.#figures.take();
  }

  /** What was taken could not be kept. */
  giveBackActivity(tally: ActivityTally): void {
    this.#figures.release(tally);
  }

  /** Whether the queue will clear on its own, and when; with `more` jobs than it has. */
  forecast(isStoreOk: boolean, more = 0): ForecastVerdict {
    return this.#figures.forecast(isStoreOk, more);
  }

  /** Whether jobs keep coming faster than they are done, for whatever reason. */
  isFilling(isStoreOk: boolean): boolean {
    return this.#figures.isFilling(isStoreOk);
  }

  /** What the store kept over a restart. */
  restore(stored: StoredQueue): void {
    this.#limits.restore(stored);
  }

  declare(definition: QueueDefinition): void {
    this.#limits.declare(definition);
    this.wake();
  }

  /** What a person has told it, no matter who carried it out. */
  obey({ paused, rate, concurrency }: QueueOrders): void {
    this.override({ paused, rate: rate === undefined ? 'file' : rate, concurrency: concurrency ?? 'file' });
  }

  /** What a person sets; `'file'` takes an override back. */
  override(change: Parameters<QueueLimits['override']>[0]): void {
    this.#limits.override(change);
    this.wake();
  }

  /** No attempt starts before it ends. A hold that ends later stays. */
  holdBack(hold: QueueHold): void {
    this.#limits.holdBack(hold);
  }

  /** The wall clock was set, or the machine has slept: a hold is as long as it was asked to be. */
  clockChanged(shiftMs: number): void {
    this.#limits.clockChanged(shiftMs);
    this.wake();
  }

  /** Attempts may start again, unless a longer hold has come meanwhile. */
  liftHold(hold: QueueHold | undefined): void {
    this.#limits.liftHold(hold);
    this.wake();
  }

  /** Nothing is claimed until what this returns is called. */
  standStill(): () => void {
    const still = this.#limits.standStill();
    return () => {
      if (this.#limits.goOn(still)) this.wake();
    };
  }

  /** Jobs of another queue have come into this one: their receiver has seen that queue's starts, and may have asked for a pause. */
  follow(other: QueueRunner): void {
    this.#limits.follow(other.#limits);
  }

  /** What was claimed ahead goes back, and so does what is being claimed ahead. */
  releasePrefetched(): void {
    this.#claims.releasePrefetched();
  }

  /** A job that was claimed ahead goes back. False if that job isn't one. */
  giveBackOne(jobId: number): boolean {
    return this.#claims.giveBackOne(jobId);
  }

  /** All that keeps an attempt of it from starting now; see `QueueLimits.obstacles`. */
  get obstacles(): readonly Obstacle[] {
    return [...this.#limits.obstacles(this.#pool.load)];
  }

  /** See `QueueClaims.passing`. */
  get passing(): readonly PassedStep[] {
    return this.#claims.passing;
  }

  /** See `QueueClaims.pass`. */
  pass(step: PassedStep): boolean {
    return this.#claims.pass(step);
  }

  /** See `QueueClaims.passNone`. */
  passNone(): void {
    this.#claims.passNone();
  }

  /** An attempt has ended. */
  count(succeeded: boolean): void {
    this.#figures.count(succeeded);
  }

  /** A transaction has moved jobs of it. */
  committed(change: QueueChange): void {
    const hasMore = change.arrived > 0 || change.pending > this.#figures.stored.pending;
    this.#figures.committed(change);
    if (change.pending > 0) this.#claims.moved({ hasMore });
  }

  /** See `QueueClaims.expectJob`. */
  expectJob(): void {
    this.#claims.expectJob();
  }

  start(): void {
    this.#limits.start();
    this.wake();
  }

  /** Whether nothing that it claimed is under way. */
  get idle(): boolean {
    return this.#pool.taken === 0 && this.#claims.idle;
  }

  /** Claims nothing from here on. What has been claimed for a start that is yet to come still goes to the executor. */
  stop(): void {
    this.#claims.stop();
    this.#limits.stop();
  }

  wake(): void {
    this.#claims.wake();
  }

  #released(ranMs: number | undefined): void {
    if (ranMs !== undefined) this.#claims.ran(ranMs);
    this.wake();
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (this.idle) this.#onIdle();
  }
}
