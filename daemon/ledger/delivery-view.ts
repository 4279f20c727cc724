import type { DeliveryDetail, DeliverySummary } from '../../schemas/protocol/delivery.ts';
import { formatDeliveryId, formatRunId } from '../../schemas/protocol/id.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { DeliveryRow } from './delivery-row.ts';
import { iso } from './view.ts';

export type DeliverySummaryRow = Omit<DeliveryRow, 'dedupe_key' | 'headers' | 'query' | 'body'>;

export function deliverySummary(row: DeliverySummaryRow): DeliverySummary {
  return {
    id: formatDeliveryId(row.id),
    workflow: row.workflow,
    path: row.path,
    receivedAt: iso(row.received_at),
    outcome: row.outcome,
    scheme: row.scheme,
    ...(row.flaw === null ? {} : { flaw: row.flaw }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.run_id === null ? {} : { run: formatRunId(row.run_id) }),
    ...(row.first_id === null ? {} : { duplicateOf: formatDeliveryId(row.first_id) }),
    ...(row.rerun_of === null ? {} : { rerunOf: formatDeliveryId(row.rerun_of) }),
    bytes: row.bytes,
  };
}

export function deliveryDetail(row: DeliveryRow): DeliveryDetail {
  return {
    ...deliverySummary(row),
    headers: JSON.parse(row.headers) as Record<string, string>,
    query: JSON.parse(row.query) as Record<string, string | string[]>,
    ...(row.body === null ? {} : { body: JSON.parse(row.body) as Json }),
    ...(row.dedupe_key === null ? {} : { dedupeKey: row.dedupe_key }),
  };
}
