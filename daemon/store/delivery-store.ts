import type { DeliveryDetail, DeliveryOutcome, DeliverySummary } from '../../schemas/protocol/delivery.ts';

/** Incoming webhooks as they were received; `deliver`, which keeps one, is an operation of the ledger. */
export interface DeliveryStore {
  /** The newest first. */
  listDeliveries(params: ListDeliveriesParams): Promise<{ readonly deliveries: DeliverySummary[]; readonly next?: string }>;
  getDelivery(params: { readonly deliveryId: number }): Promise<DeliveryDetail | undefined>;
  /** Deletes what is older, what a workflow has too many of, and keys of events that are older. Repeat it while there is `more`. */
  pruneDeliveries(params: PruneDeliveriesParams): Promise<{ readonly more: boolean }>;
}

export interface ListDeliveriesParams {
  readonly workflow?: string;
  readonly outcome?: DeliveryOutcome;
  readonly limit: number;
  readonly cursor?: string;
}

export interface PruneDeliveriesParams {
  readonly before: number;
  /** Of each workflow this many of those that are no duplicates and were not refused. */
  readonly keepCount: number;
  readonly keysBefore: number;
  /** Rows that one call deletes at most, of each kind. */
  readonly limit: number;
}
