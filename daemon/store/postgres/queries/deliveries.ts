import { deliveryColumns, type DeliveryRow } from '../../../ledger/delivery.ts';
import { deliveryDetail, deliverySummary, type DeliverySummaryRow } from '../../../ledger/view.ts';
import { pageOf, runBefore } from '../../../ledger/page.ts';
import type { DeliveryDetail, DeliverySummary } from '../../../../schemas/protocol/delivery.ts';
import type { ListDeliveriesParams } from '../../delivery-store.ts';
import type { Transaction } from '../transaction.ts';
import { Conditions } from './conditions.ts';

/** Newest first. */
export async function listDeliveries(tx: Transaction, { workflow, outcome, limit, cursor }: ListDeliveriesParams): Promise<{ readonly deliveries: DeliverySummary[]; readonly next?: string }> {
  const where = new Conditions();
  if (workflow !== undefined) where.add(($) => `workflow = ${$(workflow)}`);
  if (outcome !== undefined) where.add(($) => `outcome = ${$(outcome)}`);
  if (cursor !== undefined) where.add(($) => `id < ${$(runBefore(cursor))}`);
  const rows = await tx.rows(`SELECT ${deliveryColumns} FROM deliveries ${where.text} ORDER BY id DESC LIMIT ${where.$(limit + 1)}`, where.values);
  const { page, next } = pageOf(rows as unknown as readonly DeliverySummaryRow[], limit, ({ id }) => String(id));
  return { deliveries: page.map(deliverySummary), ...next };
}

export async function getDelivery(tx: Transaction, { deliveryId }: { readonly deliveryId: number }): Promise<DeliveryDetail | undefined> {
  const row = (await tx.one('SELECT * FROM deliveries WHERE id = $1', [deliveryId])) as DeliveryRow | undefined;
  return row && deliveryDetail(row);
}
