import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonStatus } from '../schemas/protocol/daemon-status.ts';
import { CodedError } from '../schemas/protocol/error.ts';
import { messageOf, type Log } from '../extension/log.ts';
import { Signal } from '../extension/signal.ts';
import { backOffDelayMs, RestartBudget } from './back-off.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Daemon, DaemonClient } from './daemon-client.ts';
import type { LaunchDaemon, StartConsent } from './daemon-launch.ts';
import { isProcessAlive } from './discovery.ts';
import { readLastStop } from './last-stop.ts';
import { shakeHands, type Handshake } from './handshake.ts';
import { startDaemon } from './start-daemon.ts';
import { isProjectFolder } from './state-folder.ts';
import { versionFit } from './version-fit.ts';

export interface ConnectionOptions {
  /** Absolute. */
  readonly projectFolder: string;
  /** Of the extension. */
  readonly version: string;
  readonly isTrusted: () => boolean;
  /** Whether a daemon is to be started without anybody asking. */
  readonly autoStart: () => boolean;
  readonly launch: LaunchDaemon;
  readonly log: Log;
  readonly random?: () => number;
}

type Settled = 'settled' | 'again';

/** A daemon that is stopped elsewhere is often started again at once (`sluice restart`): so many tries before that is believed. */
const triesWhenMissing = 4;
/** Longer than the longest sensible grace time of what is active. */
const stopLimitMs = 120_000;

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
  readonly #changed: Signal<ConnectionState>;
  readonly #restarts = new RestartBudget();
  #state: ConnectionState = { kind: 'none' };
  #client: DaemonClient | undefined;
  /** What changes the state runs one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#changed = new Signal((error) => options.log.error(messageOf(error)));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The daemon, where one is connected. */
  get daemon(): Daemon | undefined {
    return this.#state.kind === 'connected' ? this.#state.daemon : undefined;
  }

  get onDidChange(): Signal<ConnectionState>['listen'] {
    return this.#changed.listen;
  }

  /** Something may have changed: a daemon may have been started elsewhere, the folder may be a project now, or be trusted. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#client !== undefined) return;
      if (!(await isProjectFolder(this.#options.projectFolder))) {
        this.#become({ kind: 'none' });
        return;
      }
      const settled = await this.#tryOnce();
      if (settled === 'again') this.#retryLater(1);
      else if (this.#state.kind === 'stopped' && this.#state.problem === undefined && this.#state.refused === undefined && this.#options.autoStart() && this.#options.isTrusted()) await this.#start('known-only');
    });
  }

  /**
   * The daemon, started where none runs.
   *
   * @throws CodedError `unreachable` where it can't be had, with a reason for a person
   */
  ensure(): Promise<Daemon> {
    return this.#inTurn(async () => {
      if (this.#state.kind === 'connected') return this.#state.daemon;
      if (this.#client === undefined) {
        if (!(await isProjectFolder(this.#options.projectFolder))) {
          this.#become({ kind: 'none' });
          throw new CodedError('bad-project', l10n.t('This folder is no Sluice project yet: it has no .sluice folder.'));
        }
        this.#restarts.reset();
        if ((await this.#tryOnce()) === 'again') throw silent();
        if (!this.#hasClient()) await this.#start('asked');
      }
      return this.#connectedOrThrow();
    });
  }

  /** Starts the daemon with the state that lies in the folder, whoever made it: a person has said so. @throws as `ensure` does */
  adopt(): Promise<Daemon> {
    return this.#inTurn(async () => {
      this.#restarts.reset();
      if (this.#client === undefined) await this.#start('adopt');
      return this.#connectedOrThrow();
    });
  }

  /** Stops the daemon, and resolves when its process has ended. Nothing happens where none runs. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#client === undefined) await this.#tryOnce();
      await this.#stop();
    });
  }

  /** Stops the daemon where one runs, and starts it with the version of this extension. */
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
        throw new CodedError('unreachable', incompatible(state.status.version, state.behind));
      case 'stopped':
        throw new CodedError(state.refused === undefined ? 'unreachable' : 'foreign-state', state.problem ?? l10n.t("The project's daemon is not running."));
      case 'untrusted':
        throw new CodedError('unreachable', l10n.t('The daemon is not started in Restricted Mode. Trust the workspace to run workflows.'));
      default:
        throw silent();
    }
  }

  async #start(consent: StartConsent): Promise<void> {
    const { projectFolder, launch, log } = this.#options;
    if (!this.#options.isTrusted()) {
      this.#become({ kind: 'untrusted' });
      return;
    }
    this.#become({ kind: 'starting' });
    try {
      log.info(`starting the daemon of ${projectFolder}`);
      this.#take(await startDaemon(projectFolder, launch, consent));
    } catch (error) {
      log.error(messageOf(error));
      this.#become({ kind: 'stopped', ...refusalOf(error), problem: messageOf(error) });
    }
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    const state = this.#state;
    if (client === undefined || !('status' in state)) return;
    this.#client = undefined;
    try {
      await client.call('daemon/stop', {});
    } catch (error) {
      // It may close the connection before its answer is out, and may have been told to stop already.
      if (!(error instanceof CodedError) || (error.code !== 'unreachable' && error.code !== 'stopping')) {
        this.#client = client;
        throw error;
      }
    }
    await client.close();
    const deadlineMs = performance.now() + stopLimitMs;
    while (isProcessAlive(state.status.pid)) {
      if (performance.now() > deadlineMs) throw new CodedError('wrong-state', l10n.t('The daemon (pid {0}) is still stopping; its log tells what it waits for.', state.status.pid));
      await delay(50);
    }
    this.#become(await this.#rest());
  }

  /** One try to connect. Settles the state, unless whoever is there may only need more time. */
  async #tryOnce(): Promise<Settled> {
    clearTimeout(this.#retry);
    const answer = await shakeHands(this.#options.projectFolder);
    switch (answer.kind) {
      case 'done':
        this.#take(answer);
        return 'settled';
      case 'silent':
        return 'again';
      case 'refused':
        this.#become({ kind: 'stopped', problem: l10n.t("The daemon can't be used: {0}.", answer.reason) });
        return 'settled';
      case 'missing':
      case 'dead':
        await this.#becomeRest();
        return 'settled';
    }
  }

  #take({ client, status }: Extract<Handshake, { kind: 'done' }>): void {
    if (this.#disposed) {
      void client.close();
      return;
    }
    this.#client = client;
    void client.closed.then(() => this.#lost(client));
    const fit = versionFit(status.version, this.#options.version);
    this.#options.log.info(`connected to the daemon of ${this.#options.projectFolder}: pid ${status.pid}, version ${status.version}`);
    if (fit === 'too-old' || fit === 'too-new') this.#become({ kind: 'incompatible', daemon: client, status, behind: fit === 'too-old' ? 'daemon' : 'extension' });
    else this.#become({ kind: 'connected', daemon: client, status, outdated: fit === 'older' });
  }

  #lost(client: DaemonClient): void {
    // Where this side closed it, it has been forgotten before.
    if (this.#client !== client || this.#disposed) return;
    this.#client = undefined;
    this.#options.log.warn(`lost the daemon of ${this.#options.projectFolder}`);
    this.#retryLater(1);
  }

  #retryLater(attempt: number): void {
    if (this.#disposed) return;
    this.#become({ kind: 'reconnecting', attempt });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#inTurn(() => this.#reconnect(attempt)).catch((error: unknown) => this.#options.log.error(messageOf(error)));
    }, backOffDelayMs(attempt, (this.#options.random ?? Math.random)()));
  }

  async #reconnect(attempt: number): Promise<void> {
    // Somebody was quicker: a command, or a look.
    if (this.#client !== undefined || this.#state.kind !== 'reconnecting') return;
    const { projectFolder, isTrusted, log } = this.#options;
    const answer = await shakeHands(projectFolder);
    if (answer.kind === 'done') {
      this.#take(answer);
    } else if (answer.kind === 'dead') {
      // It didn't remove its file: it died. What it has accepted waits to go on.
      if (!isTrusted() || !this.#restarts.take(performance.now())) {
        this.#become({ kind: this.#restKind, crashed: true });
        return;
      }
      log.warn('the daemon ended unexpectedly; it is started again');
      await this.#start('known-only');
    } else if (answer.kind === 'refused') {
      this.#become({ kind: 'stopped', problem: l10n.t("The daemon can't be used: {0}.", answer.reason) });
    } else if (answer.kind === 'missing' && attempt >= triesWhenMissing) {
      this.#become(await this.#rest());
    } else {
      this.#retryLater(attempt + 1);
    }
  }

  get #restKind(): 'stopped' | 'untrusted' {
    return this.#options.isTrusted() ? 'stopped' : 'untrusted';
  }

  /** No daemon runs, and nothing speaks against starting one. */
  async #rest(): Promise<ConnectionState> {
    const kind = this.#restKind;
    const left = kind === 'stopped' ? await readLastStop(this.#options.projectFolder) : undefined;
    return left === undefined ? { kind } : { kind: 'stopped', left };
  }

  /**
   * Why it stopped or could not be started stays to be read. A `daemon.json` that was left behind before this window was opened is no news: the
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
    if (state.kind === this.#state.kind && (state.kind === 'none' || state.kind === 'starting')) return;
    this.#state = state;
    this.#changed.fire(state);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#disposed) throw new CodedError('unreachable', l10n.t('The folder was closed.'));
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function refusalOf(error: unknown): Pick<Extract<ConnectionState, { kind: 'stopped' }>, 'refused'> {
  if (!(error instanceof CodedError) || error.code !== 'foreign-state') return {};
  return { refused: error.data['kind'] === 'unknown' ? 'unknown' : 'foreign' };
}

/** Why the two can't work together, and what would mend it. */
export function incompatible(version: string, behind: 'daemon' | 'extension'): string {
  return behind === 'daemon'
    ? l10n.t("The project's daemon has version {0}, which is too old for this extension. Restart it.", version)
    : l10n.t("The project's daemon has version {0}, which is newer than this extension knows. Update the extension.", version);
}

/** Attempts that a stop would have to wait for or interrupt. */
export function activeAttempts(status: DaemonStatus): number {
  return status.queues.reduce((sum, { depth }) => sum + depth.active, 0);
}

function silent(): CodedError {
  return new CodedError('unreachable', l10n.t("The project's daemon doesn't answer just now. The log has more."));
}
