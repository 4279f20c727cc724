import type { DeliveryKeyRow } from '../../../ledger/delivery.ts';
import type { BulkRow, QueueRow, ScheduleRow } from '../../../ledger/row.ts';
import type { QueueFacts } from '../../../ledger/snapshot.ts';
import type { QueueDefinition } from '../../../../schemas/workflow/model.ts';
import type { FreeIds } from '../daemon-memory.ts';
import { list } from '../session.ts';
import { byNumber, each, eachAlone, keysOf, pairOf, type Loading, type Loads } from './loading.ts';

/** Numbers that are taken from a sequence at a time, at least: what isn't used now may be used by the next batch. */
const idsTogether = { runs: 1, steps: 64, jobs: 8, deliveries: 1 } as const;
const sequences = { runs: 'run_ids', steps: 'step_ids', jobs: 'job_ids', deliveries: 'delivery_ids' } as const;

/** Queues, schedules, bulk work, deliveries, and numbers for new rows. */
export const queueFacts: Loads<
  | 'queueId' | 'knownQueue' | 'queue' | 'queueRow' | 'schedule' | 'schedules' | 'bulk' | 'nextBulk' | 'bulkMembers' | 'bulkRuns' | 'bulkNext' | 'bulkSent' | 'oldBulk' | 'deliveryKey' | 'nextDelivery' | 'freshIds'
> = {
  queueId: async (loading, asks, snapshot) => {
    const ids = await queueIds(loading, keysOf<'queueId'>(asks));
    for (const { key } of asks) snapshot.set('queueId', key, ids.get(key) ?? 0);
  },
  knownQueue: each('knownQueue', async ({ tx }, name) => (await tx.one('SELECT id FROM queues WHERE name = $1', [name]))?.['id'] as number | undefined),
  queue: async (loading, asks, snapshot) => {
    for (const facts of await queuesOf(loading, keysOf<'queue'>(asks))) {
      // Whether there is room is decided by counts that nobody else changes meanwhile.
      if (facts.definition.maxDepth !== undefined) loading.tx.needAlone();
      snapshot.set('queue', facts.id, facts);
    }
  },
  queueRow: byNumber(
    'queueRow',
    async ({ tx }, ids) => {
      const rows = await tx.rows(`SELECT id, paused, held_until, held_by FROM queues WHERE id = ANY ($1::bigint[]) ORDER BY id ${tx.locking}`, [list(ids)]);
      return rows.map((row) => [Number(row['id']), row as unknown as QueueRow]);
    },
    () => ({ paused: 0, held_until: null, held_by: null }),
  ),
  schedule: each('schedule', async ({ tx }, id) => (await tx.one(`SELECT * FROM schedules WHERE id = $1 ${tx.locking}`, [id])) as ScheduleRow | undefined),
  schedules: eachAlone('schedules', async ({ tx }) => (await tx.rows('SELECT * FROM schedules ORDER BY id')) as unknown as readonly ScheduleRow[]),
  bulk: eachAlone('bulk', async ({ tx }, id) => (await tx.one('SELECT * FROM bulks WHERE id = $1', [id])) as BulkRow | undefined),
  nextBulk: eachAlone('nextBulk', (loading) => nextOf(loading, 'bulk_ids')),
  bulkMembers: eachAlone('bulkMembers', async ({ tx }, key) => {
    const [id, jobIds] = pairOf<number, readonly number[]>(key);
    return new Set((await tx.values('SELECT job_id FROM bulk_jobs WHERE bulk_id = $1 AND job_id = ANY ($2::bigint[])', [id, list(jobIds)])).map(([jobId]) => Number(jobId)));
  }),
  bulkRuns: eachAlone('bulkRuns', async ({ tx }, key) => {
    const [id, runIds] = pairOf<number, readonly number[]>(key);
    const found = await tx.values(
      `SELECT r.id FROM unnest($2::bigint[]) AS r (id)
       WHERE EXISTS (SELECT 1 FROM steps s JOIN jobs j ON j.step_id = s.id JOIN bulk_jobs b ON b.bulk_id = $1 AND b.job_id = j.id WHERE s.run_id = r.id)`,
      [id, list(runIds)],
    );
    return new Set(found.map(([runId]) => Number(runId)));
  }),
  bulkNext: eachAlone('bulkNext', async ({ tx }, key, limit) => {
    const rows = await tx.values('SELECT job_id FROM bulk_jobs WHERE bulk_id = $1 AND job_id > $2 ORDER BY job_id LIMIT $3', [...pairOf<number, number>(key), limit]);
    return rows.map(([jobId]) => Number(jobId));
  }),
  bulkSent: eachAlone('bulkSent', async ({ tx }, key, limit) => {
    const rows = await tx.rows('SELECT job_id, round FROM bulk_jobs WHERE bulk_id = $1 AND round IS NOT NULL AND job_id > $2 ORDER BY job_id LIMIT $3', [...pairOf<number, number>(key), limit]);
    return rows as unknown as readonly { readonly job_id: number; readonly round: number }[];
  }),
  oldBulk: eachAlone('oldBulk', async ({ tx }, key) => {
    const [before, preparer] = pairOf<number, number | null>(key);
    return (await tx.one("SELECT id FROM bulks WHERE ended_at < $1 OR (state = 'preparing' AND daemon = $2) ORDER BY id LIMIT 1", [before, preparer]))?.['id'] as number | undefined;
  }),
  // Where another daemon keeps the same event at the same time, the key of the table refuses the later one, whose batch begins again and finds it.
  deliveryKey: each('deliveryKey', async ({ tx }, key) => (await tx.one('SELECT * FROM delivery_keys WHERE workflow = $1 AND key = $2', [...pairOf<string, string>(key)])) as DeliveryKeyRow | undefined),
  nextDelivery: async (loading, asks, snapshot) => {
    const most = Math.max(...keysOf<'nextDelivery'>(asks)) + 1;
    if (loading.ids.deliveries.length < most) await takeIds(loading, 'deliveries', most - loading.ids.deliveries.length);
    for (const [place, id] of loading.ids.deliveries.entries()) snapshot.set('nextDelivery', place, id);
  },
  freshIds: async (loading, asks, snapshot) => {
    for (const { key, limit = 1 } of asks) {
      const { length } = loading.ids[key];
      // Twice as many each time: what a decision needs turns out one by one.
      await takeIds(loading, key, Math.max(limit - length, key === 'runs' ? 1 : length));
      snapshot.set('freshIds', key, loading.ids[key].length, limit);
    }
  },
};

