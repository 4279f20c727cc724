import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { RunSummary } from '../../../../schemas/protocol/run.ts';
import type { ListRunsParams } from '../../store.ts';
import type { Database } from '../database.ts';
import { runSummary, type RunViewRow } from './view.ts';

/** Newest first. */
export function listRuns(db: Database, params: ListRunsParams): { readonly runs: RunSummary[]; readonly next?: string } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  if (params.workflow !== undefined) {
    conditions.push('workflow = ?');
    values.push(params.workflow);
  }
  if (params.state !== undefined) {
    conditions.push('state = ?');
    values.push(params.state);
  }
  if (params.cursor !== undefined) {
    if (!/^\d{1,15}$/.test(params.cursor)) throw new CodedError('invalid-params', '`cursor` must be `next` of an earlier page of the same list.');
    conditions.push('id < ?');
    values.push(Number(params.cursor));
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const ids = db.sql(`SELECT id FROM runs ${where} ORDER BY id DESC LIMIT ?`).all(...values, params.limit + 1);
  const page = ids.slice(0, params.limit).map((row) => Number(row['id']));
  const runs = page.flatMap((id) => findRun(db, id) ?? []);
  const last = page.at(-1);
  return { runs: runs.map(runSummary), ...(ids.length > params.limit && last !== undefined ? { next: String(last) } : {}) };
}

export function findRun(db: Database, id: number): RunViewRow | undefined {
  const row = db
    .sql(
      `SELECT r.id, r.workflow, r.version, r.state, r.created_at, r.ended_at, r.cancelling, r.closing, r.failed_before, r.error,
         sum(s.total) AS total, sum(s.succeeded) AS succeeded, sum(s.dead) AS dead, sum(s.cancelled) AS cancelled, sum(s.discarded) AS discarded,
         sum(s.duplicates) AS duplicates, sum(s.warnings) AS warnings,
         max(CASE WHEN s.state = 'running' AND s.expanded = 0 AND s.total >= s.item_limit THEN s.item_limit END) AS held_after
       FROM runs r JOIN steps s ON s.run_id = r.id WHERE r.id = ? GROUP BY r.id`,
    )
    .get(id);
  return row as RunViewRow | undefined;
}
