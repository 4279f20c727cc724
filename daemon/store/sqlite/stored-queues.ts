import { keptQueueOf, ordersOf, type QueueOrders } from '../../ledger/queue-orders.ts';
import type { QueueRow } from '../../ledger/row.ts';
import type { QueueChange, StoredQueue } from '../store.ts';
import type { Database } from './database.ts';
import type { WriterState } from './writer-state.ts';

/** What the store keeps of queues: how they were set and declared, and the starts that their rates have to continue with. */
export function storedQueues(db: Database, now: number): StoredQueue[] {
  return db
    .sql('SELECT * FROM queues')
    .all()
    .map((row) => {
      const starts = db
        .sql(
          `SELECT r.at, coalesce(a.ended_at, ?) AS ended_at, coalesce(a.state, 'interrupted') AS state
           FROM rate_starts r LEFT JOIN attempts a ON a.job_id = r.job_id AND a.number = r.attempt WHERE r.queue_id = ? ORDER BY r.at`,
        )
        .all(now, row['id'] ?? null);
      return {
        ...keptQueueOf(row as unknown as QueueRow),
        starts: starts.map(({ at, ended_at: endedAt, state }) => ({ at: Number(at), endedAt: Number(endedAt), isCutOff: state === 'interrupted' })),
      };
    });
}

export function storedOrders(db: Database, queueId: number): QueueOrders {
  return ordersOf(db.sql('SELECT name, paused, rate, concurrency FROM queues WHERE id = ?').get(queueId) as unknown as QueueRow);
}

/** How all queues stand, with nothing that has moved. */
export function standingQueues(state: WriterState): QueueChange[] {
  return state.allDepths().map((depth) => ({ ...depth, arrived: 0, left: 0 }));
}
