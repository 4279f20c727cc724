import type { FoundItems } from '../../schemas/protocol/run.ts';
import type { CsvFormat } from '../../schemas/workflow/csv-format.ts';
import type { BulkAction, BulkState } from '../../schemas/protocol/bulk.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import type { TriggerKind } from '../../schemas/protocol/trigger.ts';
import type { AttemptState, RunState, StepState } from '../../schemas/protocol/id.ts';
import type { CancelCauseState, CascadeState, GateState, JobStanding, OnFailureState } from '../core/state-machine.ts';
import type { FanOutProgress } from './call.ts';

/** Rows as every store keeps them, under the names of their columns. Flags are 0 or 1, times milliseconds since the epoch, structured values JSON. */

/** Why a run failed, as its row has it, in JSON. */
export type RunError = NonNullable<RunSummary['error']>;

export interface RunRow {
  readonly id: number;
  readonly workflow: string;
  readonly version: string;
  readonly state: RunState;
  readonly created_at: number;
  readonly ended_at: number | null;
  /** A person has asked for it to be cancelled. */
  readonly cancel_requested: 0 | 1;
  /** Of its `on-failure` steps together. */
  readonly on_failure_state: OnFailureState;
  /** Runs of its workflow with the same key count together; `null`: it counts alone. */
  readonly concurrency_key: string | null;
  /** It waits for others with its key to end. */
  readonly gate: Gate | null;
  readonly error: string | null;
  readonly trigger_kind: TriggerKind;
  /** JSON of `RunTrigger` without its kind; null if there is nothing more. */
  readonly triggered_by: string | null;
  /** The job that made it, and the run of that job; `null`: nobody's. */
  readonly parent_job: number | null;
  readonly parent_run: number | null;
  /** How many runs stand above it. */
  readonly depth: number;
}

export interface ScheduleRow {
  readonly id: number;
  readonly workflow: string;
  readonly cron: string;
  readonly timezone: string;
  /** Since when it is as it is. */
  readonly declared_at: number;
  /** JSON of `Schedule`. */
  readonly declaration: string;
  /** Every time up to it has started a run, or was skipped. */
  readonly decided_until: number;
  readonly paused: 0 | 1;
  /** No file has it: it is kept as it is paused. */
  readonly removed: 0 | 1;
  readonly last_at: number | null;
  readonly last_run: number | null;
  /** Times that were skipped since the last that started a run. */
  readonly missed: number;
  readonly missed_at: number | null;
  /** Why the last of them started none; null if it was missed only. */
  readonly problem: string | null;
  /** No file has it as it is any more since then: what was due until then is still decided, and then it is forgotten. */
  readonly ends_at: number | null;
}

/** What a run has besides: texts that can be large, and what a new one is found by. */
export interface RunTexts {
  readonly inputs: string;
  /** JSON of what expressions see as `trigger`; null if a person started it. */
  readonly trigger_value: string | null;
  readonly run_key: string | null;
  /** JSON; null if its workflow has none. */
  readonly vars: string | null;
  /** JSON; null if it has not succeeded, or its workflow has none. */
  readonly outputs: string | null;
}

/** A run's columns without its texts. */
export const runColumns =
  'id, workflow, version, state, created_at, ended_at, cancel_requested, on_failure_state, error, trigger_kind, triggered_by, parent_job, parent_run, depth, concurrency_key, gate';

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
  /** JSON of a `FileFormat`; null if nothing is known of it. */
  readonly file_format: string | null;
  /** Of a step with `paginate`; its items are counted by `cursor`. */
  readonly pages: PagesState | null;
  readonly cascade: Cascade | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly error: string | null;
}

/** `open`: the last page isn't known yet. `complete`: it was read. `cut`: there are more, and `max-pages` has ended it. */
export type PagesState = 'open' | 'complete' | 'cut';

/** Items of a step that wait to be taken by others, of a file on its way into a shared store or of pages; each row is as much as was added at a time. */
export interface StagedItemsRow {
  readonly step_id: number;
  /** The place of the first of them. */
  readonly first: number;
  /** Each as JSON, one a line. */
  readonly items: string;
}

