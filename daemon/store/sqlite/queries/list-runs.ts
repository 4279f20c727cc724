import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { RunSummary } from '../../../../schemas/protocol/run.ts';
import type { ListRunsParams } from '../../store.ts';
import type { Database } from '../database.ts';
import { runSummary } from '../../../ledger/view.ts';
import { findRun } from './get-run.ts';

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
