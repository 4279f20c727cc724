import type { SeriesStep } from '../../../core/queue-step.ts';
import type { SeriesParams } from '../../store.ts';
import type { Database } from '../database.ts';

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
