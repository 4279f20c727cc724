import type { DeclaredConnection } from '../ledger/connection-limits.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import type { QueueChange, Store, StoredQueue } from '../store/store.ts';
import type { Clock } from '../core/clock.ts';
import type { MachineLoad } from './machine-load.ts';
import { ConnectionTurns } from './queue/connection-turns.ts';
import { QueueRunner, type QueueRunnerOptions } from './queue/queue-runner.ts';

/** All queues, each with a runner of its own. */
export class Dispatcher {
  readonly #options: Omit<QueueRunnerOptions, 'name' | 'onIdle' | 'connections'>;
  /** What the queues share of connections with limits. */
  readonly connections: ConnectionTurns;
  #whenIdle: (() => void)[] = [];
  readonly #runners = new Map<string, QueueRunner>();
  #running = false;

  constructor(options: { readonly clock: Clock; readonly store: Store; readonly machine: MachineLoad } & Pick<QueueRunnerOptions, 'lease' | 'execute' | 'release' | 'onError'>) {
    this.#options = options;
    this.connections = new ConnectionTurns({ clock: options.clock, isShared: options.store.isShared });
  }

  restore(queues: readonly StoredQueue[]): void {
    for (const queue of queues) this.queue(queue.name).restore(queue);
  }

  /** The limits that hold, as the store has answered; those of a queue that isn't among them stay as they are. */
  declare(definitions: readonly QueueDefinition[], connections?: readonly DeclaredConnection[]): void {
    if (connections !== undefined) this.connections.declare(connections);
    for (const definition of definitions) this.queue(definition.name).declare(definition);
  }

  committed(changes: readonly QueueChange[]): void {
    for (const change of changes) this.queue(change.name).committed(change);
  }

  /** The runner of that queue, which is made if there is none. */
  queue(name: string): QueueRunner {
    let runner = this.#runners.get(name);
    if (runner === undefined) {
      runner = new QueueRunner({ ...this.#options, connections: this.connections, name, onIdle: () => this.#settleIdle() });
      this.#runners.set(name, runner);
      if (this.#running) runner.start();
    }
    return runner;
  }

  known(name: string): QueueRunner | undefined {
    return this.#runners.get(name);
  }

  list(): QueueRunner[] {
    return [...this.#runners.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** There may be room for more attempts, of any queue. */
  wakeAll(): void {
    for (const runner of this.#runners.values()) runner.wake();
  }

  /** The project's files or secrets are others: what waits for them is looked at again. */
  filesChanged(): void {
    for (const runner of this.#runners.values()) {
      if (runner.hold?.by?.project === true) runner.liftHold(runner.hold);
      runner.passNone();
    }
  }

  /** See `QueueRunner.clockChanged`. */
  clockChanged(shiftMs: number): void {
    for (const runner of this.#runners.values()) runner.clockChanged(shiftMs);
    if (this.#running) this.connections.start();
  }

  /** A job that was claimed and hasn't begun goes back to its queue. */
  giveBackOne(jobId: number): void {
    for (const runner of this.#runners.values()) if (runner.giveBackOne(jobId)) return;
  }

  /** Whether nothing that was claimed is under way. */
  get idle(): boolean {
    return this.list().every((runner) => runner.idle);
  }

  /** Resolves when nothing that was claimed is under way; call it after `stop`. */
  async drained(): Promise<void> {
    if (!this.idle) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  start(): void {
    this.#running = true;
    for (const runner of this.#runners.values()) runner.start();
    this.connections.start();
  }

  /** Claims nothing from here on. */
  stop(): void {
    this.#running = false;
    this.connections.stop();
    for (const runner of this.#runners.values()) runner.stop();
  }

  #settleIdle(): void {
    if (this.#whenIdle.length > 0 && this.idle) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
