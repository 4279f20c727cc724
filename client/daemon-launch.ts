import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { daemonFlags, foreignExitCode, lockedExitCode, unknownExitCode } from '../schemas/protocol/daemon-flags.ts';
import { userFolder } from '../schemas/protocol/owner-mark.ts';
import { startLogName } from '../schemas/protocol/state-folder.ts';
import type { DaemonEnd, StartRefusal } from './client-error.ts';
import { makeStateFolder } from './state-folder.ts';
import { isOutOfRoom } from '../schemas/protocol/error.ts';

/** A daemon that was started here and need not have come up yet. */
export interface DaemonLaunch {
  /** Undefined if it could not even be spawned. */
  readonly pid: number | undefined;
  /** How it ended, as soon as it has; undefined as long as it runs. */
  readonly ended: () => DaemonEnd | undefined;
  /** It has ended because another daemon has the project: one that serves it, is starting, or is stopping. */
  readonly lostLock: () => boolean;
  /** It has ended because of whose folder it is. */
  readonly refused: () => StartRefusal | undefined;
  /** The last lines that it wrote before its own log was open. */
  readonly startupOutput: () => Promise<string>;
  /** It runs: what Node writes if it crashes is in `daemon-start.log` from now on. */
  readonly keepLog: () => Promise<void>;
  readonly dropLog: () => Promise<void>;
  /**
   * Another daemon has the project: this one will find its lock taken and end. Resolves when it has, because if it came to the lock
   * after the other had been stopped, a daemon would run that nobody wanted.
   */
  readonly yield: () => Promise<void>;
}

/**
 * On whose word a daemon is started: a person asked for it; nobody did, so that it starts only where this user has run one before; a person has said
 * that the state in the folder is to be used, no matter who made it.
 */
export type StartConsent = 'asked' | 'known-only' | 'adopt';

/** @throws ClientError of `makeStateFolder` */
export type LaunchDaemon = (projectFolder: string, consent: StartConsent) => Promise<DaemonLaunch>;

const shownLines = 15;
/** How long a daemon may take to find the lock taken. */
const yieldLimitMs = 5_000;

export interface LaunchOptions {
  /** Path of the daemon's program. */
  readonly program: string;
  /** A Node, or an Electron, which is one when told so. */
  readonly execPath: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What follows the path of Node on a daemon's command line. */
export function daemonArguments(projectFolder: string, program: string, consent: StartConsent = 'asked'): readonly string[] {
  return [...daemonFlags, program, '--project', projectFolder, ...(consent === 'asked' ? [] : [`--${consent}`])];
}

/**
 * Without what ties a process to a window of an editor, which the daemon outlives: its sockets, and the debugger that it attaches to each Node of its
 * terminal. Inside of VS Code, `process.execPath` is an Electron, which is a Node only when told so.
 */
export function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(VSCODE|ELECTRON|CHROME)_/.test(name));
  return { ...Object.fromEntries(kept), ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }) };
}

/**
 * The same, with a folder in which Node keeps what it has compiled: a daemon of the same program starts a seventh faster then. Without it where the folder can't be
 * made, or somebody has named another one. https://nodejs.org/api/module.html#module-compile-cache
 */
export async function launchEnvironment(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const own = daemonEnvironment(env);
  if (own['NODE_COMPILE_CACHE'] !== undefined) return own;
  const folder = path.resolve(userFolder({ env, platform: process.platform, home: homedir() }), 'compile-cache');
  // What is compiled is run: nobody else may write there.
  const isMade = await mkdir(folder, { recursive: true, mode: 0o700 }).then(() => true, () => false);
  return isMade ? { ...own, NODE_COMPILE_CACHE: folder } : own;
}

/** Starts daemons that outlive this process: detached, in no group of ours, with no pipe to us that could break. */
export function daemonLauncher({ program, execPath, env }: LaunchOptions): LaunchDaemon {
  return async (projectFolder, consent) => {
    const stateFolder = await makeStateFolder(projectFolder);
    const launchEnv = await launchEnvironment(env);
    // A name of its own: of two programs that start a daemon at the same time, each must show its own daemon's output.
    const logPath = path.join(stateFolder, `daemon-start-${randomUUID()}.log`);
    const log = await open(logPath, 'wx', 0o600).catch(unlessFull);
    let end: DaemonEnd | undefined;
    let child: ChildProcess;
    try {
      child = spawn(execPath, daemonArguments(projectFolder, program, consent), {
        cwd: projectFolder,
        env: launchEnv,
        detached: true,
        windowsHide: true,
        stdio: ['ignore', log?.fd ?? 'ignore', log?.fd ?? 'ignore'],
      });
      child.once('error', ({ message }) => (end ??= { kind: 'not-spawned', problem: message }));
      child.once('exit', (code, signal) => (end ??= code === null ? { kind: 'signal', signal: String(signal) } : { kind: 'code', code }));
      child.unref();
    } finally {
      await log?.close();
    }
    return {
      pid: child.pid,
      ended: () => end,
      refused: () => (child.exitCode === foreignExitCode ? 'foreign' : child.exitCode === unknownExitCode ? 'unknown' : undefined),
      lostLock: () => child.exitCode === lockedExitCode,
      startupOutput: async () => (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-shownLines).join('\n'),
      // Windows refuses to rename or remove what a process has open; the file then stays where it is.
      keepLog: () => rename(logPath, path.join(stateFolder, startLogName)).catch(() => undefined),
      dropLog: () => rm(logPath, { force: true }).catch(() => undefined),
      yield: () => waitForEnd(child),
    };
  };
}

/** If the disk has no room for a log, a daemon starts without it: it can tell what is there. */
function unlessFull(error: unknown): undefined {
  if (!isOutOfRoom(error)) throw error;
}

async function waitForEnd(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const timer = setTimeout(() => child.kill(), yieldLimitMs);
  // Nothing else may keep this process alive until then.
  child.ref();
  await once(child, 'exit');
  clearTimeout(timer);
}
