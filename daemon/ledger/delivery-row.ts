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
