import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { stateFolderOf } from '../project-folder.ts';
import { DaemonClient } from './daemon-client.ts';
import { launchDaemon } from './daemon-launch.ts';
import { readDaemonFile } from './daemon-file.ts';

export interface Connection {
  readonly client: DaemonClient;
  readonly status: DaemonStatus;
  readonly version: string;
}

/** How long a daemon that was started elsewhere may take when the one started here has given way to it. */
const rivalLimitMs = 3_000;
const firstAnswerMs = 5_000;
const retryMs = 25;

export interface StartOptions {
  /** Path of the daemon's program; its usual one where it is missing. */
  readonly program?: string;
  /** How long a daemon may take from its start to its first answer; 15 seconds where it is missing. */
  readonly startLimitMs?: number;
}

type Try = { readonly kind: 'connected'; readonly connection: Connection } | { readonly kind: 'none' } | { readonly kind: 'silent'; readonly pid: number };

/** A connection to the daemon that runs, or undefined where none does. Rejects where one runs but doesn't answer. */
export async function connectIfRunning(projectFolder: string): Promise<Connection | undefined> {
  const first = await tryToConnect(projectFolder);
  if (first.kind === 'silent') throw silentDaemon(first.pid);
  return first.kind === 'connected' ? first.connection : undefined;
}

/**
 * A connection to the project's daemon, started where none runs. Where two commands start one at the same time, the
 * project's lock lets one live, and both get to it.
 */
export async function connectOrStart(projectFolder: string, env: NodeJS.ProcessEnv, { program, startLimitMs = 15_000 }: StartOptions = {}): Promise<Connection> {
  const running = await connectIfRunning(projectFolder);
  if (running !== undefined) return running;

  const launch = await launchDaemon(projectFolder, env, program);
  let deadlineMs = performance.now() + startLimitMs;
  let hasEnded = false;
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
    if (launch.ended() !== undefined && !hasEnded) {
      hasEnded = true;
      deadlineMs = Math.min(deadlineMs, performance.now() + rivalLimitMs);
    }
    await delay(retryMs);
  }
  const words = await launch.lastWords();
  await (hasEnded ? launch.dropLog() : launch.keepLog());
  throw notStarted(launch.ended(), words, projectFolder, startLimitMs);
}

async function tryToConnect(projectFolder: string): Promise<Try> {
  const file = await readDaemonFile(projectFolder);
  if (file === undefined) return { kind: 'none' };
  let client: DaemonClient;
  try {
    client = await DaemonClient.open(file);
  } catch (error) {
    // Refused, or answered by another program that has the port now: the daemon that wrote the file is gone.
    return isTimeout(error) ? { kind: 'silent', pid: file.pid } : { kind: 'none' };
  }
  const status = await firstAnswer(client);
  if (status !== undefined && status !== 'silent' && (await isSameFolder(status.project, projectFolder))) {
    return { kind: 'connected', connection: { client, status, version: status.version } };
  }
  await client.close();
  // A copied project brings the daemon.json of the original along; that daemon isn't this project's.
  return status === 'silent' ? { kind: 'silent', pid: file.pid } : { kind: 'none' };
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

function notStarted(end: string | undefined, words: string, projectFolder: string, startLimitMs: number): CodedError {
  const what = end === undefined ? `The daemon was started but did not answer within ${startLimitMs / 1000} s.` : `The daemon could not be started: it ${end}.`;
  const why = words === '' ? `Its log is in ${path.join(stateFolderOf(projectFolder), 'daemon.log')}.` : `It wrote:\n${words}`;
  return new CodedError('unreachable', `${what} ${why}`);
}
