import { formatBulkId, type BulkAction, type BulkState, type BulkView } from '../../../../schemas/protocol/bulk.ts';
import type { ReplayTally } from '../../../../schemas/protocol/replay.ts';
import { iso } from '../../../ledger/view.ts';
import type { Database } from '../database.ts';
import { replayTally } from './replay-tally.ts';

export interface BulkRow {
  readonly id: number;
  readonly action: BulkAction;
  /** `preparing`: its jobs are being added, and nobody knows of it yet. */
  readonly state: BulkState | 'preparing';
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly edited: number;
  readonly taken_back: number;
  readonly hold_after: number | null;
  readonly rate: string | null;
  readonly spacing_ms: number;
  readonly last_due_at: number | null;
  readonly originals: 0 | 1;
  readonly reason: string | null;
  readonly problem: string | null;
  /** The last job that it has come to. */
  readonly cursor: number;
}

const listed = 100;

export function bulkRow(db: Database, bulkId: number): BulkRow | undefined {
  return db.sql('SELECT * FROM bulks WHERE id = ?').get(bulkId) as BulkRow | undefined;
}

export function getBulk(db: Database, { bulkId }: { readonly bulkId: number }): BulkView | undefined {
  const row = bulkRow(db, bulkId);
  return row === undefined ? undefined : viewOf(row);
}

export function listBulks(db: Database): readonly BulkView[] {
  return (db.sql("SELECT * FROM bulks WHERE state <> 'preparing' AND (ended_at IS NULL OR id > (SELECT max(id) FROM bulks) - ?) ORDER BY id DESC").all(listed) as unknown as BulkRow[]).flatMap((row) => viewOf(row) ?? []);
}

export function bulkTally(db: Database, { bulkId }: { readonly bulkId: number }): ReplayTally {
  return replayTally(db, { jobIds: bulkJobs(db, { bulkId, limit: -1 }) });
}

export function bulkJobs(db: Database, { bulkId, limit }: { readonly bulkId: number; readonly limit: number }): readonly number[] {
  return db.sql('SELECT job_id FROM bulk_jobs WHERE bulk_id = ? AND round IS NOT NULL ORDER BY job_id LIMIT ?').all(bulkId, limit).map((row) => Number(row['job_id']));
}

function viewOf(row: BulkRow): BulkView | undefined {
  if (row.state === 'preparing') return undefined;
  return {
    id: formatBulkId(row.id),
    action: row.action,
    state: row.state,
    startedAt: iso(row.started_at),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    total: row.total,
    done: row.done,
    skipped: row.skipped,
    edited: row.edited,
    takenBack: row.taken_back,
    ...(row.hold_after === null ? {} : { canary: row.hold_after }),
    ...(row.rate === null ? {} : { rate: row.rate }),
    ...(row.last_due_at === null ? {} : { lastDueAt: iso(row.last_due_at) }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.problem === null ? {} : { problem: row.problem }),
  };
}
