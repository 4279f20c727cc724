import type { ClockChange } from '../core/clock.ts';
import { failPoint } from '../platform/fail-point.ts';
import { Listeners } from '../platform/listeners.ts';
import type { ClaimedJob, Committed, LookResult, OpenResult } from '../store/store.ts';
import type { AlertWatch } from './alert-watch.ts';
import type { BulkRunner } from './bulk-runner.ts';
import { Declarations } from './declarations.ts';
import { Dispatcher } from './dispatcher.ts';
import { DueTimer } from './due-timer.ts';
import type { EngineOptions, EngineSettings } from './engine-settings.ts';
import { Executor } from './executor.ts';
import { Intake } from './intake.ts';
import { LeaderWork } from './leader-work.ts';
import { MachineLoad } from './machine-load.ts';
import { Membership, type CheckedIn } from './membership.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { SeriesRecorder } from './series-recorder.ts';
import { SpaceReclaimer } from './space-reclaimer.ts';
import { StepNeeds } from './step-needs.ts';
import { StoreClock, StoreHealth, type StoreTrouble } from './store-health.ts';
import { StoreOpening } from './store-opening.ts';
import { UndeclaredQueues } from './undeclared-queues.ts';
import { WorkflowVersions } from './workflow-versions.ts';

/**
 * What makes jobs go: it connects the store's commits with the services that act on them.
 *
 *     commit -> queue depths   -> dispatcher -> executor -> outcomes -> commit
 *            -> open fan-outs  -> fan-out    -> commit
 *            -> open cascades  -> cascade    -> commit
 *            -> next due time  -> timer      -> promote  -> commit
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly health: StoreHealth;
  readonly outcomes: OutcomeWriter;
  readonly dispatcher: Dispatcher;
  readonly machine: MachineLoad;
  readonly alerts: AlertWatch;
  readonly undeclared: UndeclaredQueues;
  readonly bulks: BulkRunner;
  readonly intake: Intake;
  readonly opening: StoreOpening;
  /** This daemon among those that share its store. */
  readonly membership: Membership;
  readonly declarations: Declarations;
  readonly #leaderWork: LeaderWork;
  readonly #needs: StepNeeds;
  readonly #storeClock: StoreClock;
  readonly #due: DueTimer;
  readonly #series: SeriesRecorder;
  readonly #space: SpaceReclaimer;
  #executor: Executor | undefined;
  #storeId = '';
  #stopped: Promise<void> | undefined;
  #settings: EngineSettings | undefined;
  readonly #listeners = new Listeners<Committed>();
  readonly #alertListeners = new Listeners<ReadonlySet<string>>();
  readonly #limitListeners = new Listeners();
  #runningRuns = 0;
  #stopping = false;
  #commits = 0;
  #hasBegun = false;
  /** Transactions that it heard of before it had begun. */
  readonly #early: Committed[] = [];
  #ignoreClock = (): void => {};

  constructor(options: EngineOptions) {
    this.#options = options;
    const { clock, store, log } = options;
    this.health = new StoreHealth({ ...options, isShared: store.isShared, probe: () => this.#probe(), onChange: (trouble) => this.#healthChanged(trouble) });
    this.outcomes = new OutcomeWriter({
      store,
      health: this.health,
      onBug: (error, { jobId }) => log.error({ err: error, job: jobId }, 'an outcome could not be written; the job is settled as interrupted at the next start'),
      onLate: ({ jobId, attempt, succeeded }) =>
        log.warn({ job: jobId, attempt, succeeded }, 'an attempt that had been given up has ended after all; its outcome is refused'),
    });
    this.machine = new MachineLoad({ clock, log, onRoom: () => this.dispatcher.wakeAll() });
    this.membership = new Membership({
      ...options,
      onError: (error) => this.#note(error, 'this daemon could not check in with the store'),
      onLapse: () => this.#lapsed(),
      onCheckIn: (checkIn) => this.#checkedIn(checkIn),
    });
    this.declarations = new Declarations({ ...options, membership: this.membership, onTurn: () => this.#declareAgain(), onError: (error) => this.#note(error, 'what daemons declare could not be read') });
    const leads = (): boolean => this.membership.leads;
    this.#needs = new StepNeeds({ ...options, isShared: store.isShared, connection: (name) => this.#settings?.connections.get(name) });
    this.dispatcher = new Dispatcher({
      clock,
      store,
      lease: this.membership,
      machine: this.machine,
      execute: (job, queue, slot) => this.#executor?.execute(job, queue, slot),
      release: (job) => this.#executor?.release(job),
      onError: (error) => this.#note(error, 'jobs could not be claimed'),
    });
    this.intake = new Intake({ store, health: this.health, dispatcher: this.dispatcher, isStopping: () => this.#stopping });
    this.undeclared = new UndeclaredQueues({ clock, store, dispatcher: this.dispatcher, log, onForgotten: () => this.#configure(), onError: (error) => this.#note(error, 'the limits of an undeclared queue could not be forgotten') });
    this.#storeClock = new StoreClock({ clock, store, onError: (error) => this.#note(error, 'what waits could not be moved with the wall clock') });
    this.#due = new DueTimer({ clock, store, leads, isStoreOk: () => this.health.trouble === undefined, onError: (error) => this.#note(error, 'due jobs could not be made pending') });
    this.opening = new StoreOpening({
      ...options,
      storeClock: this.#storeClock,
      onLooked: (looked) => this.#looked(looked),
      onUnavailable: (error) => this.health.note(error),
      onOpened: (opened) => this.#begin(opened),
    });
    this.#series = new SeriesRecorder({ clock, store, dispatcher: this.dispatcher, leads, anchor: () => this.#storeClock.anchor(), onError: (error) => this.#note(error, 'what queues did could not be written') });
    this.#leaderWork = new LeaderWork({
      ...options,
      leads, others: () => this.membership.others,
      dispatcher: this.dispatcher,
      storeId: () => this.#storeId,
      isStopping: () => this.#stopping,
      isStoreOk: () => this.health.trouble === undefined,
      onPruned: () => this.#space.look(),
      onAlert: (queues) => this.#alertListeners.tell(queues),
      onError: (error, text) => this.#note(error, text),
    });
    this.alerts = this.#leaderWork.alerts;
    this.bulks = this.#leaderWork.bulks;
    this.#space = new SpaceReclaimer({
      clock, store, log, commits: () => this.#commits, isStoreOk: () => this.health.trouble === undefined,
      onError: (error) => this.#note(error, "the store's file could not give space back"),
    });
  }

  /** Runs that haven't ended. */
  get runningRuns(): number {
    return this.#runningRuns;
  }

  /** Calls back after each transaction. Returns what ends it. */
  onCommit(listener: (committed: Committed) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Calls back when alerts of queues have come, gone, or changed their severity. Returns what ends it. */
  onAlert(listener: (queues: ReadonlySet<string>) => void): () => void {
    return this.#alertListeners.add(listener);
  }

  /** Calls back when limits of queues have changed that no commit tells of: files were read, or a queue was released. Returns what ends it. */
  onLimits(listener: () => void): () => void {
    return this.#limitListeners.add(listener);
  }

  get hasBegun(): boolean {
    return this.#executor !== undefined;
  }

  /**
   * Opens the store, closes what a crash interrupted, and begins. Where the disk has no room for that, everything can be looked at when it
   * resolves, and it begins by itself as soon as there is room.
   */
  async start(settings: EngineSettings): Promise<void> {
    this.#ignoreClock = this.#options.clock.onChange((change) => this.#clockChanged(change));
    this.#settings = settings;
    this.#options.store.onCommit((committed) => this.#heard(committed));
    await this.opening.start();
  }

  /** What a store in trouble is tried with. */
  async #probe(): Promise<void> {
    if (!this.hasBegun) await this.opening.retry();
    else await this.#options.store.probe({ now: this.#options.clock.now() });
  }

  #looked({ queues, depths, runningRuns }: LookResult): void {
    this.#runningRuns = runningRuns;
    // Their starts are counted once it is open.
    this.dispatcher.restore(queues.map((queue) => ({ ...queue, starts: [] })));
    // What was claimed isn't under way any longer: it waits for the disk, as the rest does.
    this.dispatcher.committed(depths.map((depth) => ({ ...depth, pending: depth.pending + depth.active, active: 0 })));
    this.dispatcher.declare(this.#settings?.queues ?? []);
  }

  async #begin(opened: OpenResult): Promise<void> {
    const { store, log } = this.#options;
    this.#storeId = opened.storeId;
    const executor = new Executor({
      ...this.#options,
      storeId: opened.storeId,
      sharer: store.items?.self,
      connection: (name) => this.#settings?.connections.get(name),
      needs: this.#needs,
      connections: this.dispatcher.connections,
      connectionsDoubt: () => this.#settings?.connectionsDoubt,
      versions: new WorkflowVersions(store),
      outcomes: this.outcomes,
      machine: this.machine,
      lease: this.membership,
      onBug: (error, job: ClaimedJob) => log.error({ err: error, job: job.jobId, step: job.step }, 'an attempt ended by a bug'),
    });
    this.#leaderWork.shift(opened.shiftMs);
    this.dispatcher.restore(opened.queues);
    const alerts = await store.listAlerts();
    await this.membership.start();
    void this.#shiftStore();
    await this.#configure();
    if (this.#stopping) return;
    this.#executor = executor;
    // Now, because what follows from them takes its settings from there.
    if (opened.unsettled.length > 0) log.info({ attempts: opened.unsettled.length }, 'attempts that had ended before a crash were settled as they ended');
    for (const outcome of opened.unsettled) this.outcomes.settle(outcome);
    this.dispatcher.start();
    this.#space.start();
    // What others have done since it was opened comes after how it stood then.
    for (const committed of [opened.committed, ...this.#early.splice(0)]) this.#committed(committed);
    this.#hasBegun = true;
    await this.#leaderWork.start(alerts);
  }

  async apply(settings: EngineSettings): Promise<void> {
    this.#settings = settings;
    if (this.opening.isOpen) await this.#configure();
    // With counts that nobody knows, a queue would be taken for empty.
    else if (this.opening.hasLooked) this.dispatcher.declare(settings.queues);
  }

  async #configure(): Promise<void> {
    const settings = this.#settings;
    if (settings === undefined) return;
    const { queues, connections } = await this.declarations.declare(settings);
    this.dispatcher.declare(queues, connections);
    this.needsChanged();
    this.#leaderWork.apply(settings, queues);
    // Files that don't hold can't say which queues nobody declares.
    this.undeclared.apply(this.declarations.holds ? settings : { ...settings, queues }, queues);
    this.#limitListeners.tell();
  }

  /** Secrets or files have changed: what could not be done for want of them is looked at again. */
  needsChanged(): void {
    this.#needs.forget();
    this.dispatcher.filesChanged();
  }

  /** Others have declared something, or what they did holds no longer. */
  #declareAgain(): void {
    if (!this.#stopping) this.#configure().catch((error: unknown) => this.#note(error, 'files could not be declared again'));
  }

  /** See `Intake`. */
  assertAcceptingWork(): void {
    this.intake.assertAcceptingWork();
  }

  /** Aborts the attempt of a job that was marked as cancelled, if it is one of this daemon's. */
  #abort(jobId: number): void {
    if (this.#executor?.abort(jobId, 'cancelled') !== true) this.dispatcher.giveBackOne(jobId);
  }

  /**
   * Claims nothing more, gives what is under way its grace time, then cuts it off: what is cut off goes back to its queue
   * and isn't charged. Idempotent: whoever calls it waits for the same end.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    const { clock } = this.#options;
    this.dispatcher.stop();
    this.#executor?.refuse();
    void this.membership.leave();
    this.#due.stop();
    this.#ignoreClock();
    failPoint('stop-before-drain');
    const grace = clock.setTimer(this.#settings?.config.graceMs ?? 0, () => this.#executor?.stopAll());
    this.undeclared.stop();
    await this.#leaderWork.stop();
    await this.#space.stop();
    await this.dispatcher.drained();
    grace.cancel();
    this.#executor?.stop();
    await this.outcomes.drained();
    if (this.opening.isOpen) await this.#series.stop();
    await this.membership.stop();
    failPoint('stop-after-drain');
    this.health.stop();
  }

  /** Whether it reads items, prunes, or does bulk work just now; a fan-out that waits for room in a queue doesn't. */
  get busy(): boolean {
    return this.#leaderWork.busy;
  }

  /** Transactions seen so far; tests wait until it stands still. */
  get commits(): number {
    return this.#commits;
  }

  #committed(committed: Committed): void {
    this.#commits++;
    this.#runningRuns = committed.runningRuns;
    this.dispatcher.committed(committed.queues);
    if (committed.declared === true) this.#declareAgain();
    for (const order of committed.orders ?? []) this.dispatcher.queue(order.name).obey(order);
    // When the claims of the same transaction have been answered: a job may be among both.
    if (committed.aborting !== undefined) queueMicrotask(() => committed.aborting?.forEach((jobId) => this.#abort(jobId)));
    if (committed.queues.length > 0) this.#series.moved();
    if (!this.#stopping) {
      this.#leaderWork.committed(committed);
      this.#due.set(committed.nextDueAt);
    }
    this.#listeners.tell(committed);
  }

  /** From the moment on at which the store is opened: others may have it open already. */
  #heard(committed: Committed): void {
    if (this.#hasBegun) this.#committed(committed);
    else this.#early.push(committed);
  }

  /** Nothing is claimed, and what is under way is the others' now. */
  #lapsed(): void {
    this.dispatcher.stop();
    this.#executor?.giveUpAll();
    this.#leaderWork.lapsed();
  }

  #checkedIn({ isBack, hasLost, hasGoneBack }: CheckedIn): void {
    if (!this.#hasBegun || this.#stopping) return;
    this.#leaderWork.checkedIn({ hasLost }).catch((error: unknown) => this.#note(error, 'what is done for all daemons could not be taken over'));
    if (hasGoneBack) this.#declareAgain();
    else void this.declarations.look();
    if (isBack) this.#resume();
    this.#due.arm();
  }

  /** Only if the store can be written, and this daemon's lease is current. */
  #resume(): void {
    if (this.#stopping || this.health.trouble !== undefined || !this.membership.isCurrent) return;
    this.dispatcher.start();
    this.#due.arm();
  }

  #clockChanged({ shiftMs, sleptMs }: ClockChange): void {
    const { log } = this.#options;
    if (sleptMs > 0) {
      log.info({ sleptMs }, 'the machine has slept: that time counts for everything that waits');
      this.#executor?.slept();
    }
    if (shiftMs !== 0) {
      log.warn({ shiftMs }, 'the wall clock was set: what waits was moved with it, so that it waits as long as it was asked to');
      this.outcomes.shift(shiftMs);
      this.#leaderWork.shift(shiftMs);
      this.#storeClock.shift(shiftMs);
      void this.#shiftStore();
    }
    void this.membership.check();
    this.dispatcher.clockChanged(shiftMs);
    this.#due.arm();
  }

  async #shiftStore(): Promise<void> {
    if (!this.#storeClock.isBehind || !this.opening.isOpen) return;
    // Until the store says when what it has moved is due.
    this.#due.set(undefined);
    await this.#storeClock.catchUp();
  }

  #healthChanged(trouble: StoreTrouble | undefined): void {
    if (trouble !== undefined) {
      this.dispatcher.stop();
      this.#options.log.error({ problem: trouble.problem }, 'the store cannot be written: nothing is claimed or accepted until it can');
      return;
    }
    this.#options.log.info({ kept: this.outcomes.kept }, 'the store can be written again');
    // Before anything looks at what is due.
    void this.#shiftStore();
    this.outcomes.resume();
    if (!this.membership.isCurrent) void this.membership.check();
    this.#resume();
  }

  #note(error: unknown, message: string): void {
    if (!this.health.note(error)) this.#options.log.error({ err: error }, message);
  }
}
