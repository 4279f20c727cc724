import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from './client-error.ts';
import { connect, type Connected } from './connect.ts';
import type { DaemonLaunch, LaunchDaemon, StartConsent } from './daemon-launch.ts';
import { connectIfRunning } from './find-daemon.ts';
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
      // Whoever has the lock may be a daemon that starts elsewhere, or one that stops just now: then this one is needed after all.
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
