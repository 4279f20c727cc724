import path from 'node:path';
import { CodedError, messageOfError } from '../schemas/protocol/error.ts';
import { formatJobId } from '../schemas/protocol/id.ts';
import { english } from '../schemas/wording/language.ts';
import { message, type Message } from '../schemas/wording/message.ts';
import manifest from '../package.json' with { type: 'json' };
import type { Action } from './actions/action.ts';
import { Alerts } from './alerts/alerts.ts';
import { Actions } from './actions/actions.ts';
import type { PrepareRun } from './actions/workflow-run.ts';
import { DaemonLog } from './log/daemon-log.ts';
import { lacksRoom, requireRoom } from './state/disk-room.ts';
import { keepSpare, newToken, removeDiscovery, writeDiscovery, findCrashedDaemon, type FormerDaemon, removeLastStop, writeLastStop } from './state/discovery-file.ts';
import type { Clock, Timer } from './core/clock.ts';
import { NoLinkError } from './engine/attempt-inputs.ts';
import { Engine } from './engine/engine.ts';
import type { BeforeOpen } from './engine/engine-settings.ts';
import { systemClock } from './platform/system-clock.ts';
import { ownFolders } from '../schemas/workflow/project-files.ts';
import { FolderWatch } from './project/folder-watch.ts';
import { readLastConfig, lastConfigText, Project } from './project/project.ts';
import type { LookExtent } from './project/project-inventory.ts';
import { makeStateFolder } from './state/state-folder.ts';
import { acquireProjectLock, ProjectLockedError } from './state/project-lock.ts';
import { readOrMakeLinkKey } from './state/link-key.ts';
import { StoreGuard } from './state/store-guard.ts';
import { refuseMissingStore } from './state/doubtful-logs.ts';
import { removeLeftovers } from './state/state-file.ts';
import { machineId, markState, refuseDoubtfulLogs, refuseForeignState, stateOrigin } from './state/state-mark.ts';
import { SecretSource } from './secrets/secret-source.ts';
import { linkToken } from './secrets/signal-link.ts';
import { serve } from './serve.ts';
import { checkInputs } from './service/run-inputs.ts';
import type { FindAction } from './service/draft-service.ts';
import type { ProjectService } from './service/project-service.ts';
import type { QueueService } from './service/queue-service.ts';
import { Scheduler } from './triggers/scheduler.ts';
import { Webhooks } from './triggers/webhooks.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import { lookIntoStore } from './store/sqlite/store-look.ts';
import { placeOf } from './store/postgres/store-error.ts';
import { sharedStore, type SharedStoreOptions } from './store/shared-store.ts';
import { storeChange } from './store/store-change.ts';
import { secretsOf, storePlaceOf } from './store/store-place.ts';
import type { Store } from './store/store.ts';

/**
 * How often some of the project's files and folders are looked at in turn, in milliseconds, besides each time that someone asks, and when the
 * system tells of a change.
 */
const roundEveryMs = 2000;

export interface DaemonOptions {
  /** Absolute. */
  readonly projectFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Readable log lines go to stderr as well. */
  readonly toTerminal?: boolean;
  /** The daemon can't continue, and can't be stopped in good order either: its store's thread is gone. Ends the process. */
  readonly onFatal?: (error: Error) => void;
  /** Whose state may be used, and where a daemon may run for the first time: see `StartConsent`. This user's own, and anywhere, if it is missing. */
  readonly consent?: StartConsent;
  /** Actions besides the built-in ones. */
  readonly extraActions?: readonly Action[];
}

/**
 * - `known-only`: start only where this user has run a daemon before; nobody has asked for it here.
 * - `adopt`: a person has said that the state is to be used, no matter who made it.
 */
export type StartConsent = 'known-only' | 'adopt';

/** Nobody has run a daemon in this folder yet, and it was told not to be the first. */
export class UnknownFolderError extends Error {
  override readonly name = 'UnknownFolderError';
}

