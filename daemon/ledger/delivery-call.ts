import type { DeliveryOutcome } from '../../schemas/protocol/delivery.ts';
import type { DeliveryRow } from './delivery-row.ts';

export interface DeliverParams {
  readonly now: number;
  /** `outcome`: what becomes of it if its event has not come before. */
  readonly delivery: Pick<DeliveryRow, 'workflow' | 'path' | 'scheme' | 'bytes' | 'headers' | 'query' | 'body'> & Partial<Pick<DeliveryRow, 'flaw' | 'reason' | 'rerun_of'>> & { readonly outcome: Exclude<DeliveryOutcome, 'duplicate'> };
  /** What tells its event from the others of its workflow; if omitted, every delivery is an event of its own. */
  readonly dedupeKey?: string;
  /** What it starts, where its outcome is `started`. */
  readonly run?: DeliveredRun;
}

/** See `CreateRunParams`. */
export interface DeliveredRun {
  readonly workflow: string;
  readonly version: string;
  readonly text: string;
  readonly inputs: string;
  /** What its expressions see as `trigger`, without `id`, which the delivery is given. */
  readonly trigger: object;
}

export interface Delivered {
  /** Its own number. */
  readonly deliveryId: number;
  /** The first delivery of its event, which is what its sender is answered; its own number if it is the first. */
  readonly firstId: number;
  readonly runId?: number;
}

/** Of those that a sender without a secret can cause, or one that repeats, this many are kept for each workflow. */
export const keptMinorDeliveries = 200;

/** Whether it is kept apart from those that started something, which it must not push out. */
export function isMinor(outcome: DeliveryOutcome): boolean {
  return outcome === 'refused' || outcome === 'duplicate';
}
