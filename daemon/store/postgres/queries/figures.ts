import type { SeriesStep } from '../../../core/queue-series.ts';
import { isMiscounted, isStuck, type JobCounts } from '../../../ledger/pruning.ts';
import type { AlertBook, JobsAheadParams, SeriesParams, StoreCheck, StoredAlert, StoreSize } from '../../store.ts';
import { runsWithSteps } from '../facts/run-facts.ts';
import type { Row } from '../session.ts';
import type { Transaction } from '../transaction.ts';

/** Runs that are looked at together. */
const runsTogether = 500;

export async function series(tx: Transaction, { queue, stepMs, from, to }: SeriesParams): Promise<readonly SeriesStep[]> {
  const rows = await tx.rows(
    `SELECT s.* FROM series s JOIN queues q ON q.id = s.queue_id WHERE s.step_ms = $1 AND q.name = $2 AND s.at < $4
     AND s.at >= coalesce((SELECT max(b.at) FROM series b WHERE b.step_ms = $1 AND b.queue_id = q.id AND b.at < $3), $3) ORDER BY s.at`,
    [stepMs, queue, from, to],
  );
  return rows.map((row) => {
    const number = (name: string): number => Number(row[name]);
    return {
      at: number('at'),
      depth: { pending: number('pending'), delayed: number('delayed'), active: number('active'), dead: number('dead') },
      arrivals: number('arrivals'),
      completions: number('completions'),
      failures: number('failures'),
      waiting: { count: number('waited'), totalMs: number('waited_ms'), maxMs: number('longest_wait_ms') },
      running: { count: number('ran'), totalMs: number('ran_ms'), maxMs: number('longest_run_ms') },
    };
  });
}

export async function listAlertBooks(tx: Transaction): Promise<readonly AlertBook[]> {
  return (await tx.rows('SELECT name, version, content FROM alert_books ORDER BY name COLLATE "C"')).map((row) => ({ ...row }) as unknown as AlertBook);
}

export async function listAlerts(tx: Transaction): Promise<readonly StoredAlert[]> {
  return (await tx.rows('SELECT queue, kind, severity, since, peak, peak_at AS "peakAt" FROM alerts ORDER BY queue COLLATE "C", kind COLLATE "C"')).map((row) => ({ ...row }) as unknown as StoredAlert);
}

/** By due time within each priority, so as many lookups as there are queues and priorities, whatever their depth. */
export async function oldestPending(tx: Transaction): Promise<Readonly<Record<string, number>>> {
  const rows = await tx.values(
    `SELECT q.name, min(o.due_at) FROM queues q CROSS JOIN generate_series(0, 9) AS p (priority)
     CROSS JOIN LATERAL (SELECT j.due_at FROM jobs j WHERE j.state = 'pending' AND j.queue_id = q.id AND j.priority = p.priority ORDER BY j.due_at, j.id LIMIT 1) o GROUP BY q.name`,
  );
  return Object.fromEntries(rows.map(([name, dueAt]) => [String(name), Number(dueAt)]));
}

/** In the order in which a claim takes them. */
export async function jobsAhead(tx: Transaction, { jobId, most }: JobsAheadParams): Promise<{ readonly ahead: number }> {
  const row = await tx.one(
    `SELECT (SELECT count(*) FROM (
       (SELECT 1 FROM jobs h WHERE h.state = 'pending' AND h.queue_id = j.queue_id AND h.priority > j.priority LIMIT $2)
       UNION ALL (SELECT 1 FROM jobs s WHERE s.state = 'pending' AND s.queue_id = j.queue_id AND s.priority = j.priority AND (s.due_at, s.id) < (j.due_at, j.id) LIMIT $2)
     ) AS before) AS n FROM jobs j WHERE j.id = $1 AND j.state = 'pending'`,
    [jobId, most],
  );
  return { ahead: Math.min(most, Number(row?.['n'] ?? 0)) };
}

/** Of the project's tables, with their indexes. What is free in them is the server's business. */
export async function sizeOf(tx: Transaction): Promise<StoreSize> {
  const row = await tx.one("SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'");
  return { bytes: Number(row?.['bytes']), freeBytes: 0 };
}

/** Counts that agree with what they count. Reads everything: seconds for a store of millions of jobs. */
export async function check(tx: Transaction): Promise<readonly StoreCheck[]> {
  const states = ['succeeded', 'dead', 'cancelled', 'discarded'] as const;
  const counted = await tx.rows(
    `SELECT s.total, s.succeeded, s.dead, s.cancelled, s.discarded, coalesce(c.total, 0) AS jobs_total, ${states.map((state) => `coalesce(c.${state}, 0) AS jobs_${state}`).join(', ')}
     FROM steps s LEFT JOIN (SELECT step_id, count(*) AS total, ${states.map((state) => `count(*) FILTER (WHERE state = '${state}') AS ${state}`).join(', ')} FROM jobs GROUP BY step_id) c ON c.step_id = s.id`,
  );
  const miscounted = counted.filter((row) => isMiscounted(countsOf(row, ''), countsOf(row, 'jobs_'))).length;
  const depths = await tx.values(
    `SELECT q.id FROM queues q
     LEFT JOIN (SELECT queue_id, sum(pending) AS pending, sum(delayed) AS delayed, sum(active) AS active, sum(dead) AS dead FROM queue_counts GROUP BY queue_id) c ON c.queue_id = q.id
     LEFT JOIN (SELECT queue_id, ${['pending', 'delayed', 'active', 'dead'].map((state) => `count(*) FILTER (WHERE state = '${state}') AS ${state}`).join(', ')} FROM jobs GROUP BY queue_id) j ON j.queue_id = q.id
     WHERE ${['pending', 'delayed', 'active', 'dead'].map((state) => `coalesce(c.${state}, 0) <> coalesce(j.${state}, 0)`).join(' OR ')}`,
  );
  const running = (await tx.values("SELECT id FROM runs WHERE state = 'running' OR on_failure_state = 'running' ORDER BY id")).map(([id]) => Number(id));
  let stuck = 0;
  for (let from = 0; from < running.length; from += runsTogether) stuck += (await runsWithSteps(tx, running.slice(from, from + runsTogether))).filter(isStuck).length;
  return [
    { name: 'counts', ok: miscounted === 0, detail: miscounted === 0 ? 'steps count their jobs right' : `${miscounted} steps count their jobs wrong` },
    { name: 'depths', ok: depths.length === 0, detail: depths.length === 0 ? 'queues count their jobs right' : `${depths.length} queues count their jobs wrong` },
    { name: 'progress', ok: stuck === 0, detail: stuck === 0 ? 'no run is stuck' : `${stuck} runs have nothing that moves them` },
  ];
}

function countsOf(row: Row, prefix: string): JobCounts {
  const count = (name: string): number => Number(row[`${prefix}${name}`]);
  return { total: count('total'), succeeded: count('succeeded'), dead: count('dead'), cancelled: count('cancelled'), discarded: count('discarded') };
}