/** The daemon of one project: everything that runs in its process, started in one order and stopped in its reverse. */
export class Daemon {
  readonly #options: DaemonOptions;
  /** The time that the store's server says, where several daemons share it. */
  #clock: Clock = systemClock;
  /** What `stop` has to undo, the latest last. */
  readonly #undo: (() => void | Promise<void>)[] = [];
  #port = 0;
  #secrets: SecretSource | undefined;
  #hasLostFolder = false;
  #hasLostStore = false;
  #starting: Promise<{ readonly port: number }> | undefined;
  #stopping: Promise<void> | undefined;
  #onStopped: () => void = () => {};
  /** Resolves when the daemon has stopped, no matter who asked for it. */
  readonly stopped: Promise<void>;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
  }

  /**
   * Starts everything, the engine last but one, and `daemon.json` last: who reads it finds a daemon that answers.
   *
   * @throws ProjectLockedError, or whatever makes a start impossible; nothing is left behind then
   */
  async start(): Promise<{ readonly port: number }> {
    this.#starting = this.#start();
    try {
      return await this.#starting;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** A text without the values of the project's secrets; it may have been cut within one. */
  mask(text: string): string {
    return this.#secrets?.masker().cutText(text) ?? text;
  }

  /** It has ended because its folder or its store was deleted, renamed or replaced. */
  get hasLostState(): boolean {
    return this.#hasLostFolder || this.#hasLostStore;
  }

  /** Gives what is active its grace time. Idempotent; every call resolves when all is done. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<{ readonly port: number }> {
    const { projectFolder, env, extraActions = [] } = this.#options;
    const { version } = manifest;
    const stateFolder = await makeStateFolder(projectFolder);
    const lock = acquireProjectLock(projectFolder);
    if (!lock.ok) throw new ProjectLockedError(`a daemon${lock.holder === undefined ? '' : ` (pid ${lock.holder})`} serves ${projectFolder} already`);
    this.#undo.push(lock.release);
    const crashed = findCrashedDaemon(stateFolder);
    await removeLeftovers(stateFolder);
    const { hasStore, isBroughtBack, isFresh } = this.#ownState();

    const secrets = new SecretSource({ projectFolder, env });
    this.#secrets = secrets;
    const log = new DaemonLog({ projectFolder, mask: (text) => secrets.masker().text(text), toTerminal: this.#options.toTerminal ?? false });
    this.#undo.push(() => log.stop());
    log.info({ version, node: process.versions.node, project: projectFolder }, 'starting');
    if (isBroughtBack) log.warn({}, 'the state folder was brought back from a copy, or mounted again: whatever was done since the copy was made is forgotten, and jobs that waited in it are sent again');

    const project = new Project({ folder: projectFolder, secrets, env, lastConfig: await readLastConfig(projectFolder) });
    await project.refresh();
    // Defaults in place of what a person has written could send calls where they must not go.
    project.assertValidConfig();
    if (project.hasLastConfig) log.warn({}, lastConfigText);
    const { config } = project;
    const place = storePlaceOf({ settings: config.store, env, secret: (name) => secrets.get(name) });
    secrets.alsoMask(secretsOf(place));
    if (place.kind !== 'embedded') {
      project.allowOthersSecrets();
      await project.refresh();
    }
    const isEmbedded = place.kind === 'embedded';
    if (isEmbedded && hasStore) {
      refuseMissingStore(stateFolder);
      refuseDoubtfulLogs(projectFolder);
    }
    if (!isEmbedded && hasStore && lookIntoStore(path.join(stateFolder, 'store.db'))?.movedTo === undefined) log.warn({}, 'the embedded store in the state folder is not used, since the project has its jobs on Postgres: what waits in it is not carried out. `sluice store copy postgres` moves it there');
    let linkKey = await readOrMakeLinkKey(projectFolder, stateFolder, { isOwn: !isFresh });
    const store = isEmbedded
      ? openSqliteStore({ file: path.join(stateFolder, 'store.db'), durability: config.durability, linkKey, onFailure: this.#options.onFatal })
      : await this.#sharedStore({ place, projectFolder, stateFolder, machineId: machineId(), linkKey, onLinkKey: (shared) => (linkKey = shared) });
    const clock = this.#clock;
    this.#undo.push(() => store.close());

    const ownPorts = new Set<number>();
    const prepareRun: PrepareRun = (workflow, inputs) => runs.prepare(workflow, inputs);
    const actions = new Actions({ version, ownPorts, env, clock, tokens: { store, mask: (connection, tokens) => secrets.maskTokens(connection, tokens) }, prepareRun, ...(config.allowedAddresses === undefined ? {} : { allowedAddresses: config.allowedAddresses }) });
    this.#undo.push(() => actions.stop());
    const byName = new Map(extraActions.map((action) => [action.definition.name, action]));
    const findAction: FindAction = (name) => byName.get(name) ?? actions.get(name);
    const engine = new Engine({
      clock,
      random: Math.random,
      store,
      projectFolder,
      stateFolder,
      actions: { get: findAction },
      secrets,
      log,
      signalUrl: (link): string => webhooks.linkTo(linkToken(linkKey, link)) ?? noLink(),
      beforeOpen: this.#beforeOpen(stateFolder, { hasStore, isEmbedded }),
      onUnusable: (told) => this.#endWithoutStore(told, log),
    });

    const token = newToken();
    const webhooks: Webhooks = new Webhooks({
      project,
      intake: engine.intake,
      secret: (name) => secrets.get(name),
      masker: () => secrets.masker(),
      env: () => project.settings().env,
      checkInputs,
      links: { look: (token) => signals.look(token), answer: (token, link, payload) => signals.answer(token, link, payload) },
      clock,
      log,
    });
    const scheduler = new Scheduler({
      clock,
      store,
      project,
      assertAcceptingWork: () => engine.assertAcceptingWork(),
      checkInputs,
      leads: () => engine.declarations.startsSchedules, declares: () => engine.declarations.holds,
      onStoreError: (error) => engine.health.note(error),
      log,
    });
    const guard = new StoreGuard({ projectFolder, store, clock, log, say });
    const alerts = new Alerts({ clock, store, engine, project, projectFolder, secrets, actions: { get: findAction }, listenerProblem: () => webhooks.status()?.problem, log });
    const { server, queues, projects, runs, signals, metrics } = serve({
      projectFolder, clock, webhooks, scheduler, alerts, project, secrets, engine, store, log, token, version, findAction, testConnection: (connection, path) => actions.test(connection, path, projectFolder), crashed, port: () => this.#port, stop: () => void this.stop(),
      isStoreKept: async () => !isEmbedded || (await guard.look()) === 'kept',
      storePlace: isEmbedded ? undefined : placeOf(place.url, place.schema), storeChange: () => storeChange(place, { settings: project.config.store, env, secret: (name) => secrets.get(name) }),
    });
    // Before a new store takes what room there is.
    await keepSpare(projectFolder);
    await engine.start(project.settings());
    const isBegun = engine.health.trouble === undefined;
    const begun = engine.opening.begun.then(async () => {
      if (crashed !== undefined && !engine.opening.formerEndedInOrder) reportCrash(crashed, engine, log);
      if (isEmbedded) guard.storeIsOpen();
      // SQLite begins another log when the look that a full disk allowed is closed: unmarked, no daemon would take it for its own after a crash.
      if (isEmbedded && (!hasStore || !isBegun)) await markState(projectFolder, { hasStore: true });
      await removeLastStop(projectFolder);
      await projects.keepConfig();
      await scheduler.start();
      await alerts.start();
      for (const source of [engine.membership, engine.declarations]) this.#undo.push(source.onChange(() => void scheduler.look()));
    });
    if (isBegun) await begun;
    else begun.catch((error: unknown) => log.error({ err: error }, 'the daemon could not begin in full'));
    // One that has not begun knows nothing newer than what the last one left.
    this.#undo.push(async () => (engine.hasBegun && !guard.isElsewhere ? this.#leaveLastStop(queues) : undefined));
    // It may have been lost since the last look.
    this.#undo.push(() => guard.save().then(() => undefined));
    this.#undo.push(() => engine.stop());
    this.#undo.push(() => scheduler.stop());
    this.#undo.push(() => alerts.stop());
    const { port } = await server.start();
    this.#undo.push(() => server.stop());
    this.#port = port;
    ownPorts.add(port);
    await webhooks.start();
    this.#undo.push(() => webhooks.stop());
    await metrics.apply(project.config.metrics);
    this.#undo.push(() => metrics.stop());
    this.#watchFiles({ projects, engine, guard, log });
    await writeDiscovery(projectFolder, { pid: process.pid, port, token, version });
    this.#undo.push(() => removeDiscovery(projectFolder, token));
    log.info({ port }, 'ready');
    this.#undo.push(() => log.info({}, 'stopping'));
    return { port };
  }

  /** @throws CodedError `foreign-state`, UnknownFolderError */
  #ownState(): { readonly hasStore: boolean; readonly isBroughtBack: boolean; readonly isFresh: boolean } {
    const { projectFolder, consent } = this.#options;
    const origin = stateOrigin(projectFolder);
    if (origin.kind === 'own') return { ...origin, isFresh: false };
    if (origin.kind === 'foreign' && consent === 'adopt') return { hasStore: true, isBroughtBack: false, isFresh: false };
    if (origin.kind === 'foreign') return refuseForeignState(projectFolder, origin);
    if (consent === 'known-only') throw new UnknownFolderError(`no daemon of this user has run in ${projectFolder} yet`);
    return { hasStore: false, isBroughtBack: false, isFresh: true };
  }

  async #sharedStore(options: SharedStoreOptions): Promise<Store> {
    const { store, clock } = await sharedStore(options);
    this.#clock = clock;
    return store;
  }

  /** What has to be done before the store may be opened; again, where a disk that was full has room. */
  #beforeOpen(stateFolder: string, { hasStore, isEmbedded }: { readonly hasStore: boolean; readonly isEmbedded: boolean }): BeforeOpen {
    let isAgain = false;
    return async ({ neededBytes }) => {
      try {
        // Opening would make an empty one where it was deleted meanwhile.
        if (isAgain && hasStore && isEmbedded) refuseMissingStore(stateFolder);
        if (isAgain) await requireRoom(stateFolder, neededBytes);
        isAgain = true;
        await markState(this.#options.projectFolder, { hasStore });
      } catch (error) {
        throw lacksRoom(error) ? new CodedError('store-unavailable', message("The store can't be opened: the disk is full ({problem}).", { problem: messageOfError(error) }), { noRoom: true }) : error;
      }
    };
  }

  /** A queue's limits that are saved in its file hold soon, whether or not anybody asks. */
  #watchFiles({ projects, engine, guard, log }: { readonly projects: ProjectService; readonly engine: Engine; readonly guard: StoreGuard; readonly log: DaemonLog }): void {
    let timer: Timer | undefined;
    let stopped = false;
    const look = (extent: LookExtent): Promise<void> =>
      stopped ? Promise.resolve() : projects.refresh(extent).catch((error: unknown) => log.warn({ err: error }, "the project's files could not be read"));
    const watch = new FolderWatch({
      folders: ownFolders.map((folder) => path.join(this.#options.projectFolder, folder)),
      clock: this.#clock,
      onChange: () => void look('own'),
    });
    let isSeen = true;
    const round = async (): Promise<void> => {
      try {
        const found = await guard.look();
        if (stopped) return;
        if (found !== 'kept') {
          if (found === 'folder-lost') this.#loseFolder(log);
          else void this.#loseStore(guard.lostMessage(found), { engine, guard, log });
          return;
        }
        isSeen = true;
      } catch (error) {
        if (isSeen && !stopped) log.warn({ err: error }, "the project's folder could not be looked at");
        isSeen = false;
      }
      await watch.renew();
      await look('round');
      if (!stopped) timer = this.#clock.setTimer(roundEveryMs, () => void round());
    };
    void round();
    this.#undo.push(() => {
      stopped = true;
      watch.stop();
      timer?.cancel();
    });
  }

  /** Nobody can find this daemon any longer, and another one may start where the folder is now. */
  #loseFolder(log: DaemonLog): void {
    const text = `${this.#options.projectFolder} was deleted, renamed or replaced: the daemon finishes what is under way, and ends`;
    log.error({}, text);
    say(`${text}.`);
    this.#hasLostFolder = true;
    void this.stop();
  }

  /** The store is there, and not for this process: what it has under way is another one's. The next start can do better. */
  #endWithoutStore(told: Message, log: DaemonLog): void {
    const text = english.textOf(told);
    log.error({}, `${text} The daemon ends`);
    say(text);
    this.#hasLostStore = true;
    void this.stop();
  }

  /** Answers until all is saved, so that everybody can see what is the matter. */
  async #loseStore(told: Message, { engine, guard, log }: { readonly engine: Engine; readonly guard: StoreGuard; readonly log: DaemonLog }): Promise<void> {
    const text = english.textOf(told);
    log.error({}, text);
    say(text);
    this.#hasLostStore = true;
    engine.health.lose(told);
    await engine.stop();
    for (let saved = await guard.save(); !saved.ok && this.#stopping === undefined; saved = await guard.save()) {
      engine.health.lose(saved.problem);
      await new Promise<void>((resolve) => void this.#clock.setTimer(roundEveryMs, resolve));
    }
    void this.stop();
  }

  /** For whoever finds no daemon: how much waits for one. What isn't known for sure, because the store is in trouble, is not said. */
  async #leaveLastStop(queues: QueueService): Promise<void> {
    // What is there now is not this daemon's.
    if (this.#hasLostFolder) return;
    const depths = await queues.list().then((all) => all.map(({ depth }) => depth), () => undefined);
    if (depths === undefined) return;
    const waiting = depths.reduce((sum, { pending, delayed, active }) => sum + pending + delayed + active, 0);
    const dead = depths.reduce((sum, depth) => sum + depth.dead, 0);
    await writeLastStop(this.#options.projectFolder, { at: new Date(this.#clock.now()).toISOString(), waiting, dead });
  }

  async #stop(): Promise<void> {
    // Half a start can't be undone while the other half continues.
    await this.#starting?.catch(() => undefined);
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`sluice: while stopping: ${messageOfError(error)}\n`);
      }
    }
    this.#onStopped();
  }
}

/** Says what a person should know of a daemon that was not stopped: until when it lived, and which calls may have been made twice. */
function reportCrash({ aliveAt }: FormerDaemon, { opening: { interrupted: { attempts, jobs } } }: Engine, log: DaemonLog): void {
  const details = { aliveAt: new Date(aliveAt).toISOString(), interrupted: attempts, jobs: jobs.map(formatJobId) };
  if (attempts === 0) log.warn(details, 'the daemon before this one ended without being stopped; nothing was under way');
  else log.warn(details, 'the daemon before this one ended without being stopped; attempts that were under way are made again, and may have had their effect');
}

function noLink(): never {
  throw new NoLinkError('A link to answer a signal was to be sent, and nothing listens where it could lead: say where in .sluice/config.yaml, such as webhooks: { listen: "127.0.0.1:4681", public-url: https://hooks.example.com }.');
}

function say(text: string): void {
  process.stderr.write(`sluice: ${text}\n`);
}
