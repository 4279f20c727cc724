import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { daemonFlags, foreignExitCode, lockedExitCode, unknownExitCode } from '../schemas/protocol/daemon-flags.ts';
import { makeStateFolder } from './state-folder.ts';

/** A daemon that was started here and need not have come up yet. */
export interface DaemonLaunch {
  readonly pid: number | undefined;
  /** How it ended, as soon as it has; undefined as long as it runs. */
  readonly ended: () => string | undefined;
  /** It has ended because another daemon has the project, which may be starting, or stopping just now. */
  readonly wasLockedOut: () => boolean;
  /** It has ended because of whose folder it is: `foreign`: its state isn't this user's; `unknown`: this user has run none here, and nobody asked for it. */
  readonly refused: () => 'foreign' | 'unknown' | undefined;
  /** The last lines that it wrote before its own log was open. */
  readonly lastWords: () => Promise<string>;
  /** It runs: what Node writes if it crashes stands in `daemon-start.log` from now on. */
  readonly keepLog: () => Promise<void>;
  readonly dropLog: () => Promise<void>;
  /**
   * Another daemon has the project: this one will find its lock taken and end. Resolves when it has, because if it came to the lock
   * after the other had been stopped, a daemon would run that nobody wanted.
   */
  readonly giveWay: () => Promise<void>;
}

/**
 * On whose word a daemon is started: a person asked for it; nobody did, so that it starts only where this user has run one before; a person has said
 * that the state in the folder is to be used, whoever made it.
 */
export type StartConsent = 'asked' | 'known-only' | 'adopt';

export type LaunchDaemon = (projectFolder: string, consent?: StartConsent) => Promise<DaemonLaunch>;

const shownLines = 15;
/** How long a daemon may take to find the lock taken. */
const giveWayLimitMs = 5_000;

export interface LaunchOptions {
  /** Path of the daemon's program. */
  readonly program: string;
  /** A Node, or VS Code itself, which is one when told so. */
  readonly execPath: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts daemons that outlive this window: detached, in no group of ours, with no pipe to us that could break. */
export function daemonLauncher({ program, execPath, env }: LaunchOptions): LaunchDaemon {
  return async (projectFolder, consent = 'asked') => {
    const stateFolder = await makeStateFolder(projectFolder);
    // A name of its own: of two windows that start one at the same time, each must show its own daemon's words.
    const logPath = path.join(stateFolder, `daemon-start-${randomUUID()}.log`);
    const log = await open(logPath, 'wx', 0o600).catch(unlessFull);
    let end: string | undefined;
    let child: ChildProcess;
    try {
      child = spawn(execPath, [...daemonFlags, program, '--project', projectFolder, ...(consent === 'asked' ? [] : [`--${consent}`])], {
        cwd: projectFolder,
        env: daemonEnvironment(env),
        detached: true,
        windowsHide: true,
        stdio: ['ignore', log?.fd ?? 'ignore', log?.fd ?? 'ignore'],
      });
      child.once('error', (error) => (end ??= error.message));
      child.once('exit', (code, signal) => (end ??= code === null ? `was ended by ${String(signal)}` : `exited with code ${code}`));
      child.unref();
    } finally {
      await log?.close();
    }
    return {
      pid: child.pid,
      ended: () => end,
      refused: () => (child.exitCode === foreignExitCode ? 'foreign' : child.exitCode === unknownExitCode ? 'unknown' : undefined),
      wasLockedOut: () => child.exitCode === lockedExitCode,
      lastWords: async () => (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-shownLines).join('\n'),
      // Windows refuses to rename or remove what a process has open; the file then stays where it is.
      keepLog: () => rename(logPath, path.join(stateFolder, 'daemon-start.log')).catch(() => undefined),
      dropLog: () => rm(logPath, { force: true }).catch(() => undefined),
      giveWay: () => giveWay(child),
    };
  };
}

/** Where the disk has no room for a log, a daemon starts without it: it can tell what is there. */
function unlessFull(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))) throw error;
}

async function giveWay(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const timer = setTimeout(() => child.kill(), giveWayLimitMs);
  await once(child, 'exit');
  clearTimeout(timer);
}

/** Without what ties a process to this window: its sockets are gone when the daemon still runs. */
export function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(VSCODE|ELECTRON|CHROME)_/.test(name));
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}
