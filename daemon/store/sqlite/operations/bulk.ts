import { formatBulkId } from '../../../../schemas/protocol/bulk.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { Call, ReplayResult } from '../../../ledger/call.ts';
import { isCancelling } from '../../../ledger/cancelling.ts';
import type { BulkAdvance, BulkRate, PrepareBulkParams } from '../../bulk-store.ts';
import { bulkRow, type BulkRow } from '../queries/bulk.ts';
import type { WriteTransaction } from '../write-transaction.ts';

interface BulkJobRow {
  readonly job_id: number;
  readonly state: string | null;
  readonly step_id: number | null;
}

export function prepareBulk(tx: WriteTransaction, { bulkId, request, jobIds, last, now }: PrepareBulkParams): { readonly bulkId: number } {
  const { action, canary, rate, originals, reason } = request;
  const id =
    bulkId ??
    Number(
      tx.db
        .sql('INSERT INTO bulks (action, state, started_at, hold_after, rate, spacing_ms, originals, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(action, 'preparing', now, canary ?? null, rate?.text ?? null, rate?.spacingMs ?? 0, originals === true ? 1 : 0, reason ?? null).lastInsertRowid,
    );
  const insert = tx.db.sql('INSERT OR IGNORE INTO bulk_jobs (bulk_id, job_id) VALUES (?, ?)');
  let added = 0;
  for (const jobId of jobIds) added += Number(insert.run(id, jobId).changes);
  tx.db.sql('UPDATE bulks SET total = total + ? WHERE id = ?').run(added, id);
  if (last) tx.db.sql("UPDATE bulks SET state = CASE total WHEN 0 THEN 'done' ELSE 'running' END, ended_at = CASE total WHEN 0 THEN ? END WHERE id = ?").run(now, id);
  return { bulkId: id };
}

/** One that has moved by itself, or by somebody else, since it was selected is left out, and counted. */
export function advanceBulk(tx: WriteTransaction, { bulkId, limit, now }: { readonly bulkId: number; readonly limit: number; readonly now: number }): BulkAdvance {
  const bulk = openBulk(tx, bulkId);
  switch (bulk.state) {
    case 'running':
      return act(tx, bulk, limit, now);
    case 'taking-back':
      return takeBack(tx, bulk, limit, now);
    default:
      return { more: false, active: [] };
  }
}

export function continueBulk(tx: WriteTransaction, { bulkId, rate }: { readonly bulkId: number; readonly rate?: BulkRate }): object {
  const { state } = openBulk(tx, bulkId);
  if (state !== 'held') throw new CodedError('wrong-state', `${formatBulkId(bulkId)} is not held; it is ${state}.`);
  tx.db.sql("UPDATE bulks SET state = 'running', hold_after = NULL WHERE id = ?").run(bulkId);
  // Its own clock: those that were tried first were due long ago.
  if (rate !== undefined) tx.db.sql('UPDATE bulks SET rate = ?, spacing_ms = ?, last_due_at = NULL WHERE id = ?').run(rate.text, rate.spacingMs, bulkId);
  return {};
}

export function endBulk(tx: WriteTransaction, params: { readonly bulkId: number; readonly now: number; readonly takeBack?: boolean; readonly problem?: string }): object {
  const { bulkId, now, problem } = params;
  const { state, action } = openBulk(tx, bulkId);
  const takesBack = params.takeBack === true && action === 'replay' && state !== 'preparing';
  if (!takesBack && state !== 'running' && state !== 'held' && state !== 'taking-back') throw new CodedError('wrong-state', `${formatBulkId(bulkId)} has ended already: it is ${state}.`);
  if (problem !== undefined) tx.db.sql("UPDATE bulks SET state = 'failed', ended_at = ?, problem = ? WHERE id = ?").run(now, problem, bulkId);
  else if (takesBack) tx.db.sql("UPDATE bulks SET state = 'taking-back', cursor = 0, ended_at = NULL WHERE id = ?").run(bulkId);
  else tx.db.sql("UPDATE bulks SET state = 'cancelled', ended_at = ? WHERE id = ?").run(now, bulkId);
  return {};
}

export function forgetBulks(tx: WriteTransaction, { endedBefore, unprepared, limit }: { readonly endedBefore: number; readonly unprepared: boolean; readonly limit: number }): { readonly more: boolean } {
  const old = tx.db.sql(`SELECT id FROM bulks WHERE ended_at < ? OR (state = 'preparing' AND ?) ORDER BY id LIMIT 1`).get(endedBefore, unprepared ? 1 : 0)?.['id'];
  if (typeof old !== 'number') return { more: false };
  const deleted = tx.db.sql('DELETE FROM bulk_jobs WHERE bulk_id = ?1 AND job_id IN (SELECT job_id FROM bulk_jobs WHERE bulk_id = ?1 LIMIT ?2)').run(old, limit).changes;
  if (Number(deleted) < limit) tx.db.sql('DELETE FROM bulks WHERE id = ?').run(old);
  return { more: true };
}

function act(tx: WriteTransaction, bulk: BulkRow, limit: number, now: number): BulkAdvance {
  const untilHeld = bulk.hold_after === null ? limit : bulk.hold_after - bulk.done - bulk.skipped;
  const jobs = tx.db
    .sql('SELECT b.job_id, j.state, j.step_id FROM bulk_jobs b LEFT JOIN jobs j ON j.id = b.job_id WHERE b.bulk_id = ? AND b.job_id > ? ORDER BY b.job_id LIMIT ?')
    .all(bulk.id, bulk.cursor, Math.min(limit, untilHeld)) as unknown as BulkJobRow[];
  const meant = jobs.filter((job) => isMeant(tx, bulk.action, job)).map((job) => job.job_id);
  const { edited = 0, active = [] } = meant.length === 0 ? {} : move(tx, bulk, meant, now);
  const mark = tx.db.sql('UPDATE bulk_jobs SET round = (SELECT j.round FROM jobs j WHERE j.id = bulk_jobs.job_id) WHERE bulk_id = ? AND job_id = ?');
  for (const jobId of meant) mark.run(bulk.id, jobId);
  const done = bulk.done + meant.length;
  const skipped = bulk.skipped + jobs.length - meant.length;
  const isOver = done + skipped >= bulk.total || jobs.length === 0;
  const isHeld = !isOver && bulk.hold_after !== null && done + skipped >= bulk.hold_after;
  tx.db
    .sql('UPDATE bulks SET state = ?, done = ?, skipped = ?, edited = edited + ?, cursor = ?, ended_at = ? WHERE id = ?')
    .run(isOver ? 'done' : isHeld ? 'held' : 'running', done, skipped, edited, jobs.at(-1)?.job_id ?? bulk.cursor, isOver ? now : null, bulk.id);
  return { more: !isOver && !isHeld, active };
}

function isMeant(tx: WriteTransaction, action: BulkRow['action'], { state, step_id }: BulkJobRow): boolean {
  if (step_id === null) return false;
  if (action === 'cancel') return state === 'pending' || state === 'delayed' || state === 'active';
  return state === 'dead' && (action === 'discard' || !isCancelling(tx.state.sweeps.get(step_id)?.kind));
}

function move(tx: WriteTransaction, bulk: BulkRow, jobIds: readonly number[], now: number): { readonly edited?: number; readonly active?: readonly number[] } {
  switch (bulk.action) {
    case 'discard':
      perform(tx, [{ name: 'discard', params: { jobIds, now, ...(bulk.reason === null ? {} : { reason: bulk.reason }) } }], now);
      return {};
    case 'cancel': {
      const cancelled = perform(tx, jobIds.map((jobId) => ({ name: 'cancelJob', params: { jobId, now } })), now) as { readonly active: boolean }[];
      return { active: jobIds.filter((_, index) => cancelled[index]?.active === true) };
    }
    case 'replay': {
      const [replayed] = perform(tx, [{ name: 'replay', params: { jobIds, now, originals: bulk.originals === 1, ...paced(tx, bulk, jobIds.length, now) } }], now) as ReplayResult[];
      return replayed === undefined ? {} : { edited: replayed.edited };
    }
  }
}

/**
 * Those of one bulk keep their distances, however many chunks and restarts of the daemon it takes. What waits may have been moved as a whole since,
 * see `keepPace`: the next ones follow the last of it.
 */
function paced(tx: WriteTransaction, { id, spacing_ms: spacingMs, last_due_at: lastDueAt }: BulkRow, count: number, now: number): { readonly pace?: number; readonly dueAts?: readonly number[] } {
  if (spacingMs === 0) return {};
  // What is late is moved first, so that the next ones don't come at the same time.
  perform(tx, [{ name: 'promote', params: { now } }], now);
  // Times are what other replays are known by.
  const pace = -id;
  const waiting = tx.db.sql('SELECT max(due_at) AS due_at FROM jobs INDEXED BY jobs_paced WHERE pace = ?').get(pace)?.['due_at'];
  const last = Math.max(lastDueAt ?? -Infinity, typeof waiting === 'number' ? waiting : -Infinity);
  const first = Math.max(now, last + spacingMs);
  const dueAts = Array.from({ length: count }, (_, index) => first + index * spacingMs);
  tx.db.sql('UPDATE bulks SET last_due_at = ? WHERE id = ?').run(dueAts.at(-1) ?? first, id);
  return { pace, dueAts };
}

/** One that was replayed again since is another replay's. */
const recallable = `
  SELECT 1 FROM jobs j WHERE j.id = ? AND j.round = ? AND j.round > 1 AND j.state IN ('pending', 'delayed')
  AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.round = j.round)`;

function takeBack(tx: WriteTransaction, { id, cursor }: BulkRow, limit: number, now: number): BulkAdvance {
  const moved = tx.db.sql('SELECT job_id, round FROM bulk_jobs WHERE bulk_id = ? AND round IS NOT NULL AND job_id > ? ORDER BY job_id LIMIT ?').all(id, cursor, limit) as unknown as { readonly job_id: number; readonly round: number }[];
  const jobIds = moved.filter((job) => tx.db.sql(recallable).get(job.job_id, job.round) !== undefined).map((job) => job.job_id);
  perform(tx, [{ name: 'recall', params: { jobIds, now } }], now);
  const isOver = moved.length < limit;
  tx.db
    .sql('UPDATE bulks SET state = ?, taken_back = taken_back + ?, cursor = ?, ended_at = ? WHERE id = ?')
    .run(isOver ? 'cancelled' : 'taking-back', jobIds.length, moved.at(-1)?.job_id ?? cursor, isOver ? now : null, id);
  return { more: !isOver, active: [] };
}

/** What the ledger decides. The jobs were looked at before, so that it refuses none of them. */
function perform(tx: WriteTransaction, calls: readonly Call[], now: number): readonly unknown[] {
  return tx.perform(calls, now).map((answer) => {
    if (answer.ok) return answer.value;
    throw answer.error;
  });
}

function openBulk(tx: WriteTransaction, bulkId: number): BulkRow {
  const bulk = bulkRow(tx.db, bulkId);
  if (bulk === undefined) throw new CodedError('not-found', `There is no bulk work ${formatBulkId(bulkId)}.`);
  return bulk;
}
