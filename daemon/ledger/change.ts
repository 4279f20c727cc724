import type { FanOutProgress, StepProgress } from './call.ts';
import type { DeliveryKeyRow, DeliveryRow } from './delivery.ts';
import type { AttemptRow, BulkJobRow, BulkRow, Cascade, ConnectionStartRow, DraftRow, JobRow, PayloadRow, QueueRow, RevisionRow, RunRow, RunTexts, ScheduleRow, SignalLinkRow, SignalRow, StagedItemsRow, StartRow, StepRow, VersionRow, WaitRow } from './row.ts';

/** The tables that the rules write, and what identifies a row of each. */
export interface Tables {
  readonly runs: RunRow & RunTexts;
  readonly steps: StepRow;
  readonly jobs: JobRow;
  readonly payloads: PayloadRow;
  readonly payload_revisions: RevisionRow;
  readonly payload_drafts: DraftRow;
  readonly attempts: AttemptRow;
  readonly workflow_versions: VersionRow;
  readonly rate_starts: StartRow;
  readonly connection_starts: ConnectionStartRow;
  readonly queues: QueueRow;
  readonly waits: WaitRow;
  readonly signals: SignalRow;
  readonly signal_links: SignalLinkRow;
  readonly bulks: BulkRow;
  readonly bulk_jobs: BulkJobRow;
  readonly deliveries: DeliveryRow;
  readonly delivery_keys: DeliveryKeyRow;
  readonly schedules: ScheduleRow;
  readonly staged_items: StagedItemsRow;
}
export type TableName = keyof Tables;

/** Rows with one number of their own; those of payloads, drafts and waits have that of their job. */
export type NumberedTable = 'runs' | 'steps' | 'jobs' | 'queues' | 'payloads' | 'waits' | 'bulks' | 'schedules';

/**
 * What a decision does to the tables. A store carries changes out in their order, in one transaction. Columns that an insert leaves out have their
 * defaults (`schema.ts`). All rows that are new in a table are one change, where the first of them came, so that a store can write many at a time. Counts come
 * last, so that a step is then as everything before has left it.
 */
export type Change =
  | { [Name in TableName]: { readonly kind: 'insert'; readonly table: Name; readonly rows: readonly Partial<Tables[Name]>[]; /** A row that is there already stays, or goes. */ readonly taken?: 'keep' | 'replace' } }[TableName]
  | { [Name in NumberedTable]: { readonly kind: 'patch'; readonly table: Name; readonly id: number; readonly values: Partial<Tables[Name]> } }[NumberedTable]
  /** The output of an attempt that is new in the same transaction, as UTF-8. */
  | { readonly kind: 'set_output'; readonly jobId: number; readonly attempt: number; readonly output: Uint8Array }
  /** Adds to the counts of a step. */
  | { readonly kind: 'count'; readonly stepId: number; readonly by: Partial<StepCounts> }
  /** Delayed jobs of one replay are due later by that much. */
  | { readonly kind: 'put_off'; readonly pace: number; readonly byMs: number }
  /** Starts of a queue count in another one's rate as well. */
  | { readonly kind: 'copy_starts'; readonly from: number; readonly to: number }
  /** Starts of a queue before that time matter no longer. */
  | { readonly kind: 'forget_starts'; readonly queueId: number; readonly before: number }
  /** A start of a shared rate counts by that time, if not sooner. */
  | { readonly kind: 'count_start'; readonly queueId: number; readonly jobId: number; readonly attempt: number; readonly at: number }
  /** A start of a shared rate was not used. */
  | { readonly kind: 'drop_start'; readonly queueId: number; readonly jobId: number; readonly attempt: number }
  /** Starts of a connection before that time matter no longer. */
  | { readonly kind: 'forget_connection_starts'; readonly connection: string; readonly before: number }
  /** A start of an attempt's connection counts by that time, if not sooner. */
  | { readonly kind: 'count_connection_start'; readonly jobId: number; readonly attempt: number; readonly at: number }
  /** A start of an attempt's connection was not used. */
  | { readonly kind: 'drop_connection_start'; readonly jobId: number; readonly attempt: number }
  /** A job of bulk work has been acted on, in that round of its own. */
  | { readonly kind: 'mark_bulk_job'; readonly bulkId: number; readonly jobId: number; readonly round: number }
  /** Those of its jobs up to that number. */
  | { readonly kind: 'delete_bulk_jobs'; readonly bulkId: number; readonly upTo: number }
  | { readonly kind: 'delete_bulk'; readonly bulkId: number }
  /** Of the deliveries of a workflow that started nothing by themselves (`isMinor`), all but the newest go. */
  | { readonly kind: 'trim_deliveries'; readonly workflow: string; readonly keep: number }
  | { readonly kind: 'delete_schedule'; readonly id: number }
  | { readonly kind: 'delete_draft'; readonly jobId: number }
  | { readonly kind: 'delete_revision'; readonly jobId: number; readonly revision: number }
  /** A job with everything that belongs to it. */
  | { readonly kind: 'delete_job'; readonly jobId: number }
  /** A run with its steps, and the version of its workflow if no other run has it. */
  | { readonly kind: 'delete_run'; readonly runId: number; readonly version: string };

export interface StepCounts {
  total: number;
  succeeded: number;
  dead: number;
  cancelled: number;
  discarded: number;
  duplicates: number;
  warnings: number;
}

/** How a queue's depths change, and how many jobs came to wait or were ended by an attempt. */
export interface QueueMoves {
  pending: number;
  delayed: number;
  active: number;
  dead: number;
  arrived: number;
  left: number;
}

/**
 * What follows from the changes for those who wait for it. All of it can be read from the tables as well; a store that no other process writes
 * keeps its figures up to date by it.
 */
export interface Effects {
  readonly queues: ReadonlyMap<number, QueueMoves>;
  readonly runs: ReadonlySet<number>;
  /** Steps to look at when the changes are written. */
  readonly steps: ReadonlyMap<number, StepProgress>;
  readonly runningRuns: number;
  /** The next due time may be another. */
  readonly delayed: boolean;
  /** Fan-outs that continue or, undefined, have ended. */
  readonly fanOuts: ReadonlyMap<number, FanOutProgress | undefined>;
  /** What the jobs of a step follow from now on; undefined: nothing. */
  readonly cascades: ReadonlyMap<number, Cascade | undefined>;
  /** Jobs under way that a person has cancelled: their attempts have to be aborted. */
  readonly aborting: readonly number[];
  /** Queues that a person has told something. */
  readonly orders: ReadonlySet<number>;
}
