import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { discoveryPath, readDiscovery } from '../discovery-file.ts';
import { stateFolderOf } from '../project-folder.ts';
import { unsafeState } from '../state-folder.ts';
import { refuseForeignState, stateOrigin } from '../state-mark.ts';
import { DaemonClient } from './daemon-client.ts';
import { launchDaemon, type LaunchOptions } from './daemon-launch.ts';
import { lookAtLock } from './lock-look.ts';

export interface Connection {
  readonly client: DaemonClient;
  readonly status: DaemonStatus;
  readonly version: string;
}

/** How soon a start is tried again that found the project's lock taken. */
const relaunchMs = 1_000;
/** How long whoever has the lock may take to write a `daemon.json` in place of one that is of no use. */
const refusedLimitMs = 3_000;
const firstAnswerMs = 5_000;
const retryMs = 25;

export interface StartOptions extends LaunchOptions {
  /** Nobody has asked for a daemon: one is started only where this user has run one before. */
  readonly knownOnly?: boolean;
  /** How long a daemon may take from its start to its first answer; 30 seconds where it is missing. */
  readonly startLimitMs?: number;
}

type Try =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'none' }
  /** There is a `daemon.json` that must not be used. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'silent'; readonly pid: number };

/** A connection to the daemon that runs, or undefined where none does. Rejects where one runs but can't be reached. */
export async function connectIfRunning(projectFolder: string): Promise<Connection | undefined> {
  const deadlineMs = performance.now() + refusedLimitMs;
  for (;;) {
    const found = await tryToConnect(projectFolder);
    if (found.kind === 'connected') return found.connection;
    if (found.kind === 'none') return undefined;
    if (found.kind === 'silent') throw silentDaemon(found.pid);
    // Mostly what a killed daemon has left behind. Where someone has the lock, the file may be his, or about to be replaced.
    const lock = lookAtLock(projectFolder);
    if (lock.kind !== 'held') return undefined;
    if (performance.now() > deadlineMs) throw unusableFile(found.reason, lock.holder, projectFolder);
    await delay(retryMs);
  }
}

/**
 * A connection to the project's daemon, started where none runs. Where two commands start one at the same time, the
 * project's lock lets one live, and both get to it.
 */
export async function connectOrStart(projectFolder: string, env: NodeJS.ProcessEnv, options: StartOptions = {}): Promise<Connection> {
  const { startLimitMs = 30_000 } = options;
  const running = await connectIfRunning(projectFolder);
  if (running !== undefined) return running;
  refuseStart(projectFolder, options);

  let launch = await launchDaemon(projectFolder, env, options);
  let launchedMs = performance.now();
  const deadlineMs = launchedMs + startLimitMs;
  while (performance.now() < deadlineMs) {
    const next = await tryToConnect(projectFolder);
    if (next.kind === 'connected') {
      if (next.connection.status.pid === launch.pid) {
        await launch.keepLog();
      } else {
        await launch.giveWay();
        await launch.dropLog();
      }
      return next.connection;
    }
    if (launch.ended() !== undefined) {
      if (!launch.wasLockedOut()) break;
      // Whoever has the lock may be another command's daemon that starts, or one that stops just now: then this one is needed after all.
      if (performance.now() - launchedMs > relaunchMs) {
        await launch.dropLog();
        launch = await launchDaemon(projectFolder, env, options);
        launchedMs = performance.now();
      }
    }
    await delay(retryMs);
  }
  const words = await launch.lastWords();
  const end = launch.ended();
  await (end === undefined ? launch.keepLog() : launch.dropLog());
  if (launch.wasForeign()) throw new CodedError('foreign-state', words.replace(/^sluice: /, ''));
  throw notStarted({ end, words, isLocked: launch.wasLockedOut() }, projectFolder, startLimitMs);
}

/** @throws CodedError `foreign-state` where the daemon would refuse to start, or nobody has asked for the first one here */
function refuseStart(projectFolder: string, { adopt = false, knownOnly = false }: StartOptions): void {
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
  const origin = stateOrigin(projectFolder);
  if (origin.kind === 'foreign' && !adopt) refuseForeignState(projectFolder, origin);
  if (origin.kind === 'fresh' && knownOnly) {
    throw new CodedError('foreign-state', `No daemon of yours has run in ${projectFolder} yet, and looking starts none. \`sluice up\` starts it; it then runs what the project's files say, with your secrets.`);
  }
}

async function tryToConnect(projectFolder: string): Promise<Try> {
  const read = await readDiscovery(projectFolder);
  if (read.kind === 'missing') return { kind: 'none' };
  if (read.kind === 'refused') return { kind: 'refused', reason: read.reason };
  const { discovery } = read;
  let client: DaemonClient;
  try {
    client = await DaemonClient.open(discovery);
  } catch (error) {
    // Refused, or answered by another program that has the port now: the daemon that wrote the file is gone.
    return isTimeout(error) ? { kind: 'silent', pid: discovery.pid } : { kind: 'none' };
  }
  const status = await firstAnswer(client);
  if (status !== undefined && status !== 'silent' && (await isSameFolder(status.project, projectFolder))) {
    return { kind: 'connected', connection: { client, status, version: status.version } };
  }
  await client.close();
  // A copied project brings the daemon.json of the original along; that daemon isn't this project's.
  return status === 'silent' ? { kind: 'silent', pid: discovery.pid } : { kind: 'none' };
}

async function firstAnswer(client: DaemonClient): Promise<DaemonStatus | 'silent' | undefined> {
  const timer = new AbortController();
  try {
    const tooLate = delay(firstAnswerMs, 'silent' as const, { signal: timer.signal });
    tooLate.catch(() => undefined);
    return await Promise.race([client.call('daemon/status', {}), tooLate]);
  } catch {
    return undefined;
  } finally {
    timer.abort();
  }
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const [first, second] = await Promise.all([one, other].map(async (folder) => realpath(folder).catch(() => folder)));
  return first === second;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (/timed out/i.test(error.message) || ('code' in error && error.code === 'ETIMEDOUT'));
}

function silentDaemon(pid: number): CodedError {
  return new CodedError('unreachable', `The project's daemon (pid ${pid}) doesn't answer. If it doesn't recover, end it with \`kill ${pid}\`; what it has accepted is kept.`);
}

function unusableFile(reason: string, holder: number | undefined, projectFolder: string): CodedError {
  const who = holder === undefined ? 'A daemon' : `A daemon (pid ${holder})`;
  return new CodedError('unreachable', `${who} has the project, but can't be reached by ${discoveryPath(projectFolder)}: ${reason}.`);
}

function notStarted({ end, words, isLocked }: { readonly end: string | undefined; readonly words: string; readonly isLocked: boolean }, projectFolder: string, startLimitMs: number): CodedError {
  const seconds = startLimitMs / 1000;
  if (isLocked) {
    return new CodedError('unreachable', `No daemon answered within ${seconds} s: another one has the project, and is still starting or stopping. \`sluice logs\` shows what it does. ${words}`.trim());
  }
  const what = end === undefined ? `The daemon was started but did not answer within ${seconds} s.` : `The daemon could not be started: it ${end}.`;
  const why = words === '' ? `Its log is in ${path.join(stateFolderOf(projectFolder), 'daemon.log')}.` : `It wrote:\n${words}`;
  return new CodedError('unreachable', `${what} ${why}`);
}
