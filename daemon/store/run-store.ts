import type { JobError } from '../../schemas/protocol/shape.ts';
import type { ClaimParams, ClaimResult, ClaimedJob, CreateRunParams, DropDraftParams, ExpandParams, ExpandResult, MoveQueueParams, PruneParams, ReplayParams, ReplayResult, SaveDraftParams, SetQueueParams, SettleParams, Settled } from '../ledger/call.ts';

/** What is done with runs and jobs: the rules are those of `ledger/`, whose operations these are. */
export interface RunStore {
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
   * Moves jobs that wait, are under way or are dead letters to another queue, oldest first, and with the first of them whatever still brings
   * jobs into the queue. Repeat it while there is `more`. Rejects with `queue-full`, before anything moves, where not all of those that wait
   * have room in the other.
   */
  moveQueue(params: MoveQueueParams): Promise<{ readonly moved: number; readonly more: boolean }>;
  prune(params: PruneParams): Promise<{ readonly more: boolean }>;
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
