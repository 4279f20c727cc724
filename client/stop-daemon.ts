import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../schemas/protocol/error.ts';
import { ClientError } from './client-error.ts';
import type { Daemon } from './daemon-client.ts';
import { isProcessAlive } from './process-alive.ts';

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
