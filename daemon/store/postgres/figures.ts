import { keptQueueOf, ordersOf, type QueueOrders } from '../../ledger/queue-orders.ts';
import type { QueueRow } from '../../ledger/row.ts';
import type { Committed, QueueChange, QueueDepth, StoredQueue } from '../store.ts';
import type { StandingFigures } from './daemon-memory.ts';
import { nextDueAt } from './facts/job-facts.ts';
import { openFanOuts } from './facts/run-facts.ts';
import { list } from './session.ts';
import type { Told } from './told.ts';
import type { Transaction } from './transaction.ts';

/** How the store stands as a whole: those figures that may have changed, and the others as they were. */
export async function standingFigures(tx: Transaction, before: StandingFigures, { delayed, fanOuts, cascades, runningRuns }: Pick<Told, 'delayed' | 'fanOuts' | 'cascades' | 'runningRuns'>): Promise<StandingFigures> {
  const [next, expanding, cascading, running] = await Promise.all([
    delayed === true ? nextDueAt(tx) : before.nextDueAt,
    fanOuts === true ? openFanOuts(tx) : before.expanding,
    cascades === true ? tx.one('SELECT 1 FROM steps WHERE cascade IS NOT NULL LIMIT 1').then((row) => row !== undefined) : before.cascading,
    runningRuns === true ? tx.one('SELECT coalesce(sum(running_runs), 0)::bigint AS running FROM daemons').then((row) => Number(row?.['running'])) : before.runningRuns,
  ]);
  return { nextDueAt: next, expanding, cascading, runningRuns: running };
}

export const allFigures = { delayed: true, fanOuts: true, cascades: true, runningRuns: true } as const;

/** What listeners are told of a transaction, with figures as they stand. */
export async function committedOf(tx: Transaction, told: Told, figures: Promise<StandingFigures>): Promise<Committed> {
  const orderIds = told.orders ?? [];
  const [depths, orders, { nextDueAt: next, expanding, cascading, runningRuns }] = await Promise.all([
    told.queues.length === 0 ? [] : depthsOf(tx, told.queues.map(([id]) => id)),
    orderIds.length === 0 ? [] : ordersFor(tx, orderIds),
    figures,
  ]);
  const depth = new Map(depths.map(({ id, ...rest }) => [id, rest]));
  return {
    queues: told.queues.flatMap(([id, arrived, left]) => {
      const known = depth.get(id);
      return known === undefined ? [] : [{ ...known, arrived, left }];
    }),
    runs: told.runs,
    ...(next === undefined ? {} : { nextDueAt: next }),
    expanding,
    cascading,
    runningRuns,
    ...(told.aborting === undefined ? {} : { aborting: told.aborting }),
    ...(orders.length === 0 ? {} : { orders }),
    ...(told.declared === true ? { declared: true } : {}),
  };
}

/** Of these queues, or of all. */
async function depthsOf(tx: Transaction, ids?: readonly number[]): Promise<readonly (QueueDepth & { readonly id: number })[]> {
  const sums = (['pending', 'delayed', 'active', 'dead'] as const).map((state) => `coalesce(sum(c.${state}), 0)::bigint`).join(', ');
  const rows = await tx.values(
    `SELECT q.id, q.name, ${sums} FROM queues q LEFT JOIN queue_counts c ON c.queue_id = q.id ${ids === undefined ? '' : 'WHERE q.id = ANY ($1::bigint[])'} GROUP BY q.id ORDER BY q.id`,
    ids === undefined ? [] : [list(ids)],
  );
  return rows.map(([id, name, pending, delayed, active, dead]) => ({ id: Number(id), name: String(name), pending: Number(pending), delayed: Number(delayed), active: Number(active), dead: Number(dead) }));
}

/** How all queues stand, with nothing that has moved. */
export async function standingQueues(tx: Transaction): Promise<QueueChange[]> {
  return (await depthsOf(tx)).map(({ id: _id, ...depth }) => ({ ...depth, arrived: 0, left: 0 }));
}

async function ordersFor(tx: Transaction, ids: readonly number[]): Promise<readonly QueueOrders[]> {
  const rows = await tx.rows('SELECT id, name, paused, rate, concurrency FROM queues WHERE id = ANY ($1::bigint[])', [list(ids)]);
  const known = new Map(rows.map((row) => [Number(row['id']), row as unknown as QueueRow]));
  return ids.flatMap((id) => {
    const row = known.get(id);
    return row === undefined ? [] : [ordersOf(row)];
  });
}

/** What the store keeps of queues: how they were set and declared, and the starts that their rates have to continue with. */
export async function storedQueues(tx: Transaction, now: number): Promise<StoredQueue[]> {
  const [queues, starts] = await Promise.all([
    tx.rows('SELECT * FROM queues ORDER BY id'),
    tx.values(
      `SELECT r.queue_id, r.at, coalesce(a.ended_at, $1), coalesce(a.state, 'interrupted') FROM rate_starts r
       LEFT JOIN attempts a ON a.job_id = r.job_id AND a.number = r.attempt ORDER BY r.queue_id, r.at`,
      [now],
    ),
  ]);
  const byQueue = Map.groupBy(starts, ([queueId]) => Number(queueId));
  return queues.map((row) => ({
    ...keptQueueOf(row as unknown as QueueRow),
    starts: (byQueue.get(Number(row['id'])) ?? []).map(([, at, endedAt, state]) => ({ at: Number(at), endedAt: Number(endedAt), isCutOff: state === 'interrupted' })),
  }));
}
