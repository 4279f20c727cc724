import { bulkView, listedBulks } from '../../../ledger/bulk-work.ts';
import type { BulkRow } from '../../../ledger/row.ts';
import { type DeadGroupRow, deadGroupView, type ReplayedRow, replayTally as tallied } from '../../../ledger/view.ts';
import type { BulkView, ReplayTally } from '../../../../schemas/protocol/bulk.ts';
import type { DeadGroup } from '../../../../schemas/protocol/job.ts';
import type { DeadGroupsParams, DraftCount } from '../../store.ts';
import { list, type Value } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { Conditions } from './conditions.ts';

/** Counted along an index that holds dead letters alone, with their groups: no error is read. */
export async function deadGroups(tx: Transaction, { queue, limit }: DeadGroupsParams): Promise<{ readonly groups: DeadGroup[]; readonly others: number }> {
  const where = new Conditions();
  where.add(() => "state = 'dead'");
  if (queue !== undefined) where.add(($) => `queue_id = (SELECT id FROM queues WHERE name = ${$(queue)})`);
  const rows = await tx.rows(
    `SELECT g.*, q.name AS queue,
       (SELECT j.id FROM jobs j WHERE j.state = 'dead' AND j.queue_id = g.queue_id AND j.failure_group = g.failure_group ORDER BY j.ended_at DESC, j.id DESC LIMIT 1) AS newest,
       (SELECT count(*) FROM payload_drafts d JOIN jobs j ON j.id = d.job_id WHERE j.state = 'dead' AND j.queue_id = g.queue_id AND j.failure_group = g.failure_group) AS edited
     FROM (SELECT queue_id, failure_group, count(*) AS count, min(ended_at) AS oldest_at, max(ended_at) AS newest_at FROM jobs ${where.text} GROUP BY queue_id, failure_group) g
     JOIN queues q ON q.id = g.queue_id
     ORDER BY g.newest_at DESC, q.name COLLATE "C", g.failure_group COLLATE "C"`,
    where.values,
  );
  const groups = rows as unknown as readonly DeadGroupRow[];
  return { groups: groups.slice(0, limit).map(deadGroupView), others: groups.slice(limit).reduce((sum, { count }) => sum + count, 0) };
}

export async function deadDrafts(tx: Transaction): Promise<Readonly<Record<string, DraftCount>>> {
  const rows = await tx.values(
    `SELECT q.name, count(*), max(d.saved_at) FROM payload_drafts d JOIN jobs j ON j.id = d.job_id AND j.state = 'dead' JOIN queues q ON q.id = j.queue_id GROUP BY q.id`,
  );
  return Object.fromEntries(rows.map(([name, count, savedAt]) => [String(name), { count: Number(count), savedAt: Number(savedAt) }]));
}

export async function draftedJobs(tx: Transaction): Promise<readonly number[]> {
  return (await tx.values("SELECT d.job_id FROM payload_drafts d JOIN jobs j ON j.id = d.job_id AND j.state = 'dead' ORDER BY d.job_id")).map(([id]) => Number(id));
}

/** Those that are gone are in none of the counts. */
export function replayTally(tx: Transaction, { jobIds }: { readonly jobIds: readonly number[] }): Promise<ReplayTally> {
  return tallyOf(tx, 'SELECT k.job_id, NULL::bigint AS round FROM unnest($1::bigint[]) AS k (job_id)', [list(jobIds)]);
}

/** `sent`: selects jobs, with the round of a replay that sent each. One whose round is before that was taken back. */
async function tallyOf(tx: Transaction, sent: string, values: readonly Value[]): Promise<ReplayTally> {
  const rows = await tx.rows(
    `SELECT j.state, j.due_at, j.ended_at, j.error, EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.round = j.round) AS tried, j.round < sent.round AS taken_back
     FROM (${sent}) sent JOIN jobs j ON j.id = sent.job_id ORDER BY j.id`,
    values,
  );
  return tallied(rows.map(({ taken_back: takenBack, ...row }) => ({ ...(row as unknown as ReplayedRow), ...(typeof takenBack === 'boolean' ? { takenBack } : {}) })));
}

export async function getBulk(tx: Transaction, { bulkId }: { readonly bulkId: number }): Promise<BulkView | undefined> {
  const row = (await tx.one('SELECT * FROM bulks WHERE id = $1', [bulkId])) as BulkRow | undefined;
  return row === undefined ? undefined : bulkView(row);
}

export async function listBulks(tx: Transaction): Promise<readonly BulkView[]> {
  const rows = await tx.rows("SELECT * FROM bulks WHERE state <> 'preparing' AND (ended_at IS NULL OR id > (SELECT max(id) FROM bulks) - $1) ORDER BY id DESC", [listedBulks]);
  return (rows as unknown as readonly BulkRow[]).flatMap((row) => bulkView(row) ?? []);
}

export function bulkTally(tx: Transaction, { bulkId }: { readonly bulkId: number }): Promise<ReplayTally> {
  return tallyOf(tx, 'SELECT job_id, round FROM bulk_jobs WHERE bulk_id = $1 AND round IS NOT NULL', [bulkId]);
}

export async function bulkJobs(tx: Transaction, { bulkId, limit }: { readonly bulkId: number; readonly limit: number }): Promise<readonly number[]> {
  return (await tx.values('SELECT job_id FROM bulk_jobs WHERE bulk_id = $1 AND round IS NOT NULL ORDER BY job_id LIMIT $2', [bulkId, limit])).map(([id]) => Number(id));
}
