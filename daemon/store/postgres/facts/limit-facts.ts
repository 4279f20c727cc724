import type { ConnectionLimits } from '../../../ledger/connection-limits.ts';
import { keptQueueOf } from '../../../ledger/queue-orders.ts';
import { mostStarts } from '../../../ledger/shared-limits.ts';
import type { QueueRow } from '../../../ledger/row.ts';
import type { SharedStart } from '../../../core/rate-window.ts';
import { ratesOf } from '../../../../schemas/workflow/rate.ts';
import type { LimitedQueue } from '../daemon-memory.ts';
import type { Values } from '../../row-columns.ts';
import { list } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { each, pairOf, type Loading, type Loads } from './loading.ts';

/** What the limits of a queue are decided by that several daemons claim from (`shared-limits.ts` of the ledger). */
export const limitFacts: Loads<'storeTime' | 'sharedLimits' | 'activeIn' | 'lastStarts' | 'connectionLimits' | 'activeWith' | 'lastStartsWith' | 'oldestStartsWith' | 'startsSince'> = {
  storeTime: each('storeTime', async ({ tx, memory }, now) => (memory.hasServerClock ? serverTime(tx) : now)),
  sharedLimits: each('sharedLimits', sharedLimits),
  activeIn: each('activeIn', async ({ tx, unsure }, queueId) => (await activeIn(tx, queueId)) + (unsure.moves.get(queueId)?.active ?? 0)),
  lastStarts: each('lastStarts', ({ tx }, queueId, limit) => lastStarts(tx, queueId, limit)),
  // A connection without limits has no row that could be locked.
  connectionLimits: each('connectionLimits', async ({ tx }, name) => {
    const row = await tx.one(`SELECT limits FROM connections WHERE name = $1 AND limits IS NOT NULL ${tx.locking}`, [name]);
    return row === undefined ? undefined : (JSON.parse(String(row['limits'])) as ConnectionLimits);
  }),
  activeWith: each('activeWith', async ({ tx }, name) => Number((await tx.one("SELECT count(*) AS active FROM jobs WHERE state = 'active' AND connection = $1", [name]))?.['active'])),
  lastStartsWith: each('lastStartsWith', async ({ tx }, name, limit) => startsOf(await tx.values('SELECT at, counted_at FROM connection_starts WHERE connection = $1 ORDER BY counted_at DESC LIMIT $2', [name, limit]))),
  oldestStartsWith: each('oldestStartsWith', async ({ tx }, key) => {
    const [name, limit, count] = JSON.parse(key) as [string, number, number];
    const rows = await tx.values('SELECT counted_at FROM connection_starts WHERE connection = $1 ORDER BY counted_at DESC LIMIT $2 OFFSET $3', [name, count, limit - count]);
    return rows.map(([countedAt]) => Number(countedAt)).reverse();
  }),
  startsSince: each('startsSince', async ({ tx }, key) => Number((await tx.one('SELECT count(*) AS starts FROM connection_starts WHERE connection = $1 AND counted_at > $2::double precision', [...pairOf<string, number>(key)]))?.['starts'])),
};

/** As the last transactions left it. */
export async function activeIn(tx: Transaction, queueId: number): Promise<number> {
  const row = await tx.one('SELECT coalesce(sum(active), 0)::bigint AS active FROM queue_counts WHERE queue_id = $1', [queueId]);
  return Number(row?.['active']);
}

export async function lastStarts(tx: Transaction, queueId: number, limit: number): Promise<readonly SharedStart[]> {
  const rows = await tx.values('SELECT at, coalesce(counted_at, at) FROM rate_starts WHERE queue_id = $1 ORDER BY coalesce(counted_at, at) DESC LIMIT $2', [queueId, limit]);
  return startsOf(rows);
}

function startsOf(rows: readonly Values[]): readonly SharedStart[] {
  return rows.map(([at, countedAt]) => ({ at: Number(at), countedAt: Number(countedAt) })).sort((one, other) => one.at - other.at);
}

/** The connections that have limits. Nothing is locked. */
export async function limitedConnections(tx: Transaction): Promise<ReadonlySet<string>> {
  return new Set((await tx.values('SELECT name FROM connections WHERE limits IS NOT NULL')).map(([name]) => String(name)));
}

/** In milliseconds since the epoch, when the statement runs: after whatever locks it had to wait for. */
export async function serverTime(tx: Transaction): Promise<number> {
  const [row] = await tx.values('SELECT extract(epoch FROM clock_timestamp())::double precision * 1000');
  return Number(row?.[0]);
}

const columns = 'id, name, paused, rate, concurrency, held_until, held_by, definition';

/** Its row is locked if it has a limit; a queue without one is only read, so that daemons claim from it beside each other. */
export async function sharedLimits({ tx, memory }: Loading, queueId: number): Promise<QueueRow> {
  const isKnown = memory.limitedQueues.has(queueId);
  const row = await limitsOf(tx, queueId, isKnown ? tx.locking : '');
  const limit = limitIn(row);
  if (limit === undefined) memory.limitedQueues.delete(queueId);
  else memory.limitedQueues.set(queueId, limit);
  return limit !== undefined && !isKnown && tx.locking !== '' ? limitsOf(tx, queueId, tx.locking) : row;
}

function limitIn(row: QueueRow): LimitedQueue | undefined {
  const { definition, rate: ordered, concurrency } = keptQueueOf(row);
  const rate = ordered ?? definition?.rate;
  const rates = rate === 'none' ? [] : ratesOf(rate);
  const hasConcurrency = (concurrency ?? definition?.concurrency) !== undefined;
  if (rates.length > 0) return { hasConcurrency, startsOfRate: mostStarts(rates) };
  return hasConcurrency ? { hasConcurrency } : undefined;
}

async function limitsOf(tx: Transaction, queueId: number, locking: string): Promise<QueueRow> {
  const row = await tx.one(`SELECT ${columns} FROM queues WHERE id = $1 ${locking}`, [queueId]);
  if (row === undefined) throw new Error(`there is no queue ${queueId}`);
  return row as unknown as QueueRow;
}

/** Those among these queues that have a limit, in the order of their numbers: a batch that claims from several doesn't wait for one that claims from them the other way round. */
export function lockLimits({ tx, memory }: Loading, queues: Iterable<string>): void {
  const ids = [...queues].flatMap((name) => memory.queueIds.get(name) ?? []).filter((id) => memory.limitedQueues.has(id));
  if (ids.length > 1 && tx.locking !== '') void tx.values(`SELECT 1 FROM queues WHERE id = ANY ($1::bigint[]) ORDER BY id ${tx.locking}`, [list(ids)]);
}
