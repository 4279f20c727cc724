import type { DeadGroup } from '../../schemas/protocol/dead-group.ts';
import type { JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { RunDetail, RunSummary } from '../../schemas/protocol/run.ts';
import type { ReplayTally } from '../../schemas/protocol/replay.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import type { JobState, RunState } from '../../schemas/protocol/state.ts';
import type { EvaluateParams } from '../ledger/evaluating.ts';
import type { ClaimParams, ClaimResult, ClaimedJob, CreateRunParams, DropDraftParams, ExpandParams, ExpandResult, Expansion, MoveQueueParams, PruneParams, QueueHold, ReplayParams, ReplayResult, SaveDraftParams, SetQueueParams, SettleParams, Settled } from '../ledger/call.ts';
import type { QueueStep, SeriesStep } from '../core/queue-step.ts';
import type { RestoredStart } from '../core/rate-window.ts';
import type { ExpressionResult } from '../../schemas/workflow/expression.ts';
import type { AlertKind, AlertSeverity } from '../../schemas/workflow/alert.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import type { Rate } from '../../schemas/workflow/rate.ts';
import type { BulkStore } from './bulk-store.ts';

export type { EvaluateParams } from '../ledger/evaluating.ts';
export type {
  AttemptOutcome, ClaimParams, ClaimResult, ClaimedJob, CreateRunParams, DropDraftParams, ExpandParams, ExpandResult, Expansion, HoldReason,
  MoveQueueParams, PruneParams, QueueHold, ReplayParams, ReplayResult, SaveDraftParams, SetQueueParams, SettleParams, Settled,
} from '../ledger/call.ts';

/**
 * Where runs and jobs are kept. Everything above it knows this interface only, and no SQL.
 *
 * - Each method is one transaction; calls made in the same turn of the event loop share one, and one fsync.
 * - A promise resolves once what it says is as durable as the store is configured to be. How attempts ended is noted before that, so
 *   that an effect that was made isn't made again because the process died.
 * - Times are handed in, in milliseconds since the epoch, so that tests decide what time it is.
 * - Runs and jobs are numbers here, and `r12` or `j4031` in the views, which have the protocol's shapes.
 * - Rejects with a `CodedError`: `not-found`, `wrong-state`, `queue-full`, `store-unavailable`.
 *
 * Ending an attempt, advancing its step and its run, and making the jobs that follow happen in one transaction, inside
 * `settle`. The decisions are those of `daemon/core/`; a store only carries them out.
 */
export interface Store extends BulkStore {
  /**
   * Migrates, closes what a crash interrupted, and gets ready. Call it before anything else; where it was rejected, it may be called again.
   *
   * Rejects with `store-unavailable` where the store can't be used now; `noRoom` in its data: for want of room on the disk, and `look` may do.
   */
  open(params: OpenParams): Promise<OpenResult>;
  /** Makes what is in the store readable without writing anything, until `open`: for a disk that is full. Everything that writes is refused meanwhile. */
  look(params: LookParams): Promise<LookResult>;
  /**
   * Copies all that is in the store into a new `file`, as durable as a file can be, and takes nothing more: for a store whose own file has lost its name.
   * Rejects where there is a file already or it can't be written: then all is as before.
   */
  retire(params: { readonly file: string }): Promise<void>;
  /** Waits for what is under way. Idempotent. */
  close(): Promise<void>;
  /** Calls back after each transaction, with what it changed. */
  onCommit(listener: (committed: Committed) => void): void;

  /**
   * What new jobs take from their queue, and what expressions see of the environment. Replaces what was set before, but for queues
   * that are not declared now: the last declaration of each is kept, over restarts too, and answered with those of `queues`. So what
   * is answered are the limits that hold.
   */
  configure(params: ConfigureParams): Promise<{ readonly queues: readonly QueueDefinition[] }>;
  /** The last declaration of a queue holds no more: it has the defaults, whatever is in it. With `onlyEmpty`: not while it has jobs. */
  forgetLimits(params: { readonly queue: string; readonly onlyEmpty?: boolean }): Promise<{ readonly forgotten: boolean }>;
  /**
   * Moves jobs that wait, are under way or are dead letters to another queue, oldest first, and with the first of them whatever still brings
   * jobs into the queue. Repeat it while there is `more`. Rejects with `queue-full`, before anything moves, where not all of those that wait
   * have room in the other.
   */
  moveQueue(params: MoveQueueParams): Promise<{ readonly moved: number; readonly more: boolean }>;

  saveAlerts(params: { readonly alerts: readonly AlertChange[] }): Promise<object>;

  createRun(params: CreateRunParams): Promise<{ readonly runId: number }>;
  /** Makes due jobs `active`: by priority, due time, age. The attempt is on disk when this resolves. */
  claim(params: ClaimParams): Promise<ClaimResult>;
  /** Jobs that were claimed at `now` and wait for a place: a crash before `begin` costs them nothing. */
  shelve(params: { readonly jobs: readonly ClaimedJob[]; readonly now: number }): void;
  /** Jobs that were shelved begin. False where that can't be noted: then they may not. */
  begin(params: { readonly jobs: readonly ClaimedJob[] }): boolean;
  /** Ends attempts. An outcome of an attempt that isn't the job's present one is refused. */
  settle(params: { readonly outcomes: readonly SettleParams[]; readonly patient?: boolean }): Settlement;
  /** Turns the next items of a `foreach` into jobs. */
  expand(params: ExpandParams): Promise<ExpandResult>;
  /** The items of a `foreach` can't be read. */
  failExpansion(params: { readonly stepId: number; readonly error: JobError; readonly now: number }): Promise<void>;
  /** Goes on cancelling, or taking up again, the jobs of steps that are being closed or reopened. */
  sweep(params: { readonly now: number; readonly limit: number }): Promise<{ readonly more: boolean }>;
  /** Makes `pending` what was delayed and is due. */
  promote(params: { readonly now: number }): Promise<void>;

  /** A run that was to take its first items only takes the others as well. */
  continueRun(params: { readonly runId: number }): Promise<object>;
  cancelRun(params: { readonly runId: number; readonly now: number }): Promise<{ readonly active: readonly number[] }>;
  /** `active`: the job is under way; it is marked, and its attempt has to be aborted and settled as cancelled. */
  cancelJob(params: { readonly jobId: number; readonly now: number }): Promise<{ readonly active: boolean }>;
  replay(params: ReplayParams): Promise<ReplayResult>;
  /** Replayed jobs that no attempt has reached since are dead letters again, as they were. */
  recall(params: { readonly jobIds: readonly number[]; readonly now: number }): Promise<{ readonly recalled: readonly number[] }>;
  /**
   * Keeps an edited payload of a dead letter for its next replay. `revision`: the number that it is going to have. `conflict` if the newest
   * payload isn't the one that was edited.
   */
  saveDraft(params: SaveDraftParams): Promise<{ readonly revision: number }>;
  dropDraft(params: DropDraftParams): Promise<{ readonly dropped: boolean }>;
  /** Delayed jobs are due at once. */
  retry(params: { readonly jobIds: readonly number[]; readonly now: number }): Promise<{ readonly retried: readonly number[] }>;
  /** `reason`: why, for whoever looks at them later. */
  discard(params: { readonly jobIds: readonly number[]; readonly now: number; readonly reason?: string }): Promise<{ readonly discarded: readonly number[] }>;
  setQueue(params: SetQueueParams): Promise<void>;
  /**
   * Adds what queues did to their series, in steps of each of `seriesResolutions`, and forgets what these keep no longer. A step that is
   * recorded twice, as over a restart, is the sum of both, with the newer depths.
   */
  recordSeries(params: RecordSeriesParams): Promise<void>;
  /**
   * Moves the wall times of everything that waits, because the wall clock was set: due times, holds, and recorded starts. What has happened keeps
   * its time.
   */
  shiftWaits(params: { readonly byMs: number; readonly now: number }): Promise<void>;
  prune(params: PruneParams): Promise<{ readonly more: boolean }>;
  /**
   * Gives free space of the store's file back, of up to so many pages: some milliseconds' work for 100 of them. Answers with what is there then;
   * a store that can't do that has as much free as before. The disk has the space at the `last` step at the latest.
   */
  reclaim(params: { readonly pages: number; readonly last?: boolean }): Promise<StoreSize>;
  /** Writes something and nothing else: whether the store can be written again. */
  probe(params: { readonly now: number }): Promise<void>;

  /** The text of a workflow's version; undefined where there is none. */
  workflowVersion(params: { readonly version: string }): Promise<WorkflowVersion | undefined>;
  listRuns(params: ListRunsParams): Promise<{ readonly runs: RunSummary[]; readonly next?: string }>;
  getRun(params: { readonly runId: number }): Promise<RunDetail | undefined>;
  listJobs(params: ListJobsParams): Promise<{ readonly jobs: JobSummary[]; readonly next?: string }>;
  /** Dead letters by queue and `failureGroup`, the group with the newest first. `others`: those of groups beyond `limit`. */
  deadGroups(params: DeadGroupsParams): Promise<{ readonly groups: DeadGroup[]; readonly others: number }>;
  getJob(params: { readonly jobId: number }): Promise<JobDetail | undefined>;
  /** What an expression gives in a run; undefined where there is no such run. */
  evaluate(params: EvaluateParams): Promise<ExpressionResult | undefined>;
  /**
   * The steps of a queue within `from` and `to`, in which something happened, oldest first, after the last one before `from`: it has the
   * depths at `from`.
   */
  series(params: SeriesParams): Promise<readonly SeriesStep[]>;
  /** How many dead letters of each queue have a draft, and when the newest was saved; without those that have none. */
  deadDrafts(): Promise<Readonly<Record<string, DraftCount>>>;
  /** All dead letters that have a draft. */
  draftedJobs(): Promise<readonly number[]>;
  /** What has become of jobs that were replayed. */
  replayTally(params: { readonly jobIds: readonly number[] }): Promise<ReplayTally>;
  /** Since when the pending job of each queue that has been due longest is due. */
  /** What is raised just now, or was when the daemon ended. */
  listAlerts(): Promise<readonly StoredAlert[]>;
  oldestPending(): Promise<Readonly<Record<string, number>>>;
  check(): Promise<readonly StoreCheck[]>;
  /** Bytes on disk, with its log. */
  size(): Promise<StoreSize>;
}

export interface OpenParams {
  readonly now: number;
  /** 0 <= n < 1, for the waits of jobs that crashed again and again. */
  readonly random: number;
}

export interface LookParams {
  readonly now: number;
}

/** How a store stands that isn't open: jobs that are active were so when its last daemon ended. */
export interface LookResult {
  readonly queues: readonly StoredQueue[];
  readonly depths: readonly QueueChange[];
  readonly runningRuns: number;
}

export interface OpenResult {
  /** 8 characters that tell this store from any other; part of every idempotency key. */
  readonly storeId: string;
  /** Whoever had it before has closed it. False where that one died, and in a store that is new. */
  readonly wasClosed: boolean;
  /** Attempts that a crash cut off. */
  readonly interrupted: number;
  /** Their jobs, twenty at most, the oldest first. */
  readonly interruptedJobs: readonly number[];
  /** The wall clock was set back by at least this much since the store was last written: what waits was moved with it. Not above 0; milliseconds. */
  readonly shiftMs: number;
  /** Outcomes that a crash kept from coming into the store: settle them, once it is configured. */
  readonly noted: readonly SettleParams[];
  readonly queues: readonly StoredQueue[];
  readonly committed: Committed;
}

/** What a queue keeps over restarts. */
export interface StoredQueue {
  readonly name: string;
  readonly paused: boolean;
  /** `null`: without limit; undefined: as the file says. */
  readonly rate?: Rate | null;
  readonly concurrency?: number;
  readonly hold?: QueueHold;
  /** As last given to `configure`. */
  readonly definition?: QueueDefinition;
  /** Recorded starts, oldest first. */
  readonly starts: readonly RestoredStart[];
}

/** What is kept of an alert that is raised. Times are wall time. */
export interface KeptAlert {
  readonly severity: AlertSeverity;
  /** Since when it has this severity. */
  readonly since: number;
  /** The worst value since it was raised, in the unit of its kind. */
  readonly peak: number;
  readonly peakAt: number;
}

export interface StoredAlert extends KeptAlert {
  readonly queue: string;
  readonly kind: AlertKind;
}

export interface AlertChange {
  readonly queue: string;
  readonly kind: AlertKind;
  /** Undefined: it has ended. */
  readonly raised?: KeptAlert;
}

export interface Committed {
  /** Queues whose jobs have moved. */
  readonly queues: readonly QueueChange[];
  /** Runs that have changed; undefined when they are too many to list. */
  readonly runs: readonly number[] | undefined;
  /** When the next delayed job is due. */
  readonly nextDueAt?: number;
  /** Steps whose items are being turned into jobs. */
  readonly expanding: readonly Expansion[];
  readonly sweeping: boolean;
  readonly runningRuns: number;
}

export interface QueueDepth {
  readonly name: string;
  readonly pending: number;
  readonly delayed: number;
  readonly active: number;
  readonly dead: number;
}

/** How a queue stands after a transaction, and what that did to its jobs. */
export interface QueueChange extends QueueDepth {
  /** Jobs that came to wait: made, replayed, or taken up again. */
  readonly arrived: number;
  /** Jobs that an attempt has ended: it succeeded, or no other follows. */
  readonly left: number;
}

export interface ConfigureParams {
  readonly queues: readonly QueueDefinition[];
  /** Those that are declared, but not so that it counts: what holds for one of which the store has nothing better. */
  readonly doubtful?: readonly QueueDefinition[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Settlement {
  /**
   * Whether the outcomes outlive the death of this process from now on; a power cut they outlive once they are `done`. False where that
   * can't be had: then `done` is the first to say so.
   */
  readonly noted: boolean;
  /** Resolves when they are in the store, as durable as all that is. */
  readonly done: Promise<Settled>;
}

export interface DraftCount {
  readonly count: number;
  readonly savedAt: number;
}

export interface WorkflowVersion {
  readonly workflow: string;
  readonly text: string;
}

export interface ListRunsParams {
  readonly workflow?: string;
  readonly state?: RunState;
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListJobsParams {
  readonly queue?: string;
  readonly state?: JobState;
  readonly runId?: number;
  readonly step?: string;
  /** A group of dead letters. */
  readonly group?: string;
  /** CEL over a job's view; checked by the caller. */
  readonly where?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface DeadGroupsParams {
  readonly queue?: string;
  readonly limit: number;
}

export interface RecordSeriesParams {
  /** A time within the step. */
  readonly at: number;
  readonly steps: readonly (QueueStep & { readonly queue: string })[];
}

export interface SeriesParams {
  readonly queue: string;
  readonly stepMs: number;
  /** The first step that is meant begins at or after it; the last one before `to`. */
  readonly from: number;
  readonly to: number;
}

export interface StoreSize {
  readonly bytes: number;
  /** Of them, those that hold nothing: what was deleted leaves them, and what is written next takes them. */
  readonly freeBytes: number;
}

export interface StoreCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}
