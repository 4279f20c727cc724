import { formatDeliveryId } from '../../schemas/protocol/id.ts';
import type { Book } from './book.ts';
import type { NewTrigger } from './call.ts';
import { type DeliverParams, type Delivered, isMinor, keptMinorDeliveries, type DeliveryRow } from './delivery.ts';
import { createRun } from './starting.ts';

export function deliver(book: Book, { now, delivery, dedupeKey, run }: DeliverParams): Delivered {
  const { workflow } = delivery;
  const event = dedupeKey === undefined ? undefined : JSON.stringify([workflow, dedupeKey]);
  // Whoever sends an event again while it is being taken gets its first answer.
  if (event !== undefined && book.calls.keys.has(event)) book.calls.putOff();
  const first = event === undefined ? undefined : book.fact('deliveryKey', event);
  const id = book.fact('nextDelivery', book.calls.deliveries);
  const row = { ...delivery, id, received_at: now, dedupe_key: dedupeKey ?? null };
  if (first !== undefined) {
    keep(book, { ...row, outcome: 'duplicate', first_id: first.delivery_id, run_id: first.run_id, reason: null });
    return { deliveryId: id, firstId: first.delivery_id, ...(first.run_id === null ? {} : { runId: first.run_id }) };
  }
  // Before anything is written: it refuses where a queue is full.
  const runId = run === undefined ? undefined : createRun(book, { ...run, trigger: triggerOf(delivery, id, now), now }).runId;
  keep(book, { ...row, run_id: runId ?? null });
  if (event !== undefined && dedupeKey !== undefined && delivery.outcome !== 'invalid') {
    book.calls.keys.add(event);
    book.insert('delivery_keys', { workflow, key: dedupeKey, delivery_id: id, run_id: runId ?? null, received_at: now });
  }
  return { deliveryId: id, firstId: id, ...(runId === undefined ? {} : { runId }) };
}

function keep(book: Book, row: Partial<DeliveryRow> & Pick<DeliveryRow, 'workflow' | 'outcome'>): void {
  const { workflow, outcome } = row;
  book.insert('deliveries', row);
  book.calls.deliveries++;
  if (!isMinor(outcome) || book.calls.trimmed.has(workflow)) return;
  book.calls.trimmed.add(workflow);
  book.write({ kind: 'trim_deliveries', workflow, keep: keptMinorDeliveries });
}

/** What the run's expressions see as `trigger`: the event as it is kept. Put together from JSON, as a body can have megabytes. */
function triggerOf({ body, headers, query }: DeliverParams['delivery'], id: number, now: number): NewTrigger {
  const delivery = formatDeliveryId(id);
  const value = `{"kind":"webhook","id":"${delivery}","at":"${new Date(now).toISOString()}","body":${body ?? 'null'},"headers":${headers},"query":${query}}`;
  return { shown: { kind: 'webhook', delivery }, value };
}
