import { deliveryDetail, deliverySummary, type DeliverySummaryRow } from '../../../ledger/view.ts';
import { pageOf, runBefore } from '../../../ledger/page.ts';
import { deliveryColumns, type DeliveryRow } from '../../../ledger/delivery.ts';
import type { DeliveryDetail, DeliverySummary } from '../../../../schemas/protocol/delivery.ts';
import type { ListDeliveriesParams, PruneDeliveriesParams } from '../../delivery-store.ts';
import type { Database } from '../database.ts';

/** Newest first. */
export function listDeliveries(db: Database, { workflow, outcome, limit, cursor }: ListDeliveriesParams): { readonly deliveries: DeliverySummary[]; readonly next?: string } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  if (workflow !== undefined) {
    conditions.push('workflow = ?');
    values.push(workflow);
  }
  if (outcome !== undefined) {
    conditions.push('outcome = ?');
    values.push(outcome);
  }
  if (cursor !== undefined) {
    conditions.push('id < ?');
    values.push(runBefore(cursor));
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = db.sql(`SELECT ${deliveryColumns} FROM deliveries ${where} ORDER BY id DESC LIMIT ?`).all(...values, limit + 1) as unknown as DeliverySummaryRow[];
  const { page, next } = pageOf(rows, limit, ({ id }) => String(id));
  return { deliveries: page.map(deliverySummary), ...next };
}

export function getDelivery(db: Database, { deliveryId }: { readonly deliveryId: number }): DeliveryDetail | undefined {
  const row = db.sql('SELECT * FROM deliveries WHERE id = ?').get(deliveryId) as DeliveryRow | undefined;
  return row && deliveryDetail(row);
}

export function pruneDeliveries(db: Database, { before, keepCount, keysBefore, limit }: PruneDeliveriesParams): { readonly more: boolean } {
  const old = db.sql('DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received_at < ? ORDER BY id LIMIT ?)').run(before, limit).changes;
  const keys = db.sql('DELETE FROM delivery_keys WHERE (workflow, key) IN (SELECT workflow, key FROM delivery_keys INDEXED BY delivery_keys_age WHERE received_at < ? LIMIT ?)').run(keysBefore, limit).changes;
  let surplus = 0;
  for (const { workflow } of db.sql('SELECT DISTINCT workflow FROM deliveries').all()) {
    const kept = db.sql("SELECT id FROM deliveries WHERE workflow = ? AND outcome NOT IN ('refused', 'duplicate') ORDER BY id DESC LIMIT 1 OFFSET ?").get(workflow ?? null, keepCount)?.['id'];
    if (kept !== undefined) surplus = Math.max(surplus, Number(db.sql("DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE workflow = ? AND id <= ? AND outcome NOT IN ('refused', 'duplicate') ORDER BY id LIMIT ?)").run(workflow ?? null, kept, limit).changes));
  }
  return { more: [Number(old), Number(keys), surplus].some((count) => count >= limit) };
}
