import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { Action } from '../actions/action.ts';
import type { Delivered, DeliverParams } from '../ledger/delivery-call.ts';
import { failPoint } from '../platform/fail-point.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { ClaimedJob, Committed, CreateRunParams, LookResult, OpenResult, Store } from '../store/store.ts';
import { AlertWatch } from './alert-watch.ts';
import type { Clock, ClockChange } from '../core/clock.ts';
import { BulkRunner } from './bulk-runner.ts';
import { Cascades } from './cascades.ts';
import { Dispatcher } from './dispatcher.ts';
import { DueTimer } from './due-timer.ts';
import type { EngineLog, EngineSettings } from './engine-settings.ts';
import { Executor } from './executor.ts';
import { FanOut } from './fan-out.ts';
import { MachineLoad } from './machine-load.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { Pruner } from './pruner.ts';
import { SeriesRecorder } from './series-recorder.ts';
import { SpaceReclaimer } from './space-reclaimer.ts';
import { StoreClock, StoreHealth, type StoreTrouble } from './store-health.ts';
import { StoreOpening, type BeforeOpen } from './store-opening.ts';
import { UndeclaredQueues } from './undeclared-queues.ts';
import { WorkflowVersions } from './workflow-versions.ts';

export interface EngineOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly store: Store;
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly actions: { get(name: string): Action | undefined };
  readonly secrets: SecretSource;
  readonly log: EngineLog;
  /** Done before each try to open the store, which isn't opened where it rejects. */
  readonly beforeOpen?: BeforeOpen;
}

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
  readonly opening: StoreOpening;
  readonly #fanOut: FanOut;
  readonly #cascades: Cascades;
  readonly #pruner: Pruner;
  readonly #storeClock: StoreClock;
  readonly #due: DueTimer;
  readonly #series: SeriesRecorder;
  readonly #space: SpaceReclaimer;
  #executor: Executor | undefined;
  #storeId = '';
  #stopped: Promise<void> | undefined;
  #settings: EngineSettings | undefined;
  readonly #listeners = new Set<(committed: Committed) => void>();
  readonly #alertListeners = new Set<(queues: ReadonlySet<string>) => void>();
  readonly #limitListeners = new Set<() => void>();
  #runningRuns = 0;
  #stopping = false;
  #commits = 0;
  #ignoreClock = (): void => {};

  constructor(options: EngineOptions) {
    this.#options = options;
    const { clock, store, log } = options;
    this.health = new StoreHealth({ clock, probe: () => this.#probe(), onChange: (trouble) => this.#healthChanged(trouble) });
    this.outcomes = new OutcomeWriter({
      store,
      health: this.health,
      onBug: (error, { jobId }) => log.error({ err: error, job: jobId }, 'an outcome could not be written; the job is settled as interrupted at the next start'),
      onLate: ({ jobId, attempt, succeeded }) =>
        log.warn({ job: jobId, attempt, succeeded }, 'an attempt that had been given up has ended after all; its outcome is refused'),
    });
    this.machine = new MachineLoad({ clock, log, onRoom: () => this.dispatcher.wakeAll() });
    this.dispatcher = new Dispatcher({
      clock,
      store,
      machine: this.machine,
      execute: (job, queue, slot) => this.#executor?.execute(job, queue, slot),
      release: (job) => this.#executor?.release(job),
      onError: (error) => this.#note(error, 'jobs could not be claimed'),
    });
    this.alerts = new AlertWatch({
      clock,
      store,
      dispatcher: this.dispatcher,
      isStoreOk: () => this.health.trouble === undefined,
      log,
      onChange: (queues) => {
        for (const listener of this.#alertListeners) listener(queues);
      },
      onError: (error) => this.#note(error, 'thresholds of queues could not be looked at'),
    });
    this.undeclared = new UndeclaredQueues({ clock, store, dispatcher: this.dispatcher, log, onForgotten: () => this.#applyAgain(), onError: (error) => this.#note(error, 'the limits of an undeclared queue could not be forgotten') });
    this.#storeClock = new StoreClock({ clock, store, onError: (error) => this.#note(error, 'what waits could not be moved with the wall clock') });
    this.#due = new DueTimer({ clock, store, isStoreOk: () => this.health.trouble === undefined, onError: (error) => this.#note(error, 'due jobs could not be made pending') });
    this.opening = new StoreOpening({
      ...options,
      storeClock: this.#storeClock,
      onLooked: (looked) => this.#looked(looked),
      onNoRoom: (error) => this.health.note(error),
      onOpened: (opened) => this.#begin(opened),
    });
    this.#series = new SeriesRecorder({ clock, store, dispatcher: this.dispatcher, anchor: () => this.#storeClock.anchor(), onError: (error) => this.#note(error, 'what queues did could not be written') });
    this.#fanOut = new FanOut({ ...options, storeId: () => this.#storeId, onError: (error) => this.#note(error, 'items could not be turned into jobs') });
    this.#cascades = new Cascades({ clock, store, isStopping: () => this.#stopping, onError: (error) => this.#note(error, 'jobs could not be cancelled') });
    this.bulks = new BulkRunner({ clock, store, onError: (error) => this.#note(error, 'bulk work could not continue') });
    this.#space = new SpaceReclaimer({
      clock,
      store,
      commits: () => this.#commits,
      isStoreOk: () => this.health.trouble === undefined,
      log,
      onError: (error) => this.#note(error, "the store's file could not give space back"),
    });
    this.#pruner = new Pruner({ clock, store, onPruned: () => this.#space.look(), forget: (before) => this.#fanOut.forget(before), onError: (error) => this.#note(error, 'old runs could not be deleted') });
  }

  /** Runs that haven't ended. */
  get runningRuns(): number {
    return this.#runningRuns;
  }

  /** Calls back after each transaction. Returns what ends it. */
  onCommit(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls back when alerts of queues have come, gone, or changed their severity. Returns what ends it. */
  onAlert(listener: (queues: ReadonlySet<string>) => void): () => void {
    this.#alertListeners.add(listener);
    return () => void this.#alertListeners.delete(listener);
  }

  /** Calls back when limits of queues have changed that no commit tells of: files were read, or a queue was released. Returns what ends it. */
  onLimits(listener: () => void): () => void {
    this.#limitListeners.add(listener);
    return () => void this.#limitListeners.delete(listener);
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
      connection: (name) => this.#settings?.connections.get(name),
      connectionsDoubt: () => this.#settings?.connectionsDoubt,
      versions: new WorkflowVersions(store),
      outcomes: this.outcomes,
      machine: this.machine,
      onBug: (error, job: ClaimedJob) => log.error({ err: error, job: job.jobId, step: job.step }, 'an attempt ended by a bug'),
    });
    this.#pruner.shift(opened.shiftMs);
    store.onCommit((committed) => this.#committed(committed));
    this.dispatcher.restore(opened.queues);
    this.alerts.restore(await store.listAlerts());
    void this.#shiftStore();
    await this.#configure();
    if (this.#stopping) return;
    this.#executor = executor;
    // Now, because what follows from them takes its settings from there.
    if (opened.unsettled.length > 0) log.info({ attempts: opened.unsettled.length }, 'attempts that had ended before a crash were settled as they ended');
    for (const outcome of opened.unsettled) this.outcomes.settle(outcome);
    this.dispatcher.start();
    this.#pruner.start();
    this.#space.start();
    this.alerts.start();
    this.#committed(opened.committed);
    await this.bulks.start();
  }

  async apply(settings: EngineSettings): Promise<void> {
    this.#settings = settings;
    if (!this.opening.isOpen) this.dispatcher.declare(settings.queues);
    else await this.#configure();
  }

  async #configure(): Promise<void> {
    const settings = this.#settings;
    if (settings === undefined) return;
    const { queues } = await this.#options.store.configure({ queues: settings.queues, doubtful: settings.doubtful, env: settings.env });
    this.dispatcher.declare(queues);
    this.dispatcher.filesChanged();
    this.#pruner.apply({ ...settings, queues });
    this.alerts.apply(queues);
    this.undeclared.apply(settings, queues);
    // A queue may hold more now.
    this.#fanOut.wakeAll();
    for (const listener of this.#limitListeners) listener();
  }

  async #applyAgain(): Promise<void> {
    if (this.#settings !== undefined) await this.apply(this.#settings);
  }

  /** @throws CodedError `stopping` or `store-unavailable`, where nothing can be accepted */
  assertAcceptingWork(): void {
    // First: it says more, where a store that is lost makes the daemon stop.
    this.health.assertAcceptingWork();
    if (this.#stopping) throw new CodedError('stopping', message('The daemon is stopping; nothing was accepted.'));
  }

  /**
   * Accepts a run: when it resolves, the run is kept. `workflow` is what `params.text` means.
   *
   * @throws CodedError `stopping`, `store-unavailable` or `queue-full`
   */
  async startRun(params: CreateRunParams, workflow: Workflow): Promise<{ readonly runId: number; readonly existed?: true }> {
    this.assertAcceptingWork();
    this.#expectJobs(workflow);
    try {
      return await this.#options.store.createRun(params);
    } catch (error) {
      this.health.note(error);
      throw error;
    }
  }

  /** Of steps that start with their run. */
  #expectJobs({ steps }: Workflow): void {
    for (const { needs, foreach, queue } of Object.values(steps)) {
      if (needs.length === 0 && foreach === undefined) this.dispatcher.queue(queue).expectJob();
    }
  }

  /**
   * Keeps an incoming webhook, and accepts the run that it starts. `workflow`: what the text of that run means.
   *
   * @throws CodedError `stopping`, `store-unavailable` or `queue-full`
   */
  async deliver(params: DeliverParams, workflow?: Workflow): Promise<Delivered> {
    this.assertAcceptingWork();
    if (workflow !== undefined) this.#expectJobs(workflow);
    try {
      return await this.#options.store.deliver(params);
    } catch (error) {
      this.health.note(error);
      throw error;
    }
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
    this.#due.stop();
    this.#ignoreClock();
    failPoint('stop-before-drain');
    const grace = clock.setTimer(this.#settings?.config.graceMs ?? 0, () => this.#executor?.stopAll());
    this.undeclared.stop();
    await this.alerts.stop();
    await this.#pruner.stop();
    await this.#space.stop();
    await this.#fanOut.stop();
    await this.bulks.stop();
    await this.dispatcher.drained();
    grace.cancel();
    this.#executor?.stop();
    await this.outcomes.drained();
    if (this.opening.isOpen) await this.#series.stop();
    failPoint('stop-after-drain');
    this.health.stop();
  }

  /** Whether it reads items, prunes, or does bulk work just now; a fan-out that waits for room in a queue doesn't. */
  get busy(): boolean {
    return !this.#fanOut.idle || !this.#pruner.idle || !this.bulks.idle;
  }

  /** Transactions seen so far; tests wait until it stands still. */
  get commits(): number {
    return this.#commits;
  }

  #committed(committed: Committed): void {
    this.#commits++;
    this.#runningRuns = committed.runningRuns;
    this.dispatcher.committed(committed.queues);
    for (const order of committed.orders ?? []) this.dispatcher.queue(order.name).obey(order);
    // When the claims of the same transaction have been answered: a job may be among both.
    if (committed.aborting !== undefined) queueMicrotask(() => committed.aborting?.forEach((jobId) => this.#abort(jobId)));
    if (committed.queues.length > 0) this.#series.moved();
    if (!this.#stopping) {
      if (committed.queues.length > 0) this.alerts.moved();
      this.#fanOut.committed(committed);
      if (committed.cascading) void this.#cascades.carryOn();
      this.#due.set(committed.nextDueAt);
    }
    for (const listener of this.#listeners) listener(committed);
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
      this.#pruner.shift(shiftMs);
      this.#storeClock.shift(shiftMs);
      void this.#shiftStore();
    }
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
    if (this.#stopping) return;
    this.dispatcher.start();
    this.#due.arm();
  }

  #note(error: unknown, message: string): void {
    if (!this.health.note(error)) this.#options.log.error({ err: error }, message);
  }
}
