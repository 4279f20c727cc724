import { statSync } from 'node:fs';
import type { SeriesStep } from '../../../core/queue-series.ts';
import type { Database } from '../database.ts';
import { isMiscounted, isStuck, type JobCounts } from '../../../ledger/pruning.ts';
import { findRun } from './runs.ts';
import { fileSpace } from '../file-space.ts';
import type { AlertBook, JobsAheadParams, SeriesParams, StoreCheck, StoredAlert, StoreSize } from '../../store.ts';

interface SeriesRow {
  readonly at: number;
  readonly pending: number;
  readonly delayed: number;
  readonly active: number;
  readonly dead: number;
  readonly arrivals: number;
  readonly completions: number;
  readonly failures: number;
  readonly waited: number;
  readonly waited_ms: number;
  readonly longest_wait_ms: number;
  readonly ran: number;
  readonly ran_ms: number;
  readonly longest_run_ms: number;
}

export function series(db: Database, { queue, stepMs, from, to }: SeriesParams): readonly SeriesStep[] {
  const queueId = db.sql('SELECT id FROM queues WHERE name = ?').get(queue)?.['id'] ?? null;
  const rows = db
    .sql(
      `SELECT * FROM series WHERE step_ms = ?1 AND queue_id = ?2 AND at < ?4
       AND at >= coalesce((SELECT max(at) FROM series WHERE step_ms = ?1 AND queue_id = ?2 AND at < ?3), ?3) ORDER BY at`,
    )
    .all(stepMs, queueId, from, to) as unknown as readonly SeriesRow[];
  return rows.map((row) => ({
    at: row.at,
    depth: { pending: row.pending, delayed: row.delayed, active: row.active, dead: row.dead },
    arrivals: row.arrivals,
    completions: row.completions,
    failures: row.failures,
    waiting: { count: row.waited, totalMs: row.waited_ms, maxMs: row.longest_wait_ms },
    running: { count: row.ran, totalMs: row.ran_ms, maxMs: row.longest_run_ms },
  }));
}

/** Sound pages, and counts that agree with what they count. Reads everything: seconds for a store of millions of jobs. */
export function check(db: Database): readonly StoreCheck[] {
  const problems = db.raw.prepare('PRAGMA quick_check(5)').all().map((row) => String(row['quick_check']));
  const sound = problems.length === 1 && problems[0] === 'ok';
  const miscounted = counted(db).filter(({ step, jobs }) => isMiscounted(step, jobs)).length;
  const running = db.sql("SELECT id FROM runs WHERE state = 'running' OR on_failure_state = 'running'").all();
  const stuck = running.flatMap((row) => findRun(db, Number(row['id'])) ?? []).filter(isStuck).length;
  return [
    { name: 'integrity', ok: sound, detail: sound ? 'every page is sound' : problems.join('; ') },
    { name: 'counts', ok: miscounted === 0, detail: miscounted === 0 ? 'steps count their jobs right' : `${miscounted} steps count their jobs wrong` },
    { name: 'progress', ok: stuck === 0, detail: stuck === 0 ? 'no run is stuck' : `${stuck} runs have nothing that moves them` },
  ];
}

/** The counts of each step, and those of its jobs. */
function counted(db: Database): readonly { readonly step: JobCounts; readonly jobs: JobCounts }[] {
  const none = { total: 0, succeeded: 0, dead: 0, cancelled: 0, discarded: 0 };
  const counts = db
    .sql(
      `SELECT step_id, count(*) AS total, sum(state = 'succeeded') AS succeeded, sum(state = 'dead') AS dead, sum(state = 'cancelled') AS cancelled,
         sum(state = 'discarded') AS discarded FROM jobs GROUP BY step_id`,
    )
    .all() as unknown as (JobCounts & { readonly step_id: number })[];
  const jobs = new Map(counts.map((row) => [row.step_id, row]));
  const steps = db.sql('SELECT id, total, succeeded, dead, cancelled, discarded FROM steps').all() as unknown as (JobCounts & { readonly id: number })[];
  return steps.map((step) => ({ step, jobs: jobs.get(step.id) ?? none }));
}

export function size(db: Database, file: string): StoreSize {
  const bytes = [file, `${file}-wal`].reduce((sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0), 0);
  return { bytes, freeBytes: fileSpace(db.raw).freeBytes };
}

export function listAlertBooks(db: Database): readonly AlertBook[] {
  return db.sql('SELECT name, version, content FROM alert_books ORDER BY name').all().map((row) => ({ ...row }) as unknown as AlertBook);
}

export function listAlerts(db: Database): readonly StoredAlert[] {
  return db.sql('SELECT queue, kind, severity, since, peak, peak_at AS peakAt FROM alerts').all().map((row) => ({ ...row }) as unknown as StoredAlert);
}

/** By due time within each priority, so as many lookups as there are queues and priorities, whatever their depth. */
export function oldestPending(db: Database): Readonly<Record<string, number>> {
  const oldest: Record<string, number> = {};
  const first = db.sql("SELECT due_at FROM jobs WHERE state = 'pending' AND queue_id = ? AND priority = ? ORDER BY due_at, id LIMIT 1");
  for (const { id, name } of db.sql('SELECT id, name FROM queues').all()) {
    for (let priority = 0; priority <= 9; priority++) {
      const row = first.get(id ?? null, priority);
      if (row === undefined) continue;
      oldest[String(name)] = Math.min(oldest[String(name)] ?? Infinity, Number(row['due_at']));
    }
  }
  return oldest;
}

/** In the order in which a claim takes them. */
export function jobsAhead(db: Database, { jobId, most }: JobsAheadParams): { readonly ahead: number } {
  const job = db.sql("SELECT queue_id, priority, due_at FROM jobs WHERE id = ? AND state = 'pending'").get(jobId);
  if (job === undefined) return { ahead: 0 };
  const [queue, priority, dueAt] = [Number(job['queue_id']), Number(job['priority']), Number(job['due_at'])];
  const count = (where: string, values: readonly number[], limit: number): number =>
    Number(db.sql(`SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE state = 'pending' AND queue_id = ? AND ${where} LIMIT ?)`).get(queue, ...values, limit)?.['n']);
  const higher = count('priority > ?', [priority], most);
  return { ahead: higher + (higher >= most ? 0 : count('priority = ? AND (due_at, id) < (?, ?)', [priority, dueAt, jobId], most - higher)) };
}
