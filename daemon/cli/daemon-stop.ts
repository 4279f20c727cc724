import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../schemas/protocol/error.ts';
import { isProcessAlive } from '../platform/process-alive.ts';
import type { DaemonClient } from './daemon-client.ts';

/** Longer than the longest sensible grace time of active attempts. */
const stopLimitMs = 120_000;
const lookEveryMs = 25;

/** Tells the daemon to stop and waits until its process has ended. Answers with its pid. */
export async function stopDaemon(client: DaemonClient): Promise<number> {
  const { pid } = await client.call('daemon/status', {});
  try {
    await client.call('daemon/stop', {});
  } catch (error) {
    // It may close the connection before its answer is out, and it may have been told to stop already.
    if (!(error instanceof CodedError) || (error.code !== 'unreachable' && error.code !== 'stopping')) throw error;
  }
  const deadlineMs = performance.now() + stopLimitMs;
  while (isProcessAlive(pid)) {
    if (performance.now() > deadlineMs) throw new CodedError('wrong-state', `The daemon (pid ${pid}) is still stopping after ${stopLimitMs / 1000} s. \`sluice logs\` tells what it waits for.`);
    await delay(lookEveryMs);
  }
  return pid;
}
