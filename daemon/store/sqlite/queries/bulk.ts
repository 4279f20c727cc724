import type { BulkView } from '../../../../schemas/protocol/bulk.ts';
import type { ReplayTally } from '../../../../schemas/protocol/replay.ts';
import { bulkView, listedBulks } from '../../../ledger/bulk-work.ts';
import type { BulkRow } from '../../../ledger/row.ts';
import type { Database } from '../database.ts';
import { replayTally } from './replay-tally.ts';

export function getBulk(db: Database, { bulkId }: { readonly bulkId: number }): BulkView | undefined {
  const row = db.sql('SELECT * FROM bulks WHERE id = ?').get(bulkId) as BulkRow | undefined;
  return row === undefined ? undefined : bulkView(row);
}

export function listBulks(db: Database): readonly BulkView[] {
  const rows = db.sql("SELECT * FROM bulks WHERE state <> 'preparing' AND (ended_at IS NULL OR id > (SELECT max(id) FROM bulks) - ?) ORDER BY id DESC").all(listedBulks);
  return (rows as unknown as BulkRow[]).flatMap((row) => bulkView(row) ?? []);
}

export function bulkTally(db: Database, { bulkId }: { readonly bulkId: number }): ReplayTally {
  return replayTally(db, { jobIds: bulkJobs(db, { bulkId, limit: -1 }) });
}

export function bulkJobs(db: Database, { bulkId, limit }: { readonly bulkId: number; readonly limit: number }): readonly number[] {
  return db.sql('SELECT job_id FROM bulk_jobs WHERE bulk_id = ? AND round IS NOT NULL ORDER BY job_id LIMIT ?').all(bulkId, limit).map((row) => Number(row['job_id']));
}
