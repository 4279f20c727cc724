import { randomBytes } from 'node:crypto';
import type { AttemptRef, Recovered, RecoverParams } from '../../ledger/call.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import { healthOf, isNumbered, leaseEndOf, seatFor, seatNames, standingOf, type DaemonRow, type SeatRow } from '../../ledger/daemons.ts';
import { performAwaited } from '../../ledger/perform.ts';
import { assertUsable, copyMarkKey } from '../copy-mark.ts';
import type { CheckIn, CheckInParams, DaemonAbout, LostRecovered, RecoverLostParams, SaidOfItself, SharingDaemon } from '../store.ts';
import type { DaemonMemory } from './daemon-memory.ts';
import { serverTime } from './facts/limit-facts.ts';
import { raiseNumbers } from './facts/queue-facts.ts';
import { list } from './session.ts';
import type { StorePlace } from './store-error.ts';
import type { Transaction } from './transaction.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** How far a daemon has heard of others: of each the number of its last transaction. */
export type Heard = ReadonlyMap<number, number>;

/** What a daemon knows of attempts that it had under way when it ended, though the store doesn't. */
export type KnownAttempts = Pick<RecoverParams, 'ended' | 'unbegun'>;

export interface OpeningDaemon {
  readonly identity: DaemonIdentity;
  readonly place: StorePlace;
  /** Taken if the store has none. */
  readonly linkKey: string;
  readonly knownAttempts: (storeId: string) => KnownAttempts;
}

export interface OpenedDaemon {
  /** The name under which it is known: its own, or one with a number if a copy of its machine is alive. */
  readonly seat: string;
  readonly wasClosed: boolean;
  readonly interrupted: number;
  readonly interruptedJobs: readonly number[];
  /** Attempts that are still open, because how they ended is known. */
  readonly leftOpen: readonly AttemptRef[];
  readonly heard: Heard;
  /** What links are made with that answer signals: one for all daemons, since any of them makes the next attempt of a job. */
  readonly linkKey: string;
}

/** Who a daemon is among those that share the store. */
export interface DaemonIdentity {
  /** The same over its restarts. */
  readonly name: string;
  /** Tells apart who can have the same name: copies of a machine. The same over restarts of the daemon, in the same state folder, on a machine that wasn't restarted. */
  readonly occupant: string;
  readonly about?: DaemonAbout;
}

/** A daemon that has left, or is silent, is shown for so long, in milliseconds: an hour, and a week. */
const shownLeftMs = 3_600_000;
const shownSilentMs = 7 * 86_400_000;

/** Rows by which daemons hear of each other are kept for so long, in seconds; the last of each daemon as long as it is the last. */
const keepCommitsSeconds = 600;

