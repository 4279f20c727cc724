import type { UnreachedReceiver } from '../../schemas/protocol/alert.ts';
import type { WebhookStatus } from '../../schemas/protocol/delivery.ts';
import type { DaemonStatus, DaemonView } from '../../schemas/protocol/daemon-status.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import type { DaemonLog } from '../log/daemon-log.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { FormerDaemon } from '../state/discovery-file.ts';
import type { Project } from '../project/project.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { SharingDaemon, Store } from '../store/store.ts';
import { LastKnown } from './last-known.ts';
import { newFileOf } from '../state/new-file.ts';
import type { QueueService } from './queue-service.ts';

const defaultLines = 100;

interface StoreFigures {
  readonly bytes: number;
  readonly daemons: readonly SharingDaemon[];
}

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
  /** Where the store is, without its password; undefined for an embedded one. */
  readonly storePlace: { readonly server: string; readonly schema: string } | undefined;
  /** See `DaemonStatus.store.change`. */
  readonly storeChange: () => string | undefined;
  /** The port that the server listens on; it is known only after the start. */
  readonly port: () => number;
  /** The daemon before this one, if it left its `daemon.json`. */
  readonly webhooks: () => WebhookStatus | undefined;
  readonly crashed: FormerDaemon | undefined;
  /** The file of the store is the one that the daemon has open. */
  readonly isStoreKept: () => Promise<boolean>;
  /** Receivers of alerts that could not be told. */
  readonly unreached: () => Promise<readonly UnreachedReceiver[]>;
  /** Ends the daemon, after the answer has gone out. */
  readonly stop: () => void;
}

/** The daemon itself. */
export class StatusService implements Pick<Handlers, 'daemon/status' | 'daemon/stop' | 'log/tail' | 'store/check' | 'store/backup'> {
  readonly #options: StatusServiceOptions;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;
  readonly #lastKnown: LastKnown<StoreFigures>;

  constructor(options: StatusServiceOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#startedMonotonic = options.clock.monotonic();
    this.#lastKnown = new LastKnown({ clock: options.clock, health: options.engine.health, initial: { bytes: 0, daemons: [] }, ask: () => this.#figures() });
  }

  'daemon/status': Handlers['daemon/status'] = () => this.status();

  'daemon/stop': Handlers['daemon/stop'] = async () => {
    this.#options.stop();
    return {};
  };

  'log/tail': Handlers['log/tail'] = async ({ lines = defaultLines }) => ({ lines: await this.#options.log.tail(lines) });

  'store/check': Handlers['store/check'] = async () => ({ checks: [...(await this.#options.store.check())] });

  'store/backup': Handlers['store/backup'] = async ({ file }) => {
    const { store, clock, projectFolder, isStoreKept } = this.#options;
    const to = await newFileOf(file, { projectFolder });
    // Under its name there may be another one, which would be taken for it.
    if (!(await isStoreKept())) throw new CodedError('store-unavailable', message('The file of the store was deleted, moved or replaced, so nothing was copied.'));
    return { file: to, ...(await store.backUp({ to, now: clock.now() })) };
  };

  async #figures(): Promise<StoreFigures> {
    const { store, clock } = this.#options;
    const [{ bytes }, daemons] = await Promise.all([store.size(), store.listDaemons({ now: clock.now() })]);
    return { bytes, daemons };
  }

  #daemons(daemons: readonly SharingDaemon[], isFresh: boolean): NonNullable<DaemonStatus['daemons']> {
    const { leads, lapsedAt } = this.#options.engine.membership;
    // How they are now, nobody knows.
    const all = daemons.map((daemon) => daemonView(isFresh || daemon.health === 'left' ? daemon : { ...daemon, health: 'unknown' }));
    return { leads, all, ...(lapsedAt === undefined ? {} : { lapsedAt: new Date(lapsedAt).toISOString() }) };
  }

  async status(): Promise<DaemonStatus> {
    const { engine, store, queues, clock, project, crashed } = this.#options;
    const { value, isFresh } = store.isShared ? await this.#lastKnown.read() : { value: await this.#figures(), isFresh: true };
    const listed = await queues.list();
    // After them: they may just have found out.
    const { trouble } = engine.health;
    const machine = engine.machine.problem;
    const change = this.#options.storeChange();
    const webhooks = this.#options.webhooks();
    // A store that can't be read is told of by itself.
    const unreached = await this.#options.unreached().catch(() => []);
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
        bytes: value.bytes,
        ...(this.#options.storePlace === undefined ? { kind: 'embedded' } : { kind: 'postgres', ...this.#options.storePlace }),
        ...(change === undefined ? {} : { change }),
      },
      ...(store.isShared ? { daemons: this.#daemons(value.daemons, isFresh) } : {}),
      ...(engine.declarations.differing.length === 0 ? {} : { differing: engine.declarations.differing.map(({ since, parts, ...rest }) => ({ ...rest, since: new Date(since).toISOString(), parts: [...parts] })) }),
      ...(machine === undefined ? {} : { machine: { ...machine, since: new Date(machine.since).toISOString() } }),
      // Before the store is open, nobody knows what was under way.
      ...(crashed === undefined || !engine.hasBegun || engine.opening.formerEndedInOrder
        ? {}
        : { lastCrash: { aliveAt: new Date(crashed.aliveAt).toISOString(), interrupted: engine.opening.interrupted.attempts, jobs: engine.opening.interrupted.jobs.map(formatJobId) } }),
      ...(webhooks === undefined ? {} : { webhooks }),
      ...(unreached.length === 0 ? {} : { unreached: [...unreached] }),
      problems: project.diagnostics().filter(({ severity }) => severity === 'error').length,
      runs: { running: engine.runningRuns },
      lateOutcomes: engine.outcomes.late,
      queues: listed,
    };
  }
}

function daemonView({ name, isSelf, health, seenAt, leaseEndsAt, leads, isTwin, about, active }: SharingDaemon): DaemonView {
  const known = about === undefined ? {} : { version: about.version, protocol: about.protocol, storeVersion: about.storeVersion, pid: about.pid, startedAt: new Date(about.startedAt).toISOString(), ...(about.hints === undefined ? {} : { hints: about.hints }) };
  return {
    name,
    host: about?.host ?? name,
    folder: about?.folder ?? '',
    ...(isSelf ? { self: true } : {}),
    health,
    seenAt: new Date(seenAt).toISOString(),
    leaseEndsAt: new Date(leaseEndsAt).toISOString(),
    leads,
    ...(isTwin ? { twin: true } : {}),
    ...known,
    active: active.map(({ queue, count }) => ({ queue, count })),
  };
}
