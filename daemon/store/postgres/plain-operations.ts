import { seriesResolutions } from '../../../schemas/protocol/queue.ts';
import type { QueueDefinition } from '../../../schemas/workflow/model.ts';
import { standingOf, type DaemonRow } from '../../ledger/daemons.ts';
import { type ConnectionLimits, type DeclaredConnection, limitsToKeep } from '../../ledger/connection-limits.ts';
import { limitsThatHold } from '../../ledger/queue-orders.ts';
import { never } from '../../ledger/row.ts';
import { keepToken, leaseToken, type TokenDecision, type TokenKept, type TokenLease, type TokenRow } from '../../ledger/token-lease.ts';
import type { Configured, Store } from '../store.ts';
import { declare } from './declarations.ts';
import { queueIds } from './facts/queue-facts.ts';
import { addItems, takeOverItems } from './item-stage.ts';
import { sizeOf } from './queries/figures.ts';
import { list } from './session.ts';
import type { WriteTransaction } from './write-transaction.ts';

type Params<Name extends keyof Store> = Store[Name] extends (params: infer Given) => unknown ? Given : never;

/** Operations without a rule about runs and jobs; each checks everything before it writes, as the ledger does. The others are decided there. */
export const plainOperations = { configure, forgetLimits, pruneDeliveries, recordSeries, saveAlerts, keepAlertBook, shiftWaits, reclaim, probe, leaseToken: leaseConnectionToken, keepToken: keepConnectionToken, addItems, takeOverItems } as const;

async function configure(batch: WriteTransaction, { queues, doubtful = [], connections = [], doubtfulConnections = [], env, declared }: Params<'configure'>): Promise<Configured> {
  const holds = declared === undefined || (await declare(batch, declared.parts, declared.now));
  const rows = await batch.tx.rows('SELECT name, definition FROM queues ORDER BY id');
  const kept = new Map(rows.map(({ name, definition }) => [String(name), typeof definition === 'string' ? (JSON.parse(definition) as QueueDefinition) : undefined]));
  // Of a queue that nobody has declared so that it holds, what this daemon's files say is better than no limit.
  const fallback = holds ? doubtful : [...doubtful, ...queues];
  const limits = limitsThatHold({ queues: holds ? queues : [], doubtful: fallback }, kept.keys(), (name) => kept.get(name));
  batch.memory.env = env;
  batch.memory.doubtful = fallback;
  if (holds) await keep(batch, queues);
  const known = await keepConnections(batch, { connections: holds ? connections : [], doubtful: holds ? doubtfulConnections : [...doubtfulConnections, ...connections] });
  return { queues: limits, connections: known, ...(holds ? {} : { holds }) };
}

/** Returns those that hold. */
async function keepConnections({ tx }: WriteTransaction, declared: Parameters<typeof limitsToKeep>[0]): Promise<readonly DeclaredConnection[]> {
  const kept = new Map((await tx.values('SELECT name, limits FROM connections ORDER BY name')).map(([name, limits]) => [String(name), limits as string | null]));
  const changes = limitsToKeep(declared, kept);
  for (const { name, limits } of changes) kept.set(name, limits);
  if (changes.length > 0) {
    await tx.run('INSERT INTO connections (name, limits) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (name) DO UPDATE SET limits = excluded.limits', [
      list(changes.map(({ name }) => name)), list(changes.map(({ limits }) => limits)),
    ]);
  }
  return [...kept].flatMap(([name, limits]) => (limits === null ? [] : [{ name, ...(JSON.parse(limits) as ConnectionLimits) }]));
}

async function forgetLimits(batch: WriteTransaction, { queue, onlyEmpty = false }: Params<'forgetLimits'>): Promise<{ readonly forgotten: boolean }> {
  const id = (await queueIds(batch, [queue])).get(queue) ?? 0;
  const row = await batch.tx.one('SELECT coalesce(sum(pending + delayed + active + dead), 0)::bigint AS jobs FROM queue_counts WHERE queue_id = $1', [id]);
  const moves = batch.unsure.moves.get(id);
  const jobs = Number(row?.['jobs']) + (moves === undefined ? 0 : moves.pending + moves.delayed + moves.active + moves.dead);
  if (onlyEmpty && jobs > 0) return { forgotten: false };
  await keep(batch, [{ name: queue }]);
  return { forgotten: true };
}

async function keep(batch: WriteTransaction, queues: readonly QueueDefinition[]): Promise<void> {
  if (queues.length === 0) return;
  const ids = await queueIds(batch, queues.map(({ name }) => name));
  await batch.tx.run('UPDATE queues q SET definition = n.definition FROM unnest($1::bigint[], $2::text[]) AS n (id, definition) WHERE q.id = n.id AND q.definition IS DISTINCT FROM n.definition', [
    list(queues.map(({ name }) => ids.get(name) ?? 0)),
    list(queues.map((queue) => JSON.stringify(queue))),
  ]);
}