/** It has made as many jobs as its run may for now. */
export function isHeld({ item_limit: limit, total }: Pick<StepRow, 'item_limit' | 'total'>): boolean {
  return limit !== null && total >= limit;
}

/** What is known of the file of a step's items. */
export interface FileFormat {
  /** As the workflow says it. */
  readonly csv?: CsvFormat;
  readonly found?: FoundItems;
}

export function fileFormatOf({ file_format }: Pick<StepRow, 'file_format'>): FileFormat {
  return file_format === null ? {} : (JSON.parse(file_format) as FileFormat);
}

/** An open fan-out, as those who carry it on are told of it. `queue`: the name of the step's queue. */
export function openFanOutOf(step: Pick<StepRow, 'id' | 'cursor' | 'file' | 'file_format'>, queue: string, held: boolean): FanOutProgress {
  const { csv } = fileFormatOf(step);
  return { stepId: step.id, queue, cursor: step.cursor, ...(step.file === null ? {} : { file: step.file }), ...(csv === undefined ? {} : { csv }), ...(held ? { held } : {}) };
}

/** What keeps a run from beginning. */
export type Gate = Exclude<GateState, 'none'>;

/** What the jobs of a step still have to follow. */
export type Cascade = Exclude<CascadeState, 'none'>;

export type CancelCause = Exclude<CancelCauseState, 'none'>;

/** When a wait ends by itself that has no end: the last instant of the year 9999. A shift of the wall clock leaves it. */
export const never = 253_402_300_799_999;

export interface JobRow {
  readonly id: number;
  readonly step_id: number;
  readonly queue_id: number;
  readonly state: JobStanding;
  readonly priority: number;
  /** Of a job that waits: when the wait ends by itself. */
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
  /** Why it was cancelled or, while it is active, why no other attempt may follow. */
  readonly cancel_cause: CancelCause | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly error: string | null;
  readonly discard_reason: string | null;
  readonly last_revision: number | null;
  readonly failure_group: string | null;
  readonly progress: string | null;
  readonly warning: string | null;
  /** Whose its last claim was, see `daemons.ts`. */
  readonly daemon: number;
  /** The connection that its payload names, whose limits hold for it too (`connection-limits.ts`); null if it uses none. */
  readonly connection: string | null;
}

/** What the rules read of a job: all but its texts, which can be large. */
export type LedgerJob = Pick<
  JobRow,
  | 'id' | 'step_id' | 'queue_id' | 'state' | 'due_at' | 'pace' | 'item_index' | 'revision' | 'round' | 'attempt' | 'tries' | 'throttles' | 'crashes'
  | 'cancel_cause' | 'started_at' | 'last_revision'
>;

export interface PayloadRow {
  readonly job_id: number;
  readonly payload: string;
  /** JSON of `SecretUse[]`. */
  readonly secrets: string | null;
  readonly item: string | null;
  readonly created_at: number;
}

/** A payload that an edit has replaced. */
export interface RevisionRow {
  readonly job_id: number;
  readonly revision: number;
  readonly payload: string;
  readonly created_at: number;
  readonly secrets: string | null;
}

/** An edited payload that has not been sent. */
export interface DraftRow {
  readonly job_id: number;
  /** The number that it has once it is sent. */
  readonly revision: number;
  readonly saved_at: number;
  readonly saved_by: string | null;
  readonly payload: string;
}

/** An attempt that has ended; the one under way is in its job. */
export interface AttemptRow {
  readonly job_id: number;
  readonly number: number;
  readonly round: number;
  readonly revision: number;
  readonly state: AttemptState;
  readonly started_at: number;
  readonly ended_at: number;
  readonly output: string | null;
  readonly error: string | null;
  readonly request: string | null;
  readonly response: string | null;
}

export interface VersionRow {
  readonly version: string;
  readonly workflow: string;
  readonly text: string;
  readonly created_at: number;
}

