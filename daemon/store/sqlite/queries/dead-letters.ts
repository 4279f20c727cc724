import type { Database } from '../database.ts';
import { bulkView, listedBulks } from '../../../ledger/bulk-work.ts';
import type { BulkRow, JobRow } from '../../../ledger/row.ts';
import { type DeadGroupRow, deadGroupView, replayTally as tallied } from '../../../ledger/view.ts';
import type { BulkView, ReplayTally } from '../../../../schemas/protocol/bulk.ts';
import type { DeadGroup } from '../../../../schemas/protocol/job.ts';
import type { DeadGroupsParams, DraftCount } from '../../store.ts';

type GroupRow = Omit<DeadGroupRow, 'newest' | 'edited'> & { readonly queue_id: number };

/** Counted along an index that holds dead letters alone, with their groups: no job and no error is read. */
export function deadGroups(db: Database, { queue, limit }: DeadGroupsParams): { readonly groups: DeadGroup[]; readonly others: number } {
  const rows = db
    .sql(
      `SELECT g.*, q.name AS queue FROM (
         SELECT j.queue_id, j.failure_group, count(*) AS count, min(j.ended_at) AS oldest_at, max(j.ended_at) AS newest_at
         FROM jobs j INDEXED BY jobs_dead_group
         WHERE j.state = 'dead' ${queue === undefined ? '' : 'AND j.queue_id = (SELECT id FROM queues WHERE name = ?)'}
         GROUP BY j.queue_id, j.failure_group) g
       JOIN queues q ON q.id = g.queue_id
       ORDER BY g.newest_at DESC, q.name, g.failure_group`,
    )
    .all(...(queue === undefined ? [] : [queue])) as unknown as GroupRow[];
  const newest = db.sql(`SELECT id FROM jobs INDEXED BY jobs_dead_group WHERE state = 'dead' AND queue_id = ? AND failure_group = ? ORDER BY ended_at DESC, id DESC LIMIT 1`);
  const edited = editedByGroup(db);
  return {
    groups: rows.slice(0, limit).flatMap((row) => {
      const id = newest.get(row.queue_id, row.failure_group)?.['id'];
      // Undefined if all of them have been replayed since they were counted.
      return id === undefined ? [] : [deadGroupView({ ...row, newest: Number(id), edited: edited.get(`${row.queue_id} ${row.failure_group}`) ?? 0 })];
    }),
    others: rows.slice(limit).reduce((sum, { count }) => sum + count, 0),
  };
}

export function deadDrafts(db: Database): Readonly<Record<string, DraftCount>> {
  const rows = db
    .sql(
      `SELECT q.name, count(*) AS count, max(d.saved_at) AS saved_at
       FROM payload_drafts d JOIN jobs j ON j.id = d.job_id AND j.state = 'dead' JOIN queues q ON q.id = j.queue_id GROUP BY q.id`,
    )
    .all();
  return Object.fromEntries(rows.map((row) => [String(row['name']), { count: Number(row['count']), savedAt: Number(row['saved_at']) }]));
}

export function draftedJobs(db: Database): readonly number[] {
  const rows = db.sql("SELECT d.job_id FROM payload_drafts d JOIN jobs j ON j.id = d.job_id AND j.state = 'dead' ORDER BY d.job_id").all();
  return rows.map((row) => Number(row['job_id']));
}

/** Along the drafts, which are as many as people have edited. */
function editedByGroup(db: Database): ReadonlyMap<string, number> {
  const rows = db
    .sql(
      `SELECT j.queue_id, j.failure_group, count(*) AS count
       FROM payload_drafts d JOIN jobs j ON j.id = d.job_id AND j.state = 'dead' GROUP BY j.queue_id, j.failure_group`,
    )
    .all();
  return new Map(rows.map((row) => [`${String(row['queue_id'])} ${String(row['failure_group'])}`, Number(row['count'])]));
}

/** One look at each job by its number; those that are gone are in none of the counts. */
export function replayTally(db: Database, { jobIds }: { readonly jobIds: readonly number[] }): ReplayTally {
  return tallyOf(db, jobIds.map((jobId) => ({ jobId })));
}

/** A job, and the round of a replay that sent it. One whose round is before that was taken back. */
interface SentJob {
  readonly jobId: number;
  readonly round?: number;
}

function tallyOf(db: Database, sent: readonly SentJob[]): ReplayTally {
  const one = db.sql(
    `SELECT j.state, j.due_at, j.ended_at, j.error, j.round, EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.round = j.round) AS tried
     FROM jobs j WHERE j.id = ?`,
  );
  return tallied(
    sent.flatMap(({ jobId, round }) => {
      const job = one.get(jobId) as (JobRow & { readonly tried: 0 | 1 }) | undefined;
      return job === undefined ? [] : [{ ...job, tried: job.tried === 1, ...(round === undefined ? {} : { takenBack: job.round < round }) }];
    }),
  );
}

export function getBulk(db: Database, { bulkId }: { readonly bulkId: number }): BulkView | undefined {
  const row = db.sql('SELECT * FROM bulks WHERE id = ?').get(bulkId) as BulkRow | undefined;
  return row === undefined ? undefined : bulkView(row);
}

export function listBulks(db: Database): readonly BulkView[] {
  const rows = db.sql("SELECT * FROM bulks WHERE state <> 'preparing' AND (ended_at IS NULL OR id > (SELECT max(id) FROM bulks) - ?) ORDER BY id DESC").all(listedBulks);
  return (rows as unknown as BulkRow[]).flatMap((row) => bulkView(row) ?? []);
}

export function bulkTally(db: Database, { bulkId }: { readonly bulkId: number }): ReplayTally {
  const sent = db.sql('SELECT job_id, round FROM bulk_jobs WHERE bulk_id = ? AND round IS NOT NULL ORDER BY job_id').all(bulkId);
  return tallyOf(db, sent.map((row) => ({ jobId: Number(row['job_id']), round: Number(row['round']) })));
}

export function bulkJobs(db: Database, { bulkId, limit }: { readonly bulkId: number; readonly limit: number }): readonly number[] {
  return db.sql('SELECT job_id FROM bulk_jobs WHERE bulk_id = ? AND round IS NOT NULL ORDER BY job_id LIMIT ?').all(bulkId, limit).map((row) => Number(row['job_id']));
}
