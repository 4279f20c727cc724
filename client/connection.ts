import { backOffDelayMs, type ConnectionState, RestartBudget } from './connection-state.ts';
import { ClientError, type ClientFault } from './client-error.ts';
import { type Connected, versionFit } from './connect.ts';
import type { Daemon, DaemonClient } from './daemon-client.ts';
import type { LaunchDaemon, StartConsent } from './daemon-launch.ts';
import { findDaemon } from './find-daemon.ts';
import { readLastStop } from './discovery.ts';
import { startDaemon, tellToStop, waitForStop } from './daemon-lifecycle.ts';
import { isFolderGone, isProjectFolder } from './state-folder.ts';
import { messageOfError } from '../schemas/protocol/error.ts';

/** What happens to a connection, for a log. */
export type ConnectionEvent =
  | { readonly kind: 'starting' | 'lost' | 'crashed' }
  | { readonly kind: 'connected'; readonly pid: number; readonly version: string }
  | { readonly kind: 'start-failed'; readonly fault: ClientFault }
  /** A listener threw, or a bug of ours. */
  | { readonly kind: 'error'; readonly error: unknown };

export interface ConnectionOptions {
  /** Absolute. */
  readonly projectFolder: string;
  /** Of the client. */
  readonly version: string;
  readonly isTrusted: () => boolean;
  /** Whether a daemon is to be started without anybody asking. */
  readonly autoStart: () => boolean;
  readonly launch: LaunchDaemon;
  readonly onEvent?: (event: ConnectionEvent) => void;
  readonly random?: () => number;
}

/** What ends a subscription. */
export interface Subscription {
  dispose(): void;
}

/** A daemon that is stopped elsewhere is often started again immediately (`sluice restart`): this many tries before it is taken for stopped. */
const triesWhenMissing = 4;

/** Until a folder that is gone is looked for again. */
const returnLookMs = 2000;

