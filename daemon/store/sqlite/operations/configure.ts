import type { ConfigureParams } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function configure(tx: WriteTransaction, params: ConfigureParams): void {
  tx.state.configure(params);
  const update = tx.db.sql('UPDATE queues SET definition = ? WHERE id = ? AND definition IS NOT ?');
  for (const queue of params.queues) {
    const definition = JSON.stringify(queue);
    update.run(definition, tx.state.queueId(queue.name), definition);
  }
}
