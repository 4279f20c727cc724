import type { ConfigureParams } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function configure(tx: WriteTransaction, params: ConfigureParams): void {
  tx.state.configure(params);
  const declared = new Set(params.queues.map(({ name }) => name));
  for (const { name } of tx.state.allDepths()) {
    if (!declared.has(name)) tx.db.sql('UPDATE queues SET definition = NULL WHERE id = ? AND definition IS NOT NULL').run(tx.state.queueId(name));
  }
  const update = tx.db.sql('UPDATE queues SET definition = ? WHERE id = ? AND definition IS NOT ?');
  for (const queue of params.queues) {
    const definition = JSON.stringify(queue);
    update.run(definition, tx.state.queueId(queue.name), definition);
  }
}
