import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../schemas/protocol/error.ts';
import { ClientError } from './client-error.ts';
import { connect, type Connected } from './connect.ts';
import type { Daemon } from './daemon-client.ts';
import type { DaemonLaunch, LaunchDaemon, StartConsent } from './daemon-launch.ts';
import { connectIfRunning } from './find-daemon.ts';
import { isProcessAlive } from '../platform/process-alive.ts';
import { hasStateFolder } from './state-folder.ts';

/** From the start to the first answer. A store after a crash may have to be checked first. */
const startLimitMs = 30_000;
/** How soon a start is tried again that found the project's lock taken. */
const relaunchMs = 1_000;
const retryMs = 25;

export interface StartOptions {
  readonly launch: LaunchDaemon;
  readonly consent: StartConsent;
  /** How long a daemon may take from its start to its first answer; 30 seconds if omitted. */
  readonly limitMs?: number;
}

/**
 * The project's daemon, started if none runs.
 *
 * @throws ClientError as `connectIfRunning` and `startDaemon` do
 */
export async function connectOrStart(projectFolder: string, options: StartOptions): Promise<Connected> {
  return (await connectIfRunning(projectFolder)) ?? (await startDaemon(projectFolder, options));
}

/**
 * Starts the project's daemon and waits until it answers. If another program does the same, the project's lock lets one
 * live, and both get to it.
 *
 * @throws ClientError `start-refused`, `start-failed`, `start-timeout`, `locked-out`, or as the launcher does
 */
export async function startDaemon(projectFolder: string, { launch, consent, limitMs = startLimitMs }: StartOptions): Promise<Connected> {
  // Nothing is made in a folder in which nobody has asked for a daemon yet.
  if (consent === 'known-only' && !(await hasStateFolder(projectFolder))) throw new ClientError({ kind: 'start-refused', refusal: 'unknown', folder: projectFolder, output: '' });
  let launched = await launch(projectFolder, consent);
  let launchedMs = performance.now();
  const deadlineMs = launchedMs + limitMs;
  while (performance.now() < deadlineMs) {
    const answer = await connect(projectFolder);
    if (answer.kind === 'connected') {
      await settle(launched, answer.status.pid);
      return answer;
    }
    if (launched.ended() !== undefined) {
      if (!launched.lostLock()) break;
      // The holder of the lock may be a daemon that starts elsewhere, or one that stops just now: then this one is needed after all.
      if (performance.now() - launchedMs > relaunchMs) {
        await launched.dropLog();
        launched = await launch(projectFolder, consent);
        launchedMs = performance.now();
      }
    }
    await delay(retryMs);
  }
  throw await failureOf(launched, projectFolder, limitMs);
}

/** `pid`: of the daemon that answers. */
async function settle(launched: DaemonLaunch, pid: number): Promise<void> {
  if (pid === launched.pid) {
    await launched.keepLog();
  } else {
    await launched.yield();
    await launched.dropLog();
  }
}

async function failureOf(launched: DaemonLaunch, folder: string, limitMs: number): Promise<ClientError> {
  const output = (await launched.startupOutput()).replace(/^sluice: /, '');
  const end = launched.ended();
  await (end === undefined ? launched.keepLog() : launched.dropLog());
  const refusal = launched.refused();
  if (refusal !== undefined) return new ClientError({ kind: 'start-refused', refusal, folder, output });
  if (end === undefined) return new ClientError({ kind: 'start-timeout', limitMs, folder, output });
  return new ClientError(launched.lostLock() ? { kind: 'locked-out', limitMs, output } : { kind: 'start-failed', end, folder, output });
}

/** Longer than the longest sensible grace time of active attempts. */
const stopLimitMs = 120_000;
const lookEveryMs = 25;

/** Tells a daemon to stop. @throws CodedError if it couldn't be told */
export async function tellToStop(daemon: Daemon): Promise<void> {
  try {
    await daemon.call('daemon/stop', {});
  } catch (error) {
    // It may close the connection before its answer is out, and may have been told to stop already.
    if (!(error instanceof CodedError) || (error.code !== 'unreachable' && error.code !== 'stopping')) throw error;
  }
}

/** Resolves when a daemon that was told to stop has ended: its process, not only its connection. @throws ClientError `stop-timeout` */
export async function waitForStop(pid: number, limitMs = stopLimitMs): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (isProcessAlive(pid)) {
    if (performance.now() > deadlineMs) throw new ClientError({ kind: 'stop-timeout', limitMs, pid });
    await delay(lookEveryMs);
  }
}

/** Tells the daemon to stop and waits until its process has ended. Answers with its pid. */
export async function stopDaemon(daemon: Daemon): Promise<number> {
  const { pid } = await daemon.call('daemon/status', {});
  await tellToStop(daemon);
  await waitForStop(pid);
  return pid;
}
