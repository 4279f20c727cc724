import type { SetQueueParams } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { deferPaced } from './pace.ts';

export function setQueue(tx: WriteTransaction, { queue, paused, rate, concurrency, hold }: SetQueueParams): void {
  const id = tx.state.queueId(queue);
  if ((paused === false || hold === null) && isStopped(tx, id)) deferPaced(tx, id);
  if (paused !== undefined) tx.db.sql('UPDATE queues SET paused = ? WHERE id = ?').run(paused ? 1 : 0, id);
  if (rate !== undefined) tx.db.sql('UPDATE queues SET rate = ? WHERE id = ?').run(rate === 'file' ? null : JSON.stringify(rate), id);
  if (concurrency !== undefined) {
    tx.db.sql('UPDATE queues SET concurrency = ? WHERE id = ?').run(concurrency === 'file' ? null : concurrency, id);
  }
  if (hold === null) tx.db.sql('UPDATE queues SET held_until = NULL, held_by = NULL WHERE id = ?').run(id);
  tx.touchQueue(id);
}

function isStopped(tx: WriteTransaction, id: number): boolean {
  const row = tx.db.sql('SELECT paused, held_until FROM queues WHERE id = ?').get(id);
  return row !== undefined && (row['paused'] === 1 || row['held_until'] !== null);
}