/** Gives the daemon of that name its number, the same over its restarts, and closes what a crash of it cut off. */
export async function openDaemon(batch: WriteTransaction, { identity, place, linkKey, knownAttempts }: OpeningDaemon, { now, random }: { readonly now: number; readonly random: number }): Promise<OpenedDaemon> {
  const { tx, memory } = batch;
  const [seenAt] = await Promise.all([leaseTime(tx, memory, now), assertKnown(tx, place, memory.storeVersion)]);
  const names = seatNames(identity.name);
  const taken = (await tx.rows('SELECT name, seen_at, closed, occupant FROM daemons WHERE name = ANY ($1)', [list(names)])) as unknown as readonly SeatRow[];
  const name = seatFor(names, identity.occupant, taken, seenAt);
  if (name === undefined) throw new CodedError('store-unavailable', message('{count} daemons by the name {name} share the store on {server} already: their machines, or containers, are copies of each other. Give each a host name of its own.', { count: names.length, name: identity.name, server: place.server }));
  const known = taken.find((seat) => seat.name === name);
  const seat = await tx.one(
    'INSERT INTO daemons (name, seen_at, about, occupant) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, closed = false, about = excluded.about, occupant = excluded.occupant RETURNING id',
    [name, seenAt, saidOf(identity, memory, { hints: undefined, isStopping: false }), identity.occupant],
  );
  memory.daemon = Number(seat?.['id']);
  const heard = await tx.values('SELECT daemon, max(seq) FROM commits GROUP BY daemon');
  const lastOf = new Map(heard.map(([daemon, seq]) => [Number(daemon), Number(seq)]));
  memory.seq = lastOf.get(memory.daemon) ?? 0;
  await tx.run("INSERT INTO meta (key, value) VALUES ('store_id', $1), ('link_key', $2) ON CONFLICT (key) DO NOTHING", [randomBytes(4).toString('hex'), linkKey]);
  const kept = new Map((await tx.values("SELECT key, value FROM meta WHERE key IN ('store_id', 'link_key')")).map(([key, value]) => [String(key), String(value)]));
  memory.storeId = kept.get('store_id') ?? '';
  memory.isAlone = (await tx.one('SELECT 1 FROM daemons WHERE id <> $1 AND NOT closed LIMIT 1', [memory.daemon])) === undefined;
  for (const [id, queue] of await tx.values('SELECT id, name FROM queues')) memory.addQueue(Number(id), String(queue));
  const { interrupted, interruptedJobs, leftOpen } = await recover(batch, memory.daemon, { now, random, ...knownAttempts(memory.storeId) });
  batch.isWriting = true;
  return { seat: name, wasClosed: known?.closed === true, interrupted, interruptedJobs, leftOpen, heard: lastOf, linkKey: kept.get('link_key') ?? linkKey };
}

/** What a daemon has to do with the others, at one instant. */
export interface Watch {
  readonly memory: DaemonMemory;
  readonly place: StorePlace;
  readonly heard: Heard;
}

/** This daemon lives, and sees how the others stand. */
export async function checkIn(
  tx: Transaction,
  { memory, place, heard }: Watch,
  { now, isStopping = false, hints, identity }: CheckInParams & { readonly hints: boolean | undefined; readonly identity: DaemonIdentity },
): Promise<CheckIn> {
  // What was committed and heard of by now is in the store when it looks, unless that has lost it.
  const known = { seq: memory.seq, heard: new Map(heard) };
  const [seenAt] = await Promise.all([leaseTime(tx, memory, now), assertKnown(tx, place, memory.storeVersion)]);
  void tx.run('UPDATE daemons SET seen_at = $2, closed = false, about = $3 WHERE id = $1', [memory.daemon, seenAt, saidOf(identity, memory, { hints, isStopping })]);
  const daemons = await daemonsOf(tx);
  const lost = lostCommits(daemons, memory.daemon, known, place);
  const { alive, leader, nextInMs } = standingOf(daemons.filter(({ closed }) => !closed), seenAt);
  const hasOrphans = (await cutOffOf(tx, daemons, seenAt)).length > 0;
  memory.isAlone = alive.every(({ id }) => id === memory.daemon);
  memory.others = alive.filter(({ id }) => id !== memory.daemon).length;
  return { others: alive.flatMap(({ id, name }) => (id === memory.daemon ? [] : [name])), leads: leader === memory.daemon, ...(hasOrphans ? { hasOrphans } : {}), ...(lost.areThere ? { hasGoneBack: true as const } : {}), nextInMs };
}

/** Rows by which daemons hear of each other go when all have had time to read them. */
export async function dropOldCommits(tx: Transaction): Promise<void> {
  await tx.run(
    `DELETE FROM commits c WHERE c.at < clock_timestamp() - interval '${keepCommitsSeconds} seconds' AND c.seq < (SELECT max(l.seq) FROM commits l WHERE l.daemon = c.daemon)`,
  );
}

