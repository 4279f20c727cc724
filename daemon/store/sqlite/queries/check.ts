import { statSync } from 'node:fs';
import { isMiscounted, isStuck, type JobCounts } from '../../../ledger/run-standing.ts';
import type { StoreCheck, StoreSize } from '../../store.ts';
import type { Database } from '../database.ts';
import { fileSpace } from '../file-space.ts';
import { findRun } from './get-run.ts';

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
