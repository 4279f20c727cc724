import type { DeliveryOutcome, VerificationFlaw } from '../../schemas/protocol/delivery.ts';

/** An incoming webhook as it was received. */
export interface DeliveryRow {
  readonly id: number;
  readonly workflow: string;
  readonly path: string;
  readonly received_at: number;
  readonly outcome: DeliveryOutcome;
  readonly scheme: string;
  readonly flaw: VerificationFlaw | null;
  readonly reason: string | null;
  readonly run_id: number | null;
  /** Of a duplicate: the first delivery of its event. */
  readonly first_id: number | null;
  /** The delivery that a person ran again with this one. */
  readonly rerun_of: number | null;
  readonly dedupe_key: string | null;
  /** Of the body as it was received. */
  readonly bytes: number;
  readonly headers: string;
  readonly query: string;
  /** NULL: not kept. */
  readonly body: string | null;
}

/** What is shown of a delivery in lists. */
export const deliveryColumns = 'id, workflow, path, received_at, outcome, scheme, flaw, reason, run_id, first_id, rerun_of, bytes';

/** An event that has come: it outlives its delivery. */
export interface DeliveryKeyRow {
  readonly workflow: string;
  readonly key: string;
  readonly delivery_id: number;
  readonly run_id: number | null;
  readonly received_at: number;
}

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