/** A start of a rated queue, kept over restarts. */
export interface StartRow {
  readonly queue_id: number;
  readonly at: number;
  readonly job_id: number;
  readonly attempt: number;
  /** Where daemons share the rate: when it counts at the latest, by the store's clock. An embedded store has no such column. */
  readonly counted_at?: number;
}

/** A connection that has had limits. */
export interface ConnectionRow {
  readonly name: string;
  /** JSON of `ConnectionLimits`, as last declared; null: it was declared without. */
  readonly limits: string | null;
}

/** A start of a connection with a rate. Times are of the store's clock. */
export interface ConnectionStartRow {
  readonly connection: string;
  readonly at: number;
  readonly job_id: number;
  readonly attempt: number;
  /** When it counts at the latest. */
  readonly counted_at: number;
}

/** What a queue was told. */
export interface QueueRow {
  readonly id: number;
  readonly name: string;
  readonly paused: 0 | 1;
  /** As set by hand, see `readStoredRate`; `null`: as the file says. */
  readonly rate: string | null;
  readonly concurrency: number | null;
  readonly held_until: number | null;
  readonly held_by: string | null;
  /** As last declared in a file without errors. */
  readonly definition: string | null;
}

/** What a job waits for, or has last waited for. */
export interface WaitRow {
  readonly job_id: number;
  readonly kind: 'time' | 'signal' | 'run';
  /** The attempt that waits. */
  readonly attempt: number;
  /** Of the job; with `name`, what a signal is addressed to. */
  readonly run_id: number;
  /** Of the signal. */
  readonly name: string | null;
  /** What an answer that doesn't come in time does; of a signal. */
  readonly on_timeout: 'fail' | 'continue' | null;
  /** The run that is waited for. */
  readonly child_id: number | null;
}

/** An answer to a run: of each name there is one. */
export interface SignalRow {
  readonly run_id: number;
  readonly name: string;
  /** JSON. */
  readonly payload: string;
  readonly answered_by: string;
  readonly answered_at: number;
}

/** A link that a job carries, with which whoever gets it answers a signal of the job's run. */
export interface SignalLinkRow {
  readonly job_id: number;
  /** Of the signal. */
  readonly name: string;
  readonly run_id: number;
  /** Of the link's token, which is kept nowhere. */
  readonly hash: string;
  /** When the job was made. */
  readonly made_at: number;
}

/** Bulk work, see `bulk-call.ts`. */
export interface BulkRow {
  readonly id: number;
  readonly action: BulkAction;
  /** `preparing`: its jobs are being added, and nobody knows of it yet. */
  readonly state: BulkState | 'preparing';
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly edited: number;
  readonly taken_back: number;
  readonly hold_after: number | null;
  readonly rate: string | null;
  readonly spacing_ms: number;
  readonly last_due_at: number | null;
  readonly originals: 0 | 1;
  readonly reason: string | null;
  readonly problem: string | null;
  /** The last job that it has come to. */
  readonly cursor: number;
  /** Of an export: an `ExportTarget` as JSON. */
  readonly export_to: string | null;
  /** Who prepares it. */
  readonly daemon: number;
}

/** A job of bulk work; of `cancel-runs`: a run, in the same column. */
export interface BulkJobRow {
  readonly bulk_id: number;
  readonly job_id: number;
  /** The round that the job was in when it was acted on (of a run: 0); `null`: it has not been. */
  readonly round: number | null;
}

/**
 * The key that every attempt of a job sends, so that a receiver can tell a repeat: the same until the payload is edited, and
 * unlike that of any other job. The time of its making is part of it, because a store that is restored from a backup gives
 * the numbers after it again. 1 to 60 characters of `[a-z0-9-]`.
 */
export function idempotencyKey(
  storeId: string,
  { jobId, createdAt, revision }: { readonly jobId: number; readonly createdAt: number; readonly revision: number },
): string {
  return `${storeId}-${jobId}-${createdAt.toString(36)}-${revision}`;
}