/** Closes what daemons had under way whose lease has ended. What is under way is looked at, and closed, while nobody settles or claims. */
export async function recoverLost(batch: WriteTransaction, { memory, place, heard }: Watch, { now, random }: RecoverLostParams): Promise<LostRecovered & { readonly goneBackTo?: Heard }> {
  const { tx } = batch;
  const seenAt = await leaseTime(tx, memory, now);
  const daemons = await daemonsOf(tx);
  const lost = lostCommits(daemons, memory.daemon, { seq: memory.seq, heard }, place);
  if (lost.areThere) await goBack(batch);
  if (lost.areOwn) await recover(batch, memory.daemon, { now, random, ended: [], unbegun: [] });
  const recovered: Recovered[] = [];
  for (const id of await cutOffOf(tx, daemons, seenAt)) recovered.push(await recover(batch, id, { now, random, ended: [], unbegun: [] }));
  return {
    interrupted: recovered.reduce((sum, { interrupted }) => sum + interrupted, 0),
    interruptedJobs: recovered.flatMap(({ interruptedJobs }) => interruptedJobs),
    ...(lost.areOwn ? { hasGoneBack: true as const } : {}),
    ...(lost.areThere ? { goneBackTo: new Map(daemons.map(({ id, seq }) => [id, seq ?? 0])) } : {}),
  };
}

async function daemonsOf(tx: Transaction): Promise<readonly SharedRow[]> {
  return (await tx.rows('SELECT d.id, d.name, d.seen_at, d.closed, (SELECT max(c.seq) FROM commits c WHERE c.daemon = d.id) AS seq FROM daemons d ORDER BY d.id')) as unknown as readonly SharedRow[];
}

/** The daemons that are gone, and have left attempts open. One that has closed the store while something of it was under way has ended with it. */
async function cutOffOf(tx: Transaction, daemons: readonly SharedRow[], now: number): Promise<readonly number[]> {
  const gone = [...standingOf(daemons.filter(({ closed }) => !closed), now).lost, ...daemons.filter(({ closed }) => closed)];
  if (gone.length === 0) return [];
  return (await tx.values("SELECT DISTINCT daemon FROM jobs WHERE state = 'active' AND daemon = ANY ($1::bigint[]) ORDER BY daemon", [list(gone.map(({ id }) => id))])).map(([id]) => Number(id));
}

interface SharedRow extends DaemonRow {
  readonly closed: boolean;
  /** The number of the last transaction of that daemon which the store knows. */
  readonly seq: number | null;
}

/**
 * Whether the store has lost what was committed: its server failed over to one that had not received all of it, crashed while it didn't sync commits, or was restored from a backup. Then what this
 * daemon believes to have ended may be under way by the store, for ever.
 *
 * @throws CodedError `store-unavailable` if it doesn't know this daemon any longer
 */
function lostCommits(daemons: readonly SharedRow[], self: number, known: { readonly seq: number; readonly heard: Heard }, { server }: StorePlace): { readonly areThere: boolean; readonly areOwn: boolean } {
  const own = daemons.find(({ id }) => id === self);
  if (own === undefined) throw new CodedError('store-unavailable', message("The store on {server} does not know this daemon any longer: it was made anew, or restored from an old backup. Restart the daemon.", { server }), { unusable: true });
  const areOwn = (own.seq ?? 0) < known.seq;
  return { areOwn, areThere: areOwn || daemons.some(({ id, seq }) => id !== self && (seq ?? 0) < (known.heard.get(id) ?? 0)) };
}

/** Forgets what this daemon knows of a store that is as it was some time ago. */
async function goBack(batch: WriteTransaction): Promise<void> {
  const { tx, memory, ids } = batch;
  memory.forgetStore();
  for (const free of [ids.runs, ids.steps, ids.jobs, ids.deliveries]) free.splice(0);
  raiseNumbers(batch);
  for (const [id, queue] of await tx.values('SELECT id, name FROM queues')) memory.addQueue(Number(id), String(queue));
  batch.isWriting = true;
  // A gap, by which those who have heard of what is lost see that they have to read everything.
  memory.seq++;
}

