import type { Clock } from '../core/clock.ts';
import type { ActionContext, ResolvedConnection } from './action.ts';

export interface LoneCall {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** See `ActionContext`; 30 s, if omitted. */
  readonly timeLimitMs?: number;
  readonly idempotencyKey: string;
  readonly projectFolder: string;
  readonly connection?: ResolvedConnection;
  /** When what is sent was made, in milliseconds since the epoch; now, if omitted. */
  readonly madeAt?: number;
  readonly secretFields?: ReadonlySet<string>;
}

/** For one call of an action that is made for no job, outside of every queue. */
export function loneCall({ clock, signal, timeLimitMs = 30_000, idempotencyKey, projectFolder, connection, madeAt = clock.now(), secretFields = new Set() }: LoneCall): ActionContext {
  return {
    signal,
    timeLimitMs,
    idempotencyKey,
    round: 1,
    progress: undefined,
    jobCreatedAt: madeAt,
    now: clock.now(),
    secretFields,
    connection: () => connection,
    depart: undefined,
    code: undefined,
    room: async () => {},
    encodeLargeBody: async () => Promise.reject(new Error('no large answer is read outside of queues')),
    projectFolder,
  };
}
