import type { BulkView } from '../../schemas/protocol/bulk.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import type { SignalWait } from '../../schemas/protocol/signal.ts';
import type { SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { parseRunId } from '../../schemas/protocol/id.ts';
import { Signal } from '../base/signal.ts';
import { MirrorChanges, type MirrorChange } from './mirror-change.ts';
import { TopicFeed } from './topic-feed.ts';

export interface MirrorOptions {
  readonly onFault: (error: unknown) => void;
  /** Calls back once, somewhat later; the default waits for `coalesceMs`. */
  readonly later?: (callback: () => void) => void;
}

/** Changes of all topics within this time are told as one; each topic by itself sends every 600 ms at most. */
const coalesceMs = 200;

/**
 * What the daemon of one project holds, kept up to date: everything in the window that shows queues and runs reads this and nothing
 * else. While a connection is lost, it keeps what it had, so that nothing flickers; `clear` is for when the daemon is gone for good.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #changed: Signal<MirrorChange>;
  readonly #changes = new MirrorChanges();
  readonly #queues = new Map<string, QueueView>();
  readonly #runs = new Map<string, RunSummary>();
  readonly #bulks = new Map<string, BulkView>();
  readonly #waits = new Map<string, SignalWait>();
  #status: DaemonStatus | undefined;
  #feeds: readonly TopicFeed[] = [];
  #isDue = false;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#changed = new Signal(options.onFault);
  }

  /** At most every 200 ms. */
  get onDidChange(): Signal<MirrorChange>['listen'] {
    return this.#changed.listen;
  }

  get status(): DaemonStatus | undefined {
    return this.#status;
  }

  /** By name. */
  queues(): readonly QueueView[] {
    return [...this.#queues.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  queue(name: string): QueueView | undefined {
    return this.#queues.get(name);
  }

  /** The newest hundred, newest first. */
  runs(): readonly RunSummary[] {
    return [...this.#runs.values()].sort((one, other) => runNumber(other) - runNumber(one));
  }

  run(id: string): RunSummary | undefined {
    return this.#runs.get(id);
  }

  /** Work on many jobs that has not ended, and what has ended lately. */
  bulks(): readonly BulkView[] {
    return [...this.#bulks.values()];
  }

  /** Jobs that wait for an answer: the first thousand. */
  waits(): readonly SignalWait[] {
    return [...this.#waits.values()];
  }

  /** Reads from this daemon from now on. Resolves when the first snapshots are there. */
  async attach(daemon: Daemon): Promise<void> {
    this.detach();
    this.#feeds = [
      this.#feed(daemon, { topic: 'queues' }, (state) => this.#takeQueues(state), (state, removed) => this.#changeQueues(state, removed)),
      this.#feed(daemon, { topic: 'runs' }, (state) => this.#takeRuns(state), (state, removed) => this.#changeRuns(state, removed)),
      this.#feed(daemon, { topic: 'bulks' }, (state) => this.#takeBulks(state), (state, removed) => this.#changeBulks(state, removed)),
      this.#feed(daemon, { topic: 'schedules' }, () => undefined, (state) => this.#changeSchedules(state)),
      // They are listed by workflow and page: only that there are new ones is kept.
      this.#feed(daemon, { topic: 'deliveries' }, () => undefined, (state) => this.#changeDeliveries(state)),
      this.#feed(daemon, { topic: 'waits' }, (state) => this.#takeWaits(state), (state, removed) => this.#changeWaits(state, removed)),
      this.#feed(daemon, { topic: 'status' }, (state) => this.#takeStatus(state), (state) => this.#takeStatus(state)),
    ];
    await Promise.all(this.#feeds.map((feed) => feed.start()));
  }

  /** The connection is gone, but may come back. */
  detach(): void {
    for (const feed of this.#feeds) feed.end();
    this.#feeds = [];
  }

  clear(): void {
    this.detach();
    this.#queues.clear();
    this.#runs.clear();
    this.#bulks.clear();
    this.#waits.clear();
    this.#status = undefined;
    this.#changes.markAll();
    this.#tell();
  }

  #feed(daemon: Daemon, topic: SubscribeParams, onSnapshot: (state: TopicState) => void, onChange: (state: TopicState, removed: readonly string[]) => void): TopicFeed {
    return new TopicFeed(daemon, topic, { onSnapshot, onChange, onFault: this.#options.onFault });
  }

  #takeQueues({ queues = [] }: TopicState): void {
    this.#queues.clear();
    for (const queue of queues) this.#queues.set(queue.name, queue);
    this.#changes.markAll();
    this.#tell();
  }

  #changeQueues({ queues = [] }: TopicState, removed: readonly string[]): void {
    for (const name of removed) {
      if (this.#queues.delete(name)) this.#changes.markQueue(name, true);
    }
    for (const queue of queues) {
      this.#changes.markQueue(queue.name, !this.#queues.has(queue.name));
      this.#queues.set(queue.name, queue);
    }
    this.#tell();
  }

  #takeRuns({ runs = [] }: TopicState): void {
    this.#runs.clear();
    for (const run of runs) this.#runs.set(run.id, run);
    this.#changes.markAll();
    this.#tell();
  }

  #changeRuns({ runs = [] }: TopicState, removed: readonly string[]): void {
    for (const id of removed) {
      if (this.#runs.delete(id)) this.#changes.markRun(id, true);
    }
    for (const run of runs) {
      this.#changes.markRun(run.id, !this.#runs.has(run.id));
      this.#runs.set(run.id, run);
    }
    this.#tell();
  }

  #takeBulks({ bulks = [] }: TopicState): void {
    this.#bulks.clear();
    this.#changeBulks({ bulks }, []);
  }

  #changeBulks({ bulks = [] }: TopicState, removed: readonly string[]): void {
    for (const id of removed) this.#bulks.delete(id);
    for (const bulk of bulks) this.#bulks.set(bulk.id, bulk);
    this.#changes.markBulks();
    this.#tell();
  }

  #takeWaits(state: TopicState): void {
    this.#waits.clear();
    this.#changeWaits(state, []);
  }

  #changeWaits({ waits = [] }: TopicState, removed: readonly string[]): void {
    for (const job of removed) this.#waits.delete(job);
    for (const wait of waits) this.#waits.set(wait.job, wait);
    this.#changes.markWaits();
    this.#tell();
  }

  #changeSchedules({ schedules = [] }: TopicState): void {
    for (const { workflow } of schedules) this.#changes.markSchedule(workflow);
    this.#tell();
  }

  #changeDeliveries({ deliveries = [] }: TopicState): void {
    for (const { workflow } of deliveries) this.#changes.markDelivery(workflow);
    this.#tell();
  }

  #takeStatus({ status }: TopicState): void {
    if (status === undefined) return;
    if (status.store.ok && this.#status?.store.ok === false) for (const feed of this.#feeds) void feed.retry();
    this.#status = status;
    this.#changes.markStatus();
    this.#tell();
  }

  #tell(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const later = this.#options.later ?? ((callback: () => void) => void setTimeout(callback, coalesceMs).unref());
    later(() => {
      this.#isDue = false;
      const change = this.#changes.take();
      if (change !== undefined) this.#changed.fire(change);
    });
  }
}

function runNumber({ id }: RunSummary): number {
  return parseRunId(id) ?? 0;
}