/**
 * The connection of one project folder to its daemon, kept up over crashes, restarts and sleep.
 *
 *     none -> stopped | untrusted -> starting -> connected <-> reconnecting -> stopped
 *                                            \-> incompatible
 *
 * It never assumes that it is the daemon's parent: other windows and the command line start and stop it too.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #restarts = new RestartBudget();
  #state: ConnectionState = { kind: 'none' };
  #client: DaemonClient | undefined;
  /** What changes the state runs one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #return: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The daemon, where one is connected. */
  get daemon(): Daemon | undefined {
    return this.#state.kind === 'connected' ? this.#state.daemon : undefined;
  }

  readonly onDidChange = (listener: (state: ConnectionState) => void): Subscription => {
    // A listener of its own for each call, so that the same function can listen twice and leave once.
    const own = (state: ConnectionState): void => listener(state);
    this.#listeners.add(own);
    return { dispose: () => void this.#listeners.delete(own) };
  };

  /** Something may have changed: a daemon may have been started elsewhere, the folder may be a project now, or be trusted. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#client !== undefined) return;
      if (!(await isProjectFolder(this.#options.projectFolder))) {
        this.#become(await this.#absence());
        return;
      }
      const fault = await this.#tryOnce();
      if (fault !== undefined) this.#retryLater(1);
      else if (this.#state.kind === 'stopped' && this.#state.problem === undefined && this.#state.refused === undefined && this.#options.autoStart() && this.#options.isTrusted()) {
        await this.#start('known-only');
      }
    });
  }

  /**
   * The daemon, started if none runs.
   *
   * @throws ClientError if it can't be had
   */
  ensure(): Promise<Daemon> {
    return this.#inTurn(async () => {
      if (this.#state.kind === 'connected') return this.#state.daemon;
      if (this.#client === undefined) {
        if (!(await isProjectFolder(this.#options.projectFolder))) {
          const absence = await this.#absence();
          this.#become(absence);
          throw new ClientError(absence.kind === 'gone' ? absence.problem : { kind: 'no-project', folder: this.#options.projectFolder });
        }
        this.#restarts.reset();
        const fault = await this.#tryOnce();
        if (fault !== undefined) throw new ClientError(fault);
        if (!this.#hasClient()) await this.#start('asked');
      }
      return this.#connectedOrThrow();
    });
  }

  /** Starts the daemon with the state that is in the folder, no matter who made it: a person has said so. @throws as `ensure` does */
  adopt(): Promise<Daemon> {
    return this.#inTurn(async () => {
      this.#restarts.reset();
      if (this.#client === undefined) await this.#start('adopt');
      return this.#connectedOrThrow();
    });
  }

  /** Stops the daemon, and resolves when its process has ended. Nothing happens if none runs. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#client === undefined) await this.#tryOnce();
      await this.#stop();
    });
  }

  /** Stops the daemon if one runs, and starts it with the version of this client. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#client === undefined) await this.#tryOnce();
      await this.#stop();
      this.#restarts.reset();
      await this.#start('asked');
    });
  }

  /** Leaves the daemon running. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#return);
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  #hasClient(): boolean {
    return this.#client !== undefined;
  }

  #connectedOrThrow(): Daemon {
    const state = this.#state;
    switch (state.kind) {
      case 'connected':
        return state.daemon;
      case 'incompatible':
        throw new ClientError({ kind: 'incompatible', version: state.status.version, behind: state.behind });
      case 'untrusted':
        throw new ClientError({ kind: 'untrusted' });
      case 'stopped':
        throw new ClientError(state.problem ?? { kind: 'not-running' });
      case 'gone':
        throw new ClientError(state.problem);
      case 'none':
      case 'starting':
      case 'reconnecting':
        throw new ClientError({ kind: 'not-running' });
    }
  }

  async #start(consent: StartConsent): Promise<void> {
    const { projectFolder, launch } = this.#options;
    if (!this.#options.isTrusted()) {
      this.#become({ kind: 'untrusted' });
      return;
    }
    this.#become({ kind: 'starting' });
    this.#tell({ kind: 'starting' });
    try {
      this.#take(await startDaemon(projectFolder, { launch, consent }));
    } catch (error) {
      const fault: ClientFault = error instanceof ClientError ? error.fault : { kind: 'start-failed', end: { kind: 'not-spawned', problem: messageOfError(error) }, folder: projectFolder, output: '' };
      this.#tell({ kind: 'start-failed', fault });
      this.#become({ kind: 'stopped', problem: fault, ...(fault.kind === 'start-refused' ? { refused: fault.refusal } : fault.kind === 'state-folder' ? { refused: 'foreign' } : {}) });
    }
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    const state = this.#state;
    if (client === undefined || !('status' in state)) return;
    this.#client = undefined;
    try {
      await tellToStop(client);
    } catch (error) {
      this.#client = client;
      throw error;
    }
    await client.close();
    await waitForStop(state.status.pid);
    this.#become(await this.#rest());
  }

  /** Looks for the daemon, and settles the state; but for a fault if the one that is there may only need more time. */
  async #tryOnce(): Promise<ClientFault | undefined> {
    clearTimeout(this.#retry);
    const found = await findDaemon(this.#options.projectFolder);
    if (found.kind === 'connected') this.#take(found);
    else if (found.kind === 'none') await this.#becomeRest();
    else if (found.fault.kind === 'unusable') this.#become({ kind: 'stopped', problem: found.fault });
    else return found.fault;
    return undefined;
  }

  #take({ client, status }: Connected): void {
    if (this.#disposed) {
      void client.close();
      return;
    }
    this.#client = client;
    void client.closed.then(() => this.#lost(client));
    const fit = versionFit(status.version, this.#options.version);
    this.#tell({ kind: 'connected', pid: status.pid, version: status.version });
    if (fit === 'too-old' || fit === 'too-new') this.#become({ kind: 'incompatible', daemon: client, status, behind: fit === 'too-old' ? 'daemon' : 'client' });
    else this.#become({ kind: 'connected', daemon: client, status, outdated: fit === 'older' });
  }

  #lost(client: DaemonClient): void {
    // Where this side closed it, it has been forgotten before.
    if (this.#client !== client || this.#disposed) return;
    this.#client = undefined;
    this.#tell({ kind: 'lost' });
    this.#retryLater(1);
  }

  #retryLater(attempt: number): void {
    if (this.#disposed) return;
    this.#become({ kind: 'reconnecting', attempt });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#inTurn(() => this.#reconnect(attempt)).catch((error: unknown) => this.#tell({ kind: 'error', error }));
    }, backOffDelayMs(attempt, (this.#options.random ?? Math.random)()));
  }

  async #reconnect(attempt: number): Promise<void> {
    // Somebody was quicker: a command, or a look.
    if (this.#client !== undefined || this.#state.kind !== 'reconnecting') return;
    const { projectFolder, isTrusted } = this.#options;
    const found = await findDaemon(projectFolder);
    if (found.kind === 'connected') {
      this.#take(found);
    } else if (found.kind === 'none' && found.isCrashed) {
      // What it has accepted waits to continue.
      if (!isTrusted() || !this.#restarts.take(performance.now())) {
        this.#become({ kind: this.#restKind, crashed: true });
        return;
      }
      this.#tell({ kind: 'crashed' });
      await this.#start('known-only');
    } else if (found.kind === 'unreachable' && found.fault.kind === 'unusable') {
      this.#become({ kind: 'stopped', problem: found.fault });
    } else if (found.kind === 'none' && attempt >= triesWhenMissing) {
      this.#become(await this.#rest());
    } else {
      this.#retryLater(attempt + 1);
    }
  }

  get #restKind(): 'stopped' | 'untrusted' {
    return this.#options.isTrusted() ? 'stopped' : 'untrusted';
  }

  /** There is no project, or not even a folder. */
  async #absence(): Promise<Extract<ConnectionState, { kind: 'none' | 'gone' }>> {
    const folder = this.#options.projectFolder;
    return (await isFolderGone(folder)) ? { kind: 'gone', problem: { kind: 'folder-gone', folder } } : { kind: 'none' };
  }

  /** No daemon runs, and nothing but the loss of its folder speaks against starting one. */
  async #rest(): Promise<ConnectionState> {
    const absence = await this.#absence();
    if (absence.kind === 'gone') return absence;
    const kind = this.#restKind;
    const left = kind === 'stopped' ? await readLastStop(this.#options.projectFolder) : undefined;
    return left === undefined ? { kind } : { kind: 'stopped', left };
  }

  /**
   * Why it stopped or could not be started stays to be read. A `daemon.json` that was left behind before this window was opened is not news: the
   * machine may just have been switched off.
   */
  async #becomeRest(): Promise<void> {
    const rest = await this.#rest();
    const before = this.#state;
    if (before.kind !== rest.kind) this.#become(rest);
    // It is written when the last attempts have ended, which may take a while after the good-bye.
    else if (before.kind === 'stopped' && rest.kind === 'stopped' && before.problem === undefined && before.crashed !== true && before.left?.at !== rest.left?.at) this.#become(rest);
  }

  #become(state: ConnectionState): void {
    if (this.#disposed) return;
    clearTimeout(this.#return);
    // Watchers of a folder that is gone may never see it again.
    if (state.kind === 'gone') this.#return = setTimeout(() => void this.look().catch((error: unknown) => this.#tell({ kind: 'error', error })), returnLookMs);
    if (state.kind === this.#state.kind && (state.kind === 'none' || state.kind === 'gone' || state.kind === 'starting')) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (error) {
        // One that throws keeps none of the others from hearing.
        this.#tell({ kind: 'error', error });
      }
    }
  }

  #tell(event: ConnectionEvent): void {
    this.#options.onEvent?.(event);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#disposed) throw new ClientError({ kind: 'disposed' });
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
