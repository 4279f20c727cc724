import type { DeadGroup } from '../../../../schemas/protocol/dead-group.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { DeadGroupsParams } from '../../store.ts';
import type { Database } from '../database.ts';
import { iso } from './view.ts';

interface GroupRow {
  readonly queue: string;
  readonly cause: string;
  readonly count: number;
  readonly newest_at: number;
  readonly oldest_at: number;
  /** The job of `newest_at`: SQLite takes a bare column from the row that has the maximum. */
  readonly id: number;
}

/** Counted from an index that holds dead letters alone, with their causes: no job and no error is read. */
export function deadGroups(db: Database, { queue, limit }: DeadGroupsParams): { readonly groups: DeadGroup[]; readonly others: number } {
  const rows = db
    .sql(
      `SELECT g.*, q.name AS queue FROM (
         SELECT j.queue_id, j.error ->> '$.cause' AS cause, count(*) AS count, min(j.ended_at) AS oldest_at, max(j.ended_at) AS newest_at, j.id
         FROM jobs j INDEXED BY jobs_dead_cause
         WHERE j.state = 'dead' ${queue === undefined ? '' : 'AND j.queue_id = (SELECT id FROM queues WHERE name = ?)'}
         GROUP BY j.queue_id, j.error ->> '$.cause') g
       JOIN queues q ON q.id = g.queue_id
       ORDER BY g.newest_at DESC, g.id DESC`,
    )
    .all(...(queue === undefined ? [] : [queue])) as unknown as GroupRow[];
  return {
    groups: rows.slice(0, limit).map((row) => ({
      queue: row.queue,
      cause: row.cause,
      count: row.count,
      newestAt: iso(row.newest_at),
      newest: formatJobId(row.id),
      oldestAt: iso(row.oldest_at),
    })),
    others: rows.slice(limit).reduce((sum, { count }) => sum + count, 0),
  };
}
