import type { BulkView, ReplayTally } from '../../schemas/protocol/bulk.ts';
import type { DeadGroup, JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { RunDetail, RunSummary } from '../../schemas/protocol/run.ts';
import type { SignalWait } from '../../schemas/protocol/signal.ts';
import type { JobState, RunState } from '../../schemas/protocol/id.ts';
import type { KeptWorkflow } from '../core/kept-workflows.ts';
import type { ScheduleRow } from '../ledger/row.ts';
import type { EvaluateParams } from '../ledger/evaluating.ts';
import type { SignalLinkView } from '../ledger/signal-link.ts';
import type { ExpressionResult } from '../../schemas/workflow/expression/expression.ts';

/** What people and programs look at. Runs and jobs have the shapes of the protocol. */
export interface ViewStore {
  /** The text of a workflow's version; undefined if there is none. */
  workflowVersion(params: { readonly version: string }): Promise<KeptWorkflow | undefined>;
  listRuns(params: ListRunsParams): Promise<{ readonly runs: RunSummary[]; readonly next?: string }>;
  getRun(params: { readonly runId: number }): Promise<RunDetail | undefined>;
  listJobs(params: ListJobsParams): Promise<{ readonly jobs: JobSummary[]; readonly next?: string }>;
  getJob(params: { readonly jobId: number }): Promise<JobDetail | undefined>;
  /** Dead letters by queue and `failureGroup`, the group with the newest first. `others`: those of groups beyond `limit`. */
  deadGroups(params: DeadGroupsParams): Promise<{ readonly groups: DeadGroup[]; readonly others: number }>;
  /** How many dead letters of each queue have a draft, and when the newest was saved; without those that have none. */
  deadDrafts(): Promise<Readonly<Record<string, DraftCount>>>;
  /** All dead letters that have a draft. */
  draftedJobs(): Promise<readonly number[]>;
  /** What has become of jobs that were replayed. */
  replayTally(params: { readonly jobIds: readonly number[] }): Promise<ReplayTally>;
  /** Jobs that wait for an answer, the oldest first. */
  signalWaits(params: SignalWaitsParams): Promise<readonly SignalWait[]>;
  /** What whoever has a link sees of it; undefined if no link has that hash. */
  signalLink(params: SignalLinkParams): Promise<SignalLinkView | undefined>;
  /** Undefined if there is no bulk work of that number. */
  getBulk(params: { readonly bulkId: number }): Promise<BulkView | undefined>;
  /** Bulk work, the newest first: a hundred, and all that have not ended. */
  listBulks(): Promise<readonly BulkView[]>;
  /** What has become of those that bulk work replayed. */
  bulkTally(params: { readonly bulkId: number }): Promise<ReplayTally>;
  /** The oldest of the jobs that bulk work has acted on. */
  bulkJobs(params: { readonly bulkId: number; readonly limit: number }): Promise<readonly number[]>;
  /** Schedules that a file has, by workflow. */
  listSchedules(params: object): Promise<readonly ScheduleRow[]>;
  /** What an expression gives in a run; undefined if there is no such run. */
  evaluate(params: EvaluateParams): Promise<ExpressionResult | undefined>;
}

export interface DraftCount {
  readonly count: number;
  readonly savedAt: number;
}

export interface ListRunsParams {
  readonly workflow?: string;
  /** Those that steps of this run have started; `null`: those that no step has. */
  readonly parentRun?: number | null;
  readonly state?: RunState;
  readonly limit: number;
  readonly cursor?: string;
}

export interface SignalLinkParams {
  /** Of the link's token. */
  readonly hash: string;
  readonly now: number;
}

export interface SignalWaitsParams {
  readonly runId?: number;
  /** Of the signal. */
  readonly name?: string;
  readonly limit: number;
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