/** See `DaemonStore.listDaemons`. `now` counts if the server's clock doesn't. */
export async function listDaemons(tx: Transaction, memory: DaemonMemory, now: number): Promise<readonly SharingDaemon[]> {
  const [time, rows, held] = await Promise.all([
    memory.hasServerClock ? serverTime(tx) : now,
    tx.rows('SELECT id, name, seen_at, closed, about FROM daemons ORDER BY id'),
    tx.values("SELECT j.daemon, q.name, count(*) FROM jobs j JOIN queues q ON q.id = j.queue_id WHERE j.state = 'active' GROUP BY 1, 2 ORDER BY 1, 2"),
  ]);
  const daemons = (rows as unknown as readonly (DaemonRow & { readonly closed: boolean; readonly about: string | null })[]).filter(({ closed, seen_at: seenAt }) => seenAt > time - (closed ? shownLeftMs : shownSilentMs));
  const { leader } = standingOf(daemons.filter(({ closed }) => !closed), time);
  return daemons.map((row) => {
    const { id, name, seen_at: seenAt, closed } = row;
    const about = row.about === null ? undefined : (JSON.parse(row.about) as SaidOfItself);
    return {
      name,
      isSelf: id === memory.daemon,
      health: healthOf({ seen_at: seenAt, closed, isStopping: about?.isStopping === true }, time),
      seenAt,
      leaseEndsAt: leaseEndOf(row),
      leads: id === leader,
      isTwin: isNumbered(name),
      about,
      active: held.flatMap(([daemon, queue, count]) => (Number(daemon) === id ? [{ queue: String(queue), count: Number(count) }] : [])),
    };
  });
}

function saidOf({ about }: DaemonIdentity, { storeVersion }: DaemonMemory, { hints, isStopping }: { readonly hints: boolean | undefined; readonly isStopping: boolean }): string | null {
  const said = { storeVersion, isStopping, ...(hints === undefined ? {} : { hints }) };
  return about === undefined ? null : JSON.stringify({ ...about, ...said } satisfies SaidOfItself);
}

/**
 * Whether the store is in use, and not moved to another one, and a Sluice that knows the tables up to version `known` can use them as they are: looked at when the store is opened, and at each check-in, because a daemon that was silent for its
 * lease wasn't waited for.
 *
 * @throws CodedError `store-unavailable` that waiting doesn't cure
 */
async function assertKnown(tx: Transaction, { server }: StorePlace, known: number): Promise<void> {
  const found = new Map((await tx.values("SELECT key, value FROM meta WHERE key IN ('version', 'oldest', $1)", [copyMarkKey])).map(([key, value]) => [String(key), value]));
  assertUsable(server, found.get(copyMarkKey));
  const version = Number(found.get('version') ?? known);
  if (known >= Number(found.get('oldest') ?? 1)) return;
  throw new CodedError('store-unavailable', message('The store on {server} has version {version}, made by a newer Sluice. This one knows versions up to {known} and can not use it: install the newer Sluice.', { server, version, known }), { unusable: true });
}

/** What leases go by: machines needn't agree on the time. */
async function leaseTime(tx: Transaction, memory: DaemonMemory, now: number): Promise<number> {
  if (!memory.hasServerClock) return now;
  const time = Math.floor(await serverTime(tx));
  memory.onServerTime(time);
  return time;
}

/** It goes: nothing of it is under way that anybody would have to close, unless a stop has left something. */
export async function closeDaemon(batch: WriteTransaction): Promise<void> {
  const { tx, memory } = batch;
  // With a number, so that it fails for one whose place another process has taken.
  batch.isWriting = true;
  await tx.run('UPDATE daemons SET closed = true WHERE id = $1', [memory.daemon]);
}

async function recover(batch: WriteTransaction, daemon: number, params: Omit<RecoverParams, 'daemon'>): Promise<Recovered> {
  const [recovered] = await performAwaited(batch, [{ name: 'recover', params: { daemon, ...params } }], params.now);
  if (recovered?.ok !== true) throw recovered?.error ?? new Error('nothing was recovered');
  return recovered.value as Recovered;
}
