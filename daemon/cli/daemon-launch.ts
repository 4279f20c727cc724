import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonFlags, foreignExitCode, lockedExitCode } from '../../schemas/protocol/daemon-flags.ts';
import { makeStateFolder } from '../state-folder.ts';
import { daemonProgramUrl } from './daemon-location.ts';

/** What a daemon writes before its log is open, and what Node writes when it crashes. */
export const startLogName = 'daemon-start.log';
const shownLines = 15;
/** How long a daemon may take to find the lock taken. */
const giveWayLimitMs = 5_000;

export interface DaemonLaunch {
  /** Undefined where it could not even be started. */
  readonly pid: number | undefined;
  /** The exit code or signal, as soon as the daemon has ended; undefined as long as it runs. */
  readonly ended: () => string | undefined;
  /** It has ended because another daemon has the project: one that serves it, is starting, or is stopping. */
  readonly wasLockedOut: () => boolean;
  /** It has ended because the folder's state isn't this user's. */
  readonly wasForeign: () => boolean;
  /** The last lines that it wrote. */
  readonly lastWords: () => Promise<string>;
  /** It runs: what it will write stands in `daemon-start.log` from now on. */
  readonly keepLog: () => Promise<void>;
  readonly dropLog: () => Promise<void>;
  /**
   * Another daemon has the project: this one will find its lock taken and end. Resolves when it has ended, because if it came to
   * the lock after the other had been stopped, a daemon would run that nobody wanted.
   */
  readonly giveWay: () => Promise<void>;
}

export interface LaunchOptions {
  /** Path of the daemon's program; its usual one where it is missing. */
  readonly program?: string | undefined;
  /** A person has said that the folder's state is to be used, whoever made it. */
  readonly adopt?: boolean | undefined;
}

/** The path of the daemon's program can be another one in tests. */
export function daemonArguments(projectFolder: string, program = fileURLToPath(daemonProgramUrl)): readonly string[] {
  return [...daemonFlags, program, '--project', projectFolder];
}

export function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Inside of VS Code, process.execPath is an Electron, which is a Node only when told so.
  return process.versions.electron === undefined ? { ...env } : { ...env, ELECTRON_RUN_AS_NODE: '1' };
}

/** Starts a daemon that outlives this process, its terminal and its group. */
export async function launchDaemon(projectFolder: string, env: NodeJS.ProcessEnv, { program, adopt = false }: LaunchOptions = {}): Promise<DaemonLaunch> {
  const stateFolder = await makeStateFolder(projectFolder);
  // A name of its own: of two commands that start a daemon at the same time, each must show its own daemon's words.
  const logPath = path.join(stateFolder, `daemon-start-${randomUUID()}.log`);
  const log = await open(logPath, 'wx', 0o600).catch(unlessFull);
  let end: string | undefined;
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...daemonArguments(projectFolder, program), ...(adopt ? ['--adopt'] : [])], {
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
    giveWay: async () => giveWay(child),
    ended: () => end,
    wasForeign: () => child.exitCode === foreignExitCode,
    wasLockedOut: () => child.exitCode === lockedExitCode,
    lastWords: async () => (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-shownLines).join('\n'),
    // Windows refuses to rename or remove what a process has open; the file then stays where it is.
    keepLog: async () => rename(logPath, path.join(stateFolder, startLogName)).catch(() => undefined),
    dropLog: async () => rm(logPath, { force: true }).catch(() => undefined),
  };
}

/** Where the disk has no room for a log, a daemon starts without it: it can tell what is there. */
function unlessFull(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))) throw error;
}

async function giveWay(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const timer = setTimeout(() => child.kill(), giveWayLimitMs);
  child.ref();
  await once(child, 'exit');
  clearTimeout(timer);
}
