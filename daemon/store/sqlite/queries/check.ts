import { statSync } from 'node:fs';
import type { StoreCheck, StoreSize } from '../../store.ts';
import type { Database } from '../database.ts';
import { fileSpace } from '../file-space.ts';

/** Sound pages, and counts that agree with what they count. Reads everything: seconds for a store of millions of jobs. */
export function check(db: Database): readonly StoreCheck[] {
  const problems = db.raw.prepare('PRAGMA quick_check(5)').all().map((row) => String(row['quick_check']));
  const sound = problems.length === 1 && problems[0] === 'ok';
  const miscounted = Number(
    db
      .sql(
        `SELECT count(*) AS n FROM steps s LEFT JOIN (
           SELECT step_id, count(*) AS total, sum(state = 'succeeded') AS succeeded, sum(state = 'dead') AS dead,
             sum(state = 'cancelled') AS cancelled, sum(state = 'discarded') AS discarded
           FROM jobs GROUP BY step_id
         ) j ON j.step_id = s.id
         WHERE (s.total, s.succeeded, s.dead, s.cancelled, s.discarded) IS NOT
           (ifnull(j.total, 0), ifnull(j.succeeded, 0), ifnull(j.dead, 0), ifnull(j.cancelled, 0), ifnull(j.discarded, 0))`,
      )
      .get()?.['n'],
  );
  // A run that runs has something that will move it: a job, a fan-out, or a cascade.
  const stuck = Number(
    db
      .sql(
        `SELECT count(*) AS n FROM runs r WHERE (r.state = 'running' OR r.on_failure_state = 'running') AND NOT EXISTS (
           SELECT 1 FROM steps s WHERE s.run_id = r.id AND s.state = 'running' AND (
             s.expanded = 0 OR s.cascade IS NOT NULL OR s.total > s.succeeded + s.dead + s.cancelled + s.discarded))`,
      )
      .get()?.['n'],
  );
  return [
    { name: 'integrity', ok: sound, detail: sound ? 'every page is sound' : problems.join('; ') },
    { name: 'counts', ok: miscounted === 0, detail: miscounted === 0 ? 'steps count their jobs right' : `${miscounted} steps count their jobs wrong` },
    { name: 'progress', ok: stuck === 0, detail: stuck === 0 ? 'no run is stuck' : `${stuck} runs have nothing that moves them` },
  ];
}

export function size(db: Database, file: string): StoreSize {
  const bytes = [file, `${file}-wal`].reduce((sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0), 0);
  return { bytes, freeBytes: fileSpace(db.raw).freeBytes };
}
