import type { WebhookStatus } from '../../schemas/protocol/delivery.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import type { DaemonLog } from '../log/daemon-log.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { FormerDaemon } from '../state/last-stop-file.ts';
import type { Project } from '../project/project.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { Store } from '../store/store.ts';
import type { QueueService } from './queue-service.ts';

const defaultLines = 100;

export interface StatusServiceOptions {
  readonly project: Project;
  readonly projectFolder: string;
  readonly engine: Engine;
  readonly store: Store;
  readonly queues: QueueService;
  readonly log: DaemonLog;
  readonly clock: Clock;
  readonly version: string;
  readonly durability: 'full' | 'normal';
  /** The port that the server listens on; it is known only after the start. */
  readonly port: () => number;
  /** The daemon before this one, if it left its `daemon.json`. */
  readonly webhooks: () => WebhookStatus | undefined;
  readonly crashed: FormerDaemon | undefined;
  /** Ends the daemon, after the answer has gone out. */
  readonly stop: () => void;
}

/** The daemon itself. */
export class StatusService implements Pick<Handlers, 'daemon/status' | 'daemon/stop' | 'log/tail' | 'store/check'> {
  readonly #options: StatusServiceOptions;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;

  constructor(options: StatusServiceOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#startedMonotonic = options.clock.monotonic();
  }

  'daemon/status': Handlers['daemon/status'] = () => this.status();

  'daemon/stop': Handlers['daemon/stop'] = async () => {
    this.#options.stop();
    return {};
  };

  'log/tail': Handlers['log/tail'] = async ({ lines = defaultLines }) => ({ lines: await this.#options.log.tail(lines) });

  'store/check': Handlers['store/check'] = async () => ({ checks: [...(await this.#options.store.check())] });

  async status(): Promise<DaemonStatus> {
    const { engine, store, queues, clock, project, crashed } = this.#options;
    const { trouble } = engine.health;
    const machine = engine.machine.problem;
    const { bytes } = await store.size();
    const webhooks = this.#options.webhooks();
    return {
      pid: process.pid,
      version: this.#options.version,
      project: this.#options.projectFolder,
      endpoint: `http://127.0.0.1:${this.#options.port()}`,
      startedAt: new Date(this.#startedAt).toISOString(),
      uptimeMs: clock.monotonic() - this.#startedMonotonic,
      durability: this.#options.durability,
      store: {
        ok: trouble === undefined,
        ...(trouble === undefined ? {} : { problem: trouble.problem, since: new Date(trouble.since).toISOString() }),
        bytes,
      },
      ...(machine === undefined ? {} : { machine: { ...machine, since: new Date(machine.since).toISOString() } }),
      // Before the store is open, nobody knows what was under way.
      ...(crashed === undefined || !engine.hasBegun || engine.opening.formerEndedInOrder
        ? {}
        : { lastCrash: { aliveAt: new Date(crashed.aliveAt).toISOString(), interrupted: engine.opening.interrupted.attempts, jobs: engine.opening.interrupted.jobs.map(formatJobId) } }),
      ...(webhooks === undefined ? {} : { webhooks }),
      problems: project.diagnostics().filter(({ severity }) => severity === 'error').length,
      runs: { running: engine.runningRuns },
      lateOutcomes: engine.outcomes.late,
      queues: await queues.list(),
    };
  }
}
