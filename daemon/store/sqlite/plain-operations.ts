import { shiftBetween, type ClockAnchor } from '../../core/clock.ts';
import { soleDaemon } from '../../ledger/daemons.ts';
import { type DeclaredConnection, limitsToKeep } from '../../ledger/connection-limits.ts';
import { limitsThatHold } from '../../ledger/queue-orders.ts';
import { never } from '../../ledger/row.ts';
import { type KeepTokenParams, keepToken, type LeaseTokenParams, leaseToken, type TokenDecision, type TokenKept, type TokenLease, type TokenRow } from '../../ledger/token-lease.ts';
import { seriesResolutions } from '../../../schemas/protocol/queue.ts';
import { defaultQueueName, type QueueDefinition } from '../../../schemas/workflow/model.ts';
import type { AlertChange, Configured, ConfigureParams, KeepAlertBookParams, RecordSeriesParams } from '../store.ts';
import { fileSpace, type FileSpace, reclaimPages } from './file-space.ts';
import type { PruneDeliveriesParams } from '../delivery-store.ts';
import { pruneDeliveries } from './queries/deliveries.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** Operations without a rule about runs and jobs; each checks everything before it writes, as the ledger does. The others are decided there. */
export const plainOperations = { configure, forgetLimits, pruneDeliveries: pruneOldDeliveries, recordSeries, saveAlerts, keepAlertBook, shiftWaits, reclaim, probe, leaseToken: leaseConnectionToken, keepToken: keepConnectionToken } as const;

/** Some of the steps that have a job in a queue. */
const waitingSteps = "SELECT step_id FROM jobs INDEXED BY jobs_pending WHERE state = 'pending' AND queue_id = ? LIMIT 100";
const deadSteps = "SELECT step_id FROM jobs INDEXED BY jobs_dead WHERE state = 'dead' AND queue_id = ? LIMIT 100";

function configure(tx: WriteTransaction, params: ConfigureParams): Configured {
  const declared = new Set(params.queues.map(({ name }) => name));
  const undeclared = tx.state.allDepths().flatMap(({ name }) => (declared.has(name) ? [] : [name]));
  const queues = limitsThatHold(params, undeclared, (name) => lastDeclaration(tx, name));
  tx.state.configure({ ...params, queues });
  for (const definition of params.queues) keep(tx, definition);
  return { queues, connections: keepConnections(tx, params) };
}

/** Returns those that hold. */
function keepConnections(tx: WriteTransaction, { connections, doubtfulConnections: doubtful }: ConfigureParams): readonly DeclaredConnection[] {
  const { db, state } = tx;
  const kept = new Map(db.sql('SELECT name, limits FROM connections').all().map(({ name, limits }) => [String(name), limits as string | null]));
  for (const { name, limits } of limitsToKeep({ connections, doubtful }, kept)) db.sql('INSERT INTO connections (name, limits) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET limits = ?2').run(name, limits);
  return state.loadConnections();
}

function forgetLimits(tx: WriteTransaction, { queue, onlyEmpty = false }: { readonly queue: string; readonly onlyEmpty?: boolean }): { readonly forgotten: boolean } {
  const { pending, delayed, active, dead } = tx.state.depthOf(tx.state.queueId(queue));
  if (onlyEmpty && pending + delayed + active + dead > 0) return { forgotten: false };
  const defaults = { name: queue };
  tx.state.setQueueSettings(defaults);
  keep(tx, defaults);
  return { forgotten: true };
}

function keep(tx: WriteTransaction, queue: QueueDefinition): void {
  const definition = JSON.stringify(queue);
  tx.db.sql('UPDATE queues SET definition = ? WHERE id = ? AND definition IS NOT ?').run(definition, tx.state.queueId(queue.name), definition);
}

function lastDeclaration(tx: WriteTransaction, name: string): QueueDefinition | undefined {
  const id = tx.state.queueId(name);
  const row = tx.db.sql('SELECT definition FROM queues WHERE id = ?').get(id);
  if (typeof row?.['definition'] === 'string') return JSON.parse(row['definition']) as QueueDefinition;
  // A store of an earlier Sluice, which forgot a declaration that had gone. `default` needs none.
  const definition = name === defaultQueueName ? undefined : fromVersions(tx, name, id);
  if (definition !== undefined) keep(tx, definition);
  return definition;
}

/** What the workflow says with which a run began that still has something in the queue; of those that were looked at, the newest. */
function fromVersions(tx: WriteTransaction, name: string, id: number): QueueDefinition | undefined {
  const steps = new Set([waitingSteps, deadSteps].flatMap((select) => tx.db.sql(select).all(id).map((row) => Number(row['step_id']))));
  const newestFirst = [...steps].sort((a, b) => b - a);
  for (const version of new Set(newestFirst.map((step) => tx.state.stepInfo(step).version))) {
    const found = tx.state.workflow(version).queues[name];
    if (found !== undefined) return found;
  }
  return undefined;
}