async function recordSeries(batch: WriteTransaction, { at, steps }: Params<'recordSeries'>): Promise<void> {
  const ids = await queueIds(batch, steps.map(({ queue }) => queue));
  const add = `INSERT INTO series AS s VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     ON CONFLICT (step_ms, queue_id, at) DO UPDATE SET pending = excluded.pending, delayed = excluded.delayed, active = excluded.active, dead = excluded.dead,
       arrivals = s.arrivals + excluded.arrivals, completions = s.completions + excluded.completions, failures = s.failures + excluded.failures,
       waited = s.waited + excluded.waited, waited_ms = s.waited_ms + excluded.waited_ms, longest_wait_ms = greatest(s.longest_wait_ms, excluded.longest_wait_ms),
       ran = s.ran + excluded.ran, ran_ms = s.ran_ms + excluded.ran_ms, longest_run_ms = greatest(s.longest_run_ms, excluded.longest_run_ms)`;
  // All but the last row before the horizon: it has the depths at the horizon.
  const forget = 'DELETE FROM series WHERE step_ms = $1 AND queue_id = $2 AND at < (SELECT max(at) FROM series WHERE step_ms = $1 AND queue_id = $2 AND at <= $3)';
  for (const { stepMs, keepMs } of Object.values(seriesResolutions)) {
    for (const { queue, depth, arrivals, completions, failures, waiting, running } of steps) {
      const id = ids.get(queue) ?? 0;
      void batch.tx.run(add, [
        stepMs, id, Math.floor(at / stepMs) * stepMs, depth.pending, depth.delayed, depth.active, depth.dead, arrivals, completions, failures,
        waiting.count, waiting.totalMs, waiting.maxMs, running.count, running.totalMs, running.maxMs,
      ]);
      void batch.tx.run(forget, [stepMs, id, Math.floor(at - keepMs)]);
    }
  }
}

async function saveAlerts({ tx }: WriteTransaction, { alerts }: Params<'saveAlerts'>): Promise<object> {
  for (const { queue, kind, raised } of alerts) {
    if (raised === undefined) void tx.run('DELETE FROM alerts WHERE queue = $1 AND kind = $2', [queue, kind]);
    else {
      void tx.run(
        `INSERT INTO alerts VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (queue, kind) DO UPDATE SET severity = excluded.severity, since = excluded.since, peak = excluded.peak, peak_at = excluded.peak_at`,
        [queue, kind, raised.severity, raised.since, raised.peak, raised.peakAt],
      );
    }
  }
  return {};
}

async function keepAlertBook({ tx }: WriteTransaction, { name, version, content }: Params<'keepAlertBook'>): Promise<{ readonly kept: boolean }> {
  const found = await tx.one('SELECT version FROM alert_books WHERE name = $1', [name]);
  if (Number(found?.['version'] ?? 0) !== version) return { kept: false };
  if (content === undefined) void tx.run('DELETE FROM alert_books WHERE name = $1', [name]);
  else void tx.run('INSERT INTO alert_books (name, version, content) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET version = excluded.version, content = excluded.content', [name, version + 1, content]);
  return { kept: true };
}

/**
 * Where daemons go by the server's clock, what one of them takes for a change is that it has begun to, or that the server's was set; then all of them would move what waits. Else the
 * clock of one machine was set: as long as other daemons live, whose clocks were not, what waits goes on as it is.
 */
