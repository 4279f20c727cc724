import type { DeadGroup } from '../../../../schemas/protocol/dead-group.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { DeadGroupsParams } from '../../store.ts';
import type { Database } from '../database.ts';
import { iso } from './view.ts';

interface GroupRow {
  readonly queue_id: number;
  readonly queue: string;
  readonly cause: string;
  readonly count: number;
  readonly newest_at: number;
  readonly oldest_at: number;
}

/**
 * Counted along an index that holds dead letters alone, with their causes: no job and no error is read. `max` of what is the same in all
 * of a group, because SQLite would take the bare expression from the row and not from the index.
 */
export function deadGroups(db: Database, { queue, limit }: DeadGroupsParams): { readonly groups: DeadGroup[]; readonly others: number } {
  const rows = db
    .sql(
      `SELECT g.*, q.name AS queue FROM (
         SELECT j.queue_id, max(j.error ->> '$.cause') AS cause, count(*) AS count, min(j.ended_at) AS oldest_at, max(j.ended_at) AS newest_at
         FROM jobs j INDEXED BY jobs_dead_cause
         WHERE j.state = 'dead' ${queue === undefined ? '' : 'AND j.queue_id = (SELECT id FROM queues WHERE name = ?)'}
         GROUP BY j.queue_id, j.error ->> '$.cause') g
       JOIN queues q ON q.id = g.queue_id
       ORDER BY g.newest_at DESC, q.name, g.cause`,
    )
    .all(...(queue === undefined ? [] : [queue])) as unknown as GroupRow[];
  const newest = db.sql(
    `SELECT id FROM jobs INDEXED BY jobs_dead_cause WHERE state = 'dead' AND queue_id = ? AND error ->> '$.cause' = ? ORDER BY ended_at DESC, id DESC LIMIT 1`,
  );
  return {
    groups: rows.slice(0, limit).flatMap(({ queue_id, queue: name, cause, count, newest_at, oldest_at }) => {
      const id = newest.get(queue_id, cause)?.['id'];
      // All of them have been replayed since they were counted.
      if (id === undefined) return [];
      return [{ queue: name, cause, count, newestAt: iso(newest_at), newest: formatJobId(Number(id)), oldestAt: iso(oldest_at) }];
    }),
    others: rows.slice(limit).reduce((sum, { count }) => sum + count, 0),
  };
}