function recordSeries(tx: WriteTransaction, { at, anchor, steps }: RecordSeriesParams): void {
  keepAnchor(tx, anchor);
  const add = tx.db.sql(
    `INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET pending = excluded.pending, delayed = excluded.delayed, active = excluded.active, dead = excluded.dead,
       arrivals = arrivals + excluded.arrivals, completions = completions + excluded.completions, failures = failures + excluded.failures,
       waited = waited + excluded.waited, waited_ms = waited_ms + excluded.waited_ms, longest_wait_ms = max(longest_wait_ms, excluded.longest_wait_ms),
       ran = ran + excluded.ran, ran_ms = ran_ms + excluded.ran_ms, longest_run_ms = max(longest_run_ms, excluded.longest_run_ms)`,
  );
  // All but the last row before the horizon: it has the depths at the horizon.
  const forget = tx.db.sql(
    `DELETE FROM series WHERE step_ms = ?1 AND queue_id = ?2
     AND at < (SELECT max(at) FROM series WHERE step_ms = ?1 AND queue_id = ?2 AND at <= ?3)`,
  );
  for (const { stepMs, keepMs } of Object.values(seriesResolutions)) {
    for (const { queue, depth, arrivals, completions, failures, waiting, running } of steps) {
      const queueId = tx.state.queueId(queue);
      add.run(
        stepMs,
        queueId,
        Math.floor(at / stepMs) * stepMs,
        depth.pending,
        depth.delayed,
        depth.active,
        depth.dead,
        arrivals,
        completions,
        failures,
        waiting.count,
        waiting.totalMs,
        waiting.maxMs,
        running.count,
        running.totalMs,
        running.maxMs,
      );
      forget.run(stepMs, queueId, at - keepMs);
    }
  }
}

function pruneOldDeliveries({ db }: WriteTransaction, params: PruneDeliveriesParams): { readonly more: boolean } {
  return pruneDeliveries(db, params);
}

function saveAlerts({ db }: WriteTransaction, { alerts }: { readonly alerts: readonly AlertChange[] }): object {
  for (const { queue, kind, raised } of alerts) {
    if (raised === undefined) db.sql('DELETE FROM alerts WHERE queue = ? AND kind = ?').run(queue, kind);
    else db.sql('INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?)').run(queue, kind, raised.severity, raised.since, raised.peak, raised.peakAt);
  }
  return {};
}

function keepAlertBook({ db }: WriteTransaction, { name, version, content }: KeepAlertBookParams): { readonly kept: boolean } {
  const found = db.sql('SELECT version FROM alert_books WHERE name = ?').get(name)?.['version'] ?? 0;
  if (Number(found) !== version) return { kept: false };
  if (content === undefined) db.sql('DELETE FROM alert_books WHERE name = ?').run(name);
  else db.sql('INSERT OR REPLACE INTO alert_books (name, version, content) VALUES (?, ?, ?)').run(name, version + 1, content);
  return { kept: true };
}

function shiftWaits({ db, state }: WriteTransaction, { byMs, anchor }: { readonly byMs: number; readonly anchor: ClockAnchor }): void {
  // Pending ones too: their due time is their place in the order, and their age.
  db.sql("UPDATE jobs SET due_at = due_at + ? WHERE state IN ('delayed', 'pending', 'active') OR (state = 'waiting' AND due_at < ?)").run(byMs, never);
  db.sql('UPDATE queues SET held_until = held_until + ? WHERE held_until IS NOT NULL').run(byMs);
  db.sql('UPDATE bulks SET last_due_at = last_due_at + ? WHERE ended_at IS NULL').run(byMs);
  db.sql('UPDATE OR REPLACE rate_starts SET at = at + ?').run(byMs);
  db.sql('UPDATE OR REPLACE connection_starts SET at = at + ?1, counted_at = counted_at + ?1').run(byMs);
  keepAnchor({ db }, anchor);
  state.nextDueChanged();
}

/** Moves what waits if the wall clock was set since the store was last written, as far as that can be told. Returns by how much, in milliseconds. */
export function shiftAfterRest(tx: WriteTransaction, anchor: ClockAnchor): number {
  const kept = tx.db.sql("SELECT value FROM meta WHERE key = 'clock_anchor'").get()?.['value'];
  const byMs = kept === undefined ? 0 : shiftBetween(JSON.parse(String(kept)) as ClockAnchor, anchor);
  if (byMs === 0) keepAnchor(tx, anchor);
  else shiftWaits(tx, { byMs, anchor });
  return byMs;
}

/** What waits in the store goes by the wall clock of this reading; see `shiftAfterRest`. */
function keepAnchor({ db }: Pick<WriteTransaction, 'db'>, anchor: ClockAnchor): void {
  db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('clock_anchor', ?)").run(JSON.stringify(anchor));
}

/** Large enough that it can't hide in a page that has room: a disk that is full refuses it. */
const bytes = 8192;

function probe(tx: WriteTransaction, { now }: { readonly now: number }): void {
  tx.db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', ?)").run(String(now).padEnd(bytes, ' '));
}

function reclaim(tx: WriteTransaction, { pages }: { readonly pages: number }): FileSpace {
  if (pages > 0) reclaimPages(tx.db.raw, pages);
  return fileSpace(tx.db.raw);
}

function leaseConnectionToken(tx: WriteTransaction, params: LeaseTokenParams): TokenLease {
  return decidedToken(tx, leaseToken(tokenRow(tx, params), params, soleDaemon));
}

function keepConnectionToken(tx: WriteTransaction, params: KeepTokenParams): TokenKept {
  return decidedToken(tx, keepToken(tokenRow(tx, params), params, soleDaemon));
}

function tokenRow({ db }: WriteTransaction, { connection }: Pick<TokenRow, 'connection'>): TokenRow | undefined {
  return db.sql('SELECT connection, version, sealed, leased_by, leased_until FROM connection_tokens WHERE connection = ?').get(connection) as TokenRow | undefined;
}

function decidedToken<Answer>({ db }: WriteTransaction, { answer, row }: TokenDecision<Answer>): Answer {
  if (row !== undefined) {
    db.sql('INSERT OR REPLACE INTO connection_tokens (connection, version, sealed, leased_by, leased_until) VALUES (?, ?, ?, ?, ?)').run(row.connection, row.version, row.sealed, row.leased_by, row.leased_until);
  }
  return answer;
}