async function shiftWaits(batch: WriteTransaction, { byMs, anchor }: Params<'shiftWaits'>): Promise<void> {
  const { tx, memory } = batch;
  if (memory.hasServerClock) return;
  const daemons = (await tx.rows('SELECT id, name, seen_at FROM daemons WHERE NOT closed')) as unknown as readonly DaemonRow[];
  const { alive } = standingOf(daemons, anchor.wallMs - byMs);
  if (alive.some(({ id }) => id !== memory.daemon)) return;
  // Pending ones too: their due time is their place in the order, and their age.
  void tx.run("UPDATE jobs SET due_at = due_at + $1 WHERE state IN ('delayed', 'pending', 'active') OR (state = 'waiting' AND due_at < $2)", [byMs, never]);
  void tx.run('UPDATE queues SET held_until = held_until + $1 WHERE held_until IS NOT NULL', [byMs]);
  void tx.run('UPDATE bulks SET last_due_at = last_due_at + $1 WHERE ended_at IS NULL', [byMs]);
  // A key is checked row by row, so one that moves onto another that is still to move would be refused: they are read, deleted and written.
  const starts = await tx.values('SELECT queue_id, at, job_id, attempt, counted_at FROM rate_starts');
  void tx.run('DELETE FROM rate_starts');
  const column = (place: number, by = 0): string => list(starts.map((row) => (row[place] === null ? null : Number(row[place]) + by)));
  void tx.run('INSERT INTO rate_starts (queue_id, at, job_id, attempt, counted_at) SELECT * FROM unnest($1::bigint[], $2::double precision[], $3::bigint[], $4::bigint[], $5::double precision[]) ON CONFLICT DO NOTHING', [
    column(0), column(1, byMs), column(2), column(3), column(4, byMs),
  ]);
  const started = await tx.values('SELECT connection, at, job_id, attempt, counted_at FROM connection_starts');
  void tx.run('DELETE FROM connection_starts');
  void tx.run('INSERT INTO connection_starts (connection, at, job_id, attempt, counted_at) SELECT * FROM unnest($1::text[], $2::double precision[], $3::bigint[], $4::bigint[], $5::double precision[]) ON CONFLICT DO NOTHING', [
    list(started.map(([connection]) => String(connection))), list(started.map(([, at]) => Number(at) + byMs)), list(started.map(([, , job]) => Number(job))), list(started.map(([, , , attempt]) => Number(attempt))),
    list(started.map(([, , , , countedAt]) => Number(countedAt) + byMs)),
  ]);
  batch.touchDelayed();
}

async function pruneDeliveries({ tx }: WriteTransaction, { before, keepCount, keysBefore, limit }: Params<'pruneDeliveries'>): Promise<{ readonly more: boolean }> {
  const old = await tx.run('DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received_at < $1 ORDER BY id LIMIT $2)', [before, limit]);
  const keys = await tx.run('DELETE FROM delivery_keys WHERE (workflow, key) IN (SELECT workflow, key FROM delivery_keys WHERE received_at < $1 LIMIT $2)', [keysBefore, limit]);
  const surplus: number[] = [];
  for (const [workflow] of await tx.values('SELECT DISTINCT workflow FROM deliveries')) {
    const name = String(workflow);
    const kept = await tx.one("SELECT id FROM deliveries WHERE workflow = $1 AND outcome NOT IN ('refused', 'duplicate') ORDER BY id DESC LIMIT 1 OFFSET $2", [name, keepCount]);
    if (kept === undefined) continue;
    surplus.push(
      await tx.run("DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE workflow = $1 AND id <= $2 AND outcome NOT IN ('refused', 'duplicate') ORDER BY id LIMIT $3)", [name, Number(kept['id']), limit]),
    );
  }
  return { more: [old, keys, ...surplus].some((count) => count >= limit) };
}

/** The server gives space back by itself. */
async function reclaim({ tx }: WriteTransaction): Promise<{ readonly bytes: number; readonly freeBytes: number }> {
  return sizeOf(tx);
}

/** Needs room on the disk: 64 KB that can't be compressed. They are taken away in the same transaction, so that no later one finds their place free: it would fit where nothing else does. */
async function probe({ tx, memory }: WriteTransaction): Promise<void> {
  const key = `probe ${memory.daemon}`;
  void tx.run("INSERT INTO meta (key, value) SELECT $1, string_agg(md5(random()::text), '') FROM generate_series(1, 2000) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [key]);
  await tx.run('DELETE FROM meta WHERE key = $1', [key]);
}

async function leaseConnectionToken(batch: WriteTransaction, params: Params<'leaseToken'>): Promise<TokenLease> {
  return decidedToken(batch, leaseToken(await tokenRow(batch, params), params, batch.memory.daemon));
}

async function keepConnectionToken(batch: WriteTransaction, params: Params<'keepToken'>): Promise<TokenKept> {
  // Whatever the server is set to: see `TokenStore`.
  void batch.tx.run('SET LOCAL synchronous_commit = on');
  return decidedToken(batch, keepToken(await tokenRow(batch, params), params, batch.memory.daemon));
}

async function tokenRow({ tx }: WriteTransaction, { connection }: Pick<TokenRow, 'connection'>): Promise<TokenRow | undefined> {
  return (await tx.one('SELECT connection, version, sealed, leased_by, leased_until FROM connection_tokens WHERE connection = $1', [connection])) as unknown as TokenRow | undefined;
}

function decidedToken<Answer>(batch: WriteTransaction, { answer, row }: TokenDecision<Answer>): Answer {
  if (row !== undefined) {
    void batch.tx.run(
      `INSERT INTO connection_tokens VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (connection) DO UPDATE SET version = excluded.version, sealed = excluded.sealed, leased_by = excluded.leased_by, leased_until = excluded.leased_until`,
      [row.connection, row.version, row.sealed, row.leased_by, row.leased_until],
    );
  }
  return answer;
}
