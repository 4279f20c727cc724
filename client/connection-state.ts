import type { DaemonStatus, LastStop } from '../schemas/protocol/daemon-status.ts';
import type { ClientFault, StartRefusal } from './client-error.ts';
import type { Daemon } from './daemon-client.ts';

/** How a project stands to its daemon. */
export type ConnectionState =
  /** The folder holds no `.sluice/`. */
  | { readonly kind: 'none' }
  /**
   * No daemon runs. `problem`: why, where that is not just that nobody has started one. `crashed`: it died by itself. `left`: what the last one said
   * when it ended in good order. `refused`: none is started before a person has said so: the state in the folder isn't this user's (`foreign`), or this
   * user has never run one here (`unknown`).
   */
  | { readonly kind: 'stopped'; readonly problem?: ClientFault; readonly crashed?: boolean; readonly left?: LastStop; readonly refused?: StartRefusal }
  /** The project's folder was deleted, renamed or moved; `problem` is `folder-gone`. */
  | { readonly kind: 'gone'; readonly problem: ClientFault }
  /** No daemon runs, and none may be started, because the workspace isn't trusted. */
  | { readonly kind: 'untrusted'; readonly crashed?: boolean }
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'connected';
      readonly daemon: Daemon;
      /** As of the handshake. */
      readonly status: DaemonStatus;
      /** The daemon is the older one of the two: a restart would bring what is new. */
      readonly outdated: boolean;
    }
  /** It was connected and has lost the daemon; `attempt` counts from 1. */
  | { readonly kind: 'reconnecting'; readonly attempt: number }
  /** A daemon of another line of versions: it is only ever told to stop. */
  | { readonly kind: 'incompatible'; readonly daemon: Daemon; readonly status: DaemonStatus; readonly behind: 'daemon' | 'client' };

export type ConnectionStateKind = ConnectionState['kind'];

/** Attempts that a stop would have to wait for or interrupt. */
export function activeAttempts(status: DaemonStatus): number {
  return status.queues.reduce((sum, { depth }) => sum + depth.active, 0);
}

/** Delays between tries: `firstMs`, doubled each time, at most `maxMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const reconnectBackOff: BackOff = { firstMs: 250, maxMs: 30_000 };

/**
 * How long to wait before try `attempt` (from 1). Between half of the delay and all of it, by `random` (0 to 1): several windows that
 * lost the same daemon must not come back in step.
 */
export function backOffDelayMs(attempt: number, random: number, { firstMs, maxMs }: BackOff = reconnectBackOff): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(fullMs * (0.5 + random / 2));
}

/** Restarts after crashes are given up when there were this many within the window: a daemon that dies at each start helps nobody. */
const maxRestarts = 3;
const windowMs = 10 * 60_000;

/** Counts what was restarted lately. Times are milliseconds of any one clock. */
export class RestartBudget {
  readonly #restartedAt: number[] = [];

  /** Whether one more restart may be made now; it then counts. */
  take(nowMs: number): boolean {
    while (this.#restartedAt[0] !== undefined && nowMs - this.#restartedAt[0] > windowMs) this.#restartedAt.shift();
    if (this.#restartedAt.length >= maxRestarts) return false;
    this.#restartedAt.push(nowMs);
    return true;
  }

  /** A person started it by hand: that begins again. */
  reset(): void {
    this.#restartedAt.length = 0;
  }
}
