import type { JobState, RunState, StepState } from '../../../schemas/protocol/state.ts';

/** Rows as the tables of `schema.ts` hold them. Flags are 0 or 1, structured values JSON. */

export interface RunRow {
  readonly id: number;
  readonly workflow: string;
  readonly version: string;
  readonly state: RunState;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly cancelling: 0 | 1;
  readonly closing: 0 | 1;
  readonly failed_before: 0 | 1;
  readonly error: string | null;
}

/** A run's columns without its inputs, which can be large. */
export const runColumns = 'id, workflow, version, state, created_at, ended_at, cancelling, closing, failed_before, error';

export interface StepRow {
  readonly id: number;
  readonly run_id: number;
  readonly position: number;
  readonly name: string;
  readonly on_failure: 0 | 1;
  readonly state: StepState;
  readonly queue_id: number;
  readonly uses: string;
  readonly is_foreach: 0 | 1;
  readonly total: number;
  readonly succeeded: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly discarded: number;
  readonly expanded: 0 | 1;
  readonly cursor: number;
  readonly duplicates: number;
  readonly warnings: number;
  /** So many items become jobs, until the run is continued. */
  readonly item_limit: number | null;
  readonly file: string | null;
  readonly sweep: Sweep | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly error: string | null;
}

/** It has made as many jobs as its run may for now. */
export function isHeld({ item_limit: limit, total }: Pick<StepRow, 'item_limit' | 'total'>): boolean {
  return limit !== null && total >= limit;
}

export type Sweep = 'cancel' | 'fail' | 'reopen';

export interface JobRow {
  readonly id: number;
  readonly step_id: number;
  readonly queue_id: number;
  readonly state: JobState;
  readonly priority: number;
  readonly due_at: number;
  /** Of the replay with a rate that it waits for a place in, until it is claimed. */
  readonly pace: number | null;
  readonly created_at: number;
  readonly item_index: number | null;
  readonly item_key: string | null;
  readonly revision: number;
  readonly round: number;
  readonly attempt: number;
  readonly tries: number;
  readonly throttles: number;
  readonly crashes: number;
  readonly cancel_requested: 0 | 1;
  readonly swept: 0 | 1;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly error: string | null;
  readonly discard_reason: string | null;
  readonly last_revision: number | null;
  readonly failure_group: string | null;
  readonly progress: string | null;
  readonly warning: string | null;
}
