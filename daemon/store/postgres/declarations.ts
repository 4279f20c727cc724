import { createHash } from 'node:crypto';
import { declaredSince, differingParts, holderOf, schedulerOf, type DeclarationRow, type Declared } from '../../ledger/declarations.ts';
import type { DeclarationsStanding } from '../daemon-store.ts';
import type { DaemonMemory } from './daemon-memory.ts';
import { serverTime } from './facts/limit-facts.ts';
import type { Transaction } from './transaction.ts';
import type { WriteTransaction } from './write-transaction.ts';

const columns = 'c.daemon, d.name, d.seen_at, d.closed, c.hash, c.since';

/** Notes what the files of this daemon declare. Resolves to whether that holds, and not what another has declared. */
export async function declare(batch: WriteTransaction, parts: Declared, now: number): Promise<boolean> {
  const { tx, memory } = batch;
  const time = await timeOf(tx, memory, now);
  const hash = hashOf(parts);
  const known = (await tx.rows(`SELECT ${columns} FROM declarations c JOIN daemons d ON d.id = c.daemon`)) as unknown as readonly DeclarationRow[];
  const before = known.find(({ daemon }) => daemon === memory.daemon);
  const since = declaredSince(known, { daemon: memory.daemon, hash }, time);
  const own: DeclarationRow = { daemon: memory.daemon, name: '', seen_at: time, closed: false, hash, since };
  if (before?.hash !== hash) {
    await tx.run('INSERT INTO declarations (daemon, hash, since, parts) VALUES ($1, $2, $3, $4) ON CONFLICT (daemon) DO UPDATE SET hash = excluded.hash, since = excluded.since, parts = excluded.parts', [
      memory.daemon, hash, since, JSON.stringify(parts),
    ]);
    batch.touchDeclarations();
  }
  return holderOf([...known.filter(({ daemon }) => daemon !== memory.daemon), own], time)?.hash === hash;
}

/** See `DaemonStore.declarations`. The parts of those that declare the same as this daemon aren't read. */
export async function declarations(tx: Transaction, memory: DaemonMemory, now: number): Promise<DeclarationsStanding | undefined> {
  const time = await timeOf(tx, memory, now);
  const rows = (await tx.rows(
    `SELECT ${columns}, CASE WHEN c.daemon = $1 OR c.hash <> (SELECT o.hash FROM declarations o WHERE o.daemon = $1) THEN c.parts END AS parts FROM declarations c JOIN daemons d ON d.id = c.daemon ORDER BY c.daemon`,
    [memory.daemon],
  )) as unknown as readonly (DeclarationRow & { readonly parts: string | null })[];
  // This daemon is there, even if it could not check in for a while.
  const found = rows.map((row) => (row.daemon === memory.daemon ? { ...row, seen_at: time, closed: false } : row));
  const own = found.find(({ daemon }) => daemon === memory.daemon);
  const holder = holderOf(found, time);
  if (own === undefined || holder === undefined) return undefined;
  const scheduler = schedulerOf(found, time);
  const partsOf = ({ parts }: { readonly parts: string | null }): Declared => JSON.parse(parts ?? '{}') as Declared;
  const working = new Set(found.filter((row) => !row.closed && holderOf([row], time) !== undefined));
  return {
    holds: holder.hash === own.hash,
    since: own.since,
    startsSchedules: scheduler?.daemon === own.daemon,
    differing: found.flatMap((row) => (row.hash === own.hash || !(working.has(row) || row === holder) ? [] : [{ daemon: row.name, since: row.since, parts: differingParts(partsOf(own), partsOf(row)), holds: row.hash === holder.hash }])),
  };
}

async function timeOf(tx: Transaction, { hasServerClock }: DaemonMemory, now: number): Promise<number> {
  return Math.floor(hasServerClock ? await serverTime(tx) : now);
}

function hashOf(parts: Declared): string {
  const sorted = Object.entries(parts).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}
