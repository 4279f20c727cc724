import { setTimeout as delay } from 'node:timers/promises';
import { ClientError, type ClientFault } from './client-error.ts';
import { connect, type Connected } from './connect.ts';
import { discoveryPath } from './discovery.ts';
import { checkLock } from './lock-check.ts';

export type FoundDaemon =
  | Connected
  /** None runs, and one may be started. `isCrashed`: the last one ended without removing its file. */
  | { readonly kind: 'none'; readonly isCrashed: boolean }
  /** A process is there that can't be used now. */
  | { readonly kind: 'unreachable'; readonly fault: Extract<ClientFault, { readonly kind: 'silent' | 'busy' | 'unusable' }> };

/** How long the holder of the lock may take to write a `daemon.json` in place of one that is of no use, and a daemon that is stopping to close its door. */
const settleLimitMs = 5_000;
const retryMs = 25;

/** The daemon that runs, or that none does. Never rejects, and starts nothing. */
export async function findDaemon(projectFolder: string, limitMs = settleLimitMs): Promise<FoundDaemon> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const answer = await connect(projectFolder);
    const isLate = performance.now() > deadlineMs;
    switch (answer.kind) {
      case 'connected':
        return answer;
      case 'missing':
      case 'dead':
        return { kind: 'none', isCrashed: answer.kind === 'dead' };
      case 'silent':
        return { kind: 'unreachable', fault: answer };
      case 'busy':
        if (isLate) return { kind: 'unreachable', fault: answer };
        break;
      case 'refused': {
        // Mostly what a killed daemon, a clone or a copy has left behind. If someone has the lock, the file may be theirs, or about to be replaced.
        const lock = await checkLock(projectFolder);
        if (lock.kind !== 'held') return { kind: 'none', isCrashed: false };
        if (isLate) return { kind: 'unreachable', fault: { kind: 'unusable', problem: answer.problem, holder: lock.holder, file: discoveryPath(projectFolder) } };
        break;
      }
    }
    await delay(retryMs);
  }
}

/** The daemon that runs; undefined if none does. @throws ClientError `silent`, `busy` or `unusable` */
export async function connectIfRunning(projectFolder: string): Promise<Connected | undefined> {
  const found = await findDaemon(projectFolder);
  if (found.kind === 'unreachable') throw new ClientError(found.fault);
  return found.kind === 'connected' ? found : undefined;
}
