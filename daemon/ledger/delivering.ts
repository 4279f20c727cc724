import { formatDeliveryId } from '../../schemas/protocol/id.ts';
import type { Book } from './book.ts';
import { type DeliverParams, type Delivered, isMinor, keptMinorDeliveries } from './delivery-call.ts';
import { createRun } from './starting.ts';

export function deliver(book: Book, { now, delivery, dedupeKey, run }: DeliverParams): Delivered {
  const { workflow } = delivery;
  const first = dedupeKey === undefined ? undefined : book.fact('deliveryKey', JSON.stringify([workflow, dedupeKey]));
  const id = book.fact('nextDelivery', 0);
  const row = { ...delivery, id, received_at: now, dedupe_key: dedupeKey ?? null };
  if (first !== undefined) {
    book.insert('deliveries', { ...row, outcome: 'duplicate', first_id: first.delivery_id, run_id: first.run_id, reason: null });
    book.write({ kind: 'trim_deliveries', workflow, keep: keptMinorDeliveries });
    return { deliveryId: id, firstId: first.delivery_id, ...(first.run_id === null ? {} : { runId: first.run_id }) };
  }
  // Before anything is written: it refuses where a queue is full.
  const runId = run === undefined ? undefined : createRun(book, { ...run, trigger: { shown: { kind: 'webhook', delivery: formatDeliveryId(id) }, value: JSON.stringify({ ...run.trigger, id: formatDeliveryId(id) }) }, now }).runId;
  book.insert('deliveries', { ...row, run_id: runId ?? null });
  if (dedupeKey !== undefined && delivery.outcome !== 'invalid') book.insert('delivery_keys', { workflow, key: dedupeKey, delivery_id: id, run_id: runId ?? null, received_at: now });
  if (isMinor(delivery.outcome)) book.write({ kind: 'trim_deliveries', workflow, keep: keptMinorDeliveries });
  return { deliveryId: id, firstId: id, ...(runId === undefined ? {} : { runId }) };
}
