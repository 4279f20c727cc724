import { actionDefinitions } from '../../schemas/workflow/actions/action-definitions.ts';
import type { Rate, RateLimit } from '../../schemas/workflow/rate.ts';
import type { RateUse } from '../core/rate-windows.ts';

/** What a connection lets start, over all queues and daemons whose jobs use it. */
export interface ConnectionLimits {
  readonly rate?: RateLimit;
  readonly concurrency?: number;
}

/** A connection as a file declares it; without limits it has none. */
export interface DeclaredConnection extends ConnectionLimits {
  readonly name: string;
}

/** What keeps the jobs of a connection from starting. `turn`: those of other queues come first. */
export type ConnectionObstacle = { readonly kind: 'rate'; readonly rate: Rate; readonly inMs: number } | { readonly kind: 'concurrency' | 'turn' };

/** How a connection with limits stands that a claim has met. */
export interface ConnectionStanding {
  readonly name: string;
  readonly limits: ConnectionLimits;
  /** Jobs of it that the claim has taken. */
  readonly taken: number;
  /** Why it took no more of them; undefined if it has met no more. */
  readonly held?: ConnectionObstacle;
  /** Starts within the windows that end now, of all queues and daemons. */
  readonly uses: readonly RateUse[];
  /** Jobs under way, of all queues and daemons; undefined if the connection has no concurrency. */
  readonly active?: number;
}

/** What an attempt takes up of a connection with limits. */
export interface ConnectionPlace {
  readonly name: string;
  /** Of one with a rate: when the attempt may start, in milliseconds from the claim on. */
  readonly start?: { readonly rates: readonly Rate[]; readonly inMs: number };
}

/** Limits as a store keeps them; undefined if it has none. */
export function storedLimits({ rate, concurrency }: ConnectionLimits): string | undefined {
  return rate === undefined && concurrency === undefined ? undefined : JSON.stringify({ rate, concurrency });
}

/**
 * What a store writes of what is declared: whoever declares a connection without limits takes them away; one that nobody declares keeps those that it had. `doubtful`: of a
 * file that doesn't count, which is better than nothing.
 */
export function limitsToKeep(
  { connections = [], doubtful = [] }: { readonly connections?: readonly DeclaredConnection[] | undefined; readonly doubtful?: readonly DeclaredConnection[] | undefined },
  kept: ReadonlyMap<string, string | null>,
): readonly { readonly name: string; readonly limits: string | null }[] {
  const changes = connections.flatMap((one) => {
    const limits = storedLimits(one) ?? null;
    return limits === (kept.get(one.name) ?? null) ? [] : [{ name: one.name, limits }];
  });
  const added = doubtful.flatMap((one) => {
    const limits = storedLimits(one);
    return limits === undefined || kept.has(one.name) ? [] : [{ name: one.name, limits }];
  });
  return [...changes, ...added];
}

/** The connection that a job with that payload uses, which an edit may have changed; null if its action has none. */
export function connectionIn(uses: string, payload: unknown): string | null {
  const action = actionDefinitions.find(({ name }) => name === uses);
  if (action !== undefined && action.connection === undefined) return null;
  const connection = typeof payload === 'object' && payload !== null && 'connection' in payload ? payload.connection : undefined;
  return typeof connection === 'string' ? connection : null;
}