/** So many more numbers for new rows. A transaction that fails loses none of them, unless its connection is lost. */
export async function takeIds({ tx, memory, ids }: Loading, table: keyof FreeIds, count: number): Promise<void> {
  const rows = await tx.values(`SELECT nextval('${sequences[table]}') FROM generate_series(1, $1::int)`, [Math.max(count, idsTogether[table])]);
  for (const free of [memory.ids[table], ids[table]]) free.push(...rows.map(([id]) => Number(id)));
  memory.highest[table] = Math.max(memory.highest[table], ...rows.map(([id]) => Number(id)));
}

/** What this daemon has given to rows that the store has lost isn't given to others: receivers know jobs by keys that are made of their numbers. */
export function raiseNumbers({ tx, memory }: Loading): void {
  for (const table of ['runs', 'steps', 'jobs', 'deliveries'] as const) {
    const highest = memory.highest[table];
    if (highest > 0) void tx.run(`SELECT setval('${sequences[table]}', $1::bigint) FROM ${sequences[table]} WHERE last_value < $1::bigint`, [highest]);
  }
}

/** Numbers that are left of earlier batches, unless another daemon has taken some since: of two jobs that are due at the same time the older one has the lower number. */
export async function keepNewest({ tx, memory, ids }: Loading, table: 'runs' | 'jobs' | 'deliveries'): Promise<void> {
  const newest = Math.max(...ids[table]);
  const [row] = await tx.values(`SELECT last_value FROM ${sequences[table]}`);
  if (Number(row?.[0]) === newest) return;
  // Not those that were taken for this batch meanwhile.
  for (const free of [memory.ids[table], ids[table]]) free.splice(0, Infinity, ...free.filter((id) => id > newest));
}

/** The number that comes next; it is taken when a row has it. Nobody else is asking. */
async function nextOf({ tx }: Loading, sequence: 'bulk_ids'): Promise<number> {
  return Number((await tx.one(`SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END AS next FROM ${sequence}`))?.['next']);
}

/** The numbers of queues; one that is named for the first time is made. */
export async function queueIds({ tx, memory, unsure }: Loading, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const known = (name: string): number | undefined => memory.queueIds.get(name) ?? unsure.queues.get(name);
  const missing = names.filter((name) => known(name) === undefined);
  if (missing.length > 0) {
    await tx.run('INSERT INTO queues (name) SELECT k.name FROM unnest($1::text[]) AS k (name) WHERE NOT EXISTS (SELECT 1 FROM queues q WHERE q.name = k.name) ORDER BY k.name ON CONFLICT (name) DO NOTHING', [list(new Set(missing))]);
    for (const [id, name] of await tx.values('SELECT id, name FROM queues WHERE name = ANY ($1::text[])', [list(missing)])) unsure.queues.set(String(name), Number(id));
  }
  return new Map(names.map((name) => [name, known(name) ?? 0]));
}

/** With their depths as the batch so far leaves them. */
async function queuesOf({ tx, memory, unsure }: Loading, ids: readonly number[]): Promise<readonly QueueFacts[]> {
  const rows = await tx.rows(
    `SELECT q.id, q.name, q.definition, coalesce(sum(c.pending), 0)::bigint AS pending, coalesce(sum(c.delayed), 0)::bigint AS delayed
     FROM queues q LEFT JOIN queue_counts c ON c.queue_id = q.id WHERE q.id = ANY ($1::bigint[]) GROUP BY q.id`,
    [list(ids)],
  );
  return rows.map(({ id, name, definition, pending, delayed }) => {
    const moves = unsure.moves.get(Number(id));
    return {
      id: Number(id),
      name: String(name),
      definition: definitionOf(memory.doubtful, String(name), definition as string | null),
      pending: Number(pending) + (moves?.pending ?? 0),
      delayed: Number(delayed) + (moves?.delayed ?? 0),
    };
  });
}

/** What holds of a queue: what was declared last, by any daemon. */
function definitionOf(doubtful: readonly QueueDefinition[], queue: string, kept: string | null): QueueDefinition {
  return kept === null ? (doubtful.find(({ name }) => name === queue) ?? { name: queue }) : (JSON.parse(kept) as QueueDefinition);
}
