import type { Message } from '../../schemas/wording/message.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import type { RunTrigger } from '../../schemas/protocol/trigger.ts';
import type { Schedule } from '../../schemas/workflow/model.ts';
import type { CsvFormat } from '../../schemas/workflow/csv-format.ts';
import type { FoundItems } from '../../schemas/protocol/run.ts';
import type { Rate, RateLimit } from '../../schemas/workflow/rate.ts';
import type { RateUse } from '../core/rate-windows.ts';
import type { ConnectionPlace, ConnectionStanding } from './connection-limits.ts';
import type { PagePlace } from '../core/next-request.ts';
import type { DeliverParams, Delivered } from './delivery.ts';
import type { ItemReader, StepOfVersion } from './daemons.ts';
import type { AdvanceBulkParams, BulkAdvance, BulkRate, EndBulkParams, ForgetBulksParams, PrepareBulkParams } from './bulk-call.ts';
import type { DropDraftParams, RecallParams, ReplayParams, ReplayResult, SaveDraftParams } from './dead-letter-call.ts';

/**
 * What a store is asked to do with runs and jobs, and what it answers: the operations that `decide` knows. `store/run-store.ts` makes them the methods of
 * every store. Each refuses with a `CodedError`: `not-found`, `wrong-state`, `queue-full`.
 */
export interface Operations {
  /** `existed`: an earlier one has the key; nothing was made. */
  createRun(params: CreateRunParams): { readonly runId: number; readonly existed?: true };
  /** Keeps an incoming webhook, with the run that it starts: both or none. A second one of the same event starts nothing. */
  deliver(params: DeliverParams): Delivered;
  /** Makes due jobs `active`: by priority, due time, age. */
  claim(params: ClaimParams): ClaimResult;
  /** Makes `pending` what was delayed and is due. */
  promote(params: { readonly now: number }): void;
  /** Ends attempts. An outcome of an attempt that isn't the job's present one is refused. */
  settle(params: { readonly outcomes: readonly SettleParams[] }): Settled;
  /** Turns the next items of a `foreach` into jobs. */
  fanOut(params: FanOutParams): FanOutResult;
  /** All of the file is read that a `foreach` takes its items from: what it turned out to be. */
  describeItems(params: { readonly stepId: number; readonly found: FoundItems }): void;
  /** The items of a `foreach` can't be read. */
  failFanOut(params: { readonly stepId: number; readonly error: JobError; readonly now: number }): void;
  /** Cancels or reopens the next jobs of steps that are being cancelled, have failed, or were reopened. Repeat it while there is `more`. */
  cascade(params: { readonly now: number; readonly limit: number }): { readonly more: boolean };
  /** A run that was to take its first items only takes the others as well. */
  continueRun(params: { readonly runId: number }): object;
  /** `active`: jobs that are under way; they are marked, and `Committed.aborting` names them to anyone who has them. */
  cancelRun(params: { readonly runId: number; readonly now: number }): { readonly active: readonly number[] };
  /** `active`: the job is under way; it is marked, and `Committed.aborting` names it to anyone who has it. */
  cancelJob(params: { readonly jobId: number; readonly now: number }): { readonly active: boolean };
  replay(params: ReplayParams): ReplayResult;
  /** Replayed jobs that no attempt has reached since are dead letters again, as they were. */
  recall(params: RecallParams): { readonly recalled: readonly number[] };
  /**
   * Keeps an edited payload of a dead letter for its next replay. `revision`: the number that it is going to have. `conflict` if the newest
   * payload isn't the one that was edited.
   */
  saveDraft(params: SaveDraftParams): { readonly revision: number };
  dropDraft(params: DropDraftParams): { readonly dropped: boolean };
  /** Answers a run: what waits for a signal of that name ends. `wrong-state` if it was answered, or the run has ended; `not-found` if nothing will wait for it. */
  signal(params: SignalParams): { readonly ended: readonly number[] };
  /** Delayed jobs are due immediately, and those that wait for a time go on. */
  retry(params: { readonly jobIds: readonly number[]; readonly now: number }): { readonly retried: readonly number[] };
  /** `reason`: why, for anyone who looks at them later. */
  discard(params: { readonly jobIds: readonly number[]; readonly now: number; readonly reason?: string }): { readonly discarded: readonly number[] };
  setQueue(params: SetQueueParams): void;
  declareSchedules(params: DeclareSchedulesParams): void;
  /** `queue-full`: nothing was decided. */
  decideSchedule(params: DecideScheduleParams): ScheduleOutcome;
  setSchedule(params: SetScheduleParams): object;
  /**
   * Moves jobs that wait, are under way or are dead letters to another queue, oldest first, and with the first of them whatever still brings
   * jobs into the queue. Repeat it while there is `more`. `queue-full`, before anything moves, if not all of those that wait have room in the other.
   */
  moveQueue(params: MoveQueueParams): { readonly moved: number; readonly more: boolean };
  /** Repeat it while there is `more`. */
  prune(params: PruneParams): { readonly more: boolean };
  /** Adds jobs to bulk work that is being prepared, in any order; the first call makes it, the `last` one begins it. */
  prepareBulk(params: PrepareBulkParams): { readonly bulkId: number };
  /** Acts on its next jobs, oldest first, `limit` at most. `active`: jobs that are under way and were marked, as by `cancelJob`. */
  advanceBulk(params: AdvanceBulkParams): BulkAdvance;
  /** What is `held` continues, with a rate or without. `wrong-state` for anything else. */
  continueBulk(params: { readonly bulkId: number; readonly rate?: BulkRate }): object;
  /** Ends what has not ended; with `takeBack`, what a replay has sent and no attempt has reached is taken back first, also after its end. */
  endBulk(params: EndBulkParams): object;
  /** Deletes bulk work that ended before, in chunks, and what a former daemon hasn't prepared to its end. Repeat it while there is `more`. */
  forgetBulks(params: ForgetBulksParams): { readonly more: boolean };
  /** Closes what the crash of a daemon interrupted; a part of a store's `open` and `recoverLost`. */
  recover(params: RecoverParams): Recovered;
  /** Moves steps and runs on, once the changes that touched them are written; a part of the other operations. */
  advance(params: { readonly steps: ReadonlyMap<number, StepProgress>; readonly now: number }): void;
}

export type Call = { [Name in keyof Operations]: { readonly name: Name; readonly params: Parameters<Operations[Name]>[0] } }[keyof Operations];

/** Why a step has to be looked at after a change. */
export interface StepProgress {
  succeeded: boolean;
  dead: boolean;
  /** Whatever its counts say. */
  look: boolean;
  /** Of a run that has just been made: that one is looked at. */
  runId?: number;
}

/** Which attempt of which job. */
export type AttemptRef = Pick<SettleParams, 'jobId' | 'attempt'>;

/** The time of its claim tells it from a later attempt of the same number: what goes back without having begun gives its number back. */
export interface ClaimedAttempt extends AttemptRef {
  readonly claimedAt: number;
}

export interface RecoverParams {
  /** Whose attempts are closed. */
  readonly daemon: number;
  readonly now: number;
  /** 0 <= n < 1, for the waits of jobs that crashed again and again. */
  readonly random: number;
  /** Attempts whose outcomes are known, though not in the store yet: they stay open for them. */
  readonly ended: readonly AttemptRef[];
  /** Attempts that are known not to have begun. */
  readonly unbegun: readonly ClaimedAttempt[];
}

export interface Recovered {
  /** Attempts that were closed as interrupted. */
  readonly interrupted: number;
  /** The first of their jobs. */
  readonly interruptedJobs: readonly number[];
  /** Those that are still open: how they ended is known. */
  readonly leftOpen: readonly AttemptRef[];
}

/** A queue takes no jobs for a while, because an answer meant "later". Times are wall time. */
export interface QueueHold {
  readonly until: number;
  /** Undefined for a hold that an earlier version has stored. */
  readonly by?: HoldReason;
}

export interface HoldReason {
  /** Whose attempt was answered so. */
  readonly jobId: number;
  /** The `cause` of its error: `429 Too Many Requests`. */
  readonly cause: string;
  /** What the answer asked for, even if the hold is shorter. */
  readonly retryAfterMs?: number;
  /** It wasn't answered: this machine has no network. */
  readonly machine?: true;
  /** It wasn't sent: the project's files don't say what the job needs, which `cause` tells. */
  readonly project?: true;
  readonly at: number;
}

export interface FanOutProgress {
  readonly stepId: number;
  readonly queue: string;
  /** Items turned into jobs, or left out as duplicates, so far. */
  readonly cursor: number;
  /** The file to read, and which daemon reads it where several share the store; undefined if an expression gives the items. */
  readonly file?: string;
  /** How a `.csv` is read, as far as the workflow says it. */
  readonly csv?: CsvFormat;
  readonly reader?: ItemReader;
  /** It has made as many jobs as the run may for now: there is nothing to do until `continueRun`. */
  readonly held?: boolean;
}

export interface CreateRunParams {
  readonly workflow: string;
  /** Content hash of `text`. */
  readonly version: string;
  readonly text: string;
  /** JSON. */
  readonly inputs: string;
  /** Each `foreach` of its main steps makes so many jobs, and the others when the run is continued. */
  readonly firstItems?: number;
  /** A person started it, if omitted. */
  readonly trigger?: NewTrigger;
  /** A workflow has one run of a key. */
  readonly key?: string;
  /** The job that makes it. `depth`: how many runs stand above it. */
  readonly parent?: { readonly jobId: number; readonly runId: number; readonly depth: number };
  readonly now: number;
}

export interface NewTrigger {
  /** What lists show. */
  readonly shown: RunTrigger;
  /** JSON: what expressions see as `trigger`. */
  readonly value: string;
}

export interface ClaimParams {
  readonly queue: string;
  readonly limit: number;
  readonly now: number;
  /** When each claimed job will start; kept until they are `keepStartsMs` old. One per job that `limit` allows. */
  readonly startAts?: readonly number[];
  readonly keepStartsMs?: number;
  /** Steps whose jobs are passed over, since this daemon lacks what they need. None if omitted. */
  readonly passing?: readonly StepOfVersion[];
  /** Other daemons claim from the queue as well: what starts is decided here over all of them (`shared-limits.ts`). `limit` is what this daemon has room for. */
  readonly shared?: true;
  /** Connections whose jobs are left where they are, because those of other queues come first. None if omitted. */
  readonly leaving?: readonly string[];
}

export interface ClaimResult {
  readonly jobs: readonly ClaimedJob[];
  /** Of a `shared` claim of a queue with a rate: when each of the jobs may start, in milliseconds from the claim on. Each has taken a start of the rate until it is settled as `rated`. */
  readonly starts?: { readonly rates: readonly Rate[]; readonly inMs: readonly number[] };
  /** Of a `shared` claim: its limits may let another start after so many milliseconds. */
  readonly nextInMs?: number;
  /** Of a `shared` claim of a queue with a rate: starts of all daemons within the window of each rate that ends now. */
  readonly rateUses?: readonly RateUse[];
  /** The connections with limits that it has met; omitted if there are none. */
  readonly connections?: readonly ConnectionStanding[];
}

export interface ClaimedJob {
  readonly jobId: number;
  readonly runId: number;
  readonly step: string;
  readonly version: string;
  readonly createdAt: number;
  readonly dueAt: number;
  /** Number of this attempt, over all rounds: the fence that `settle` takes. */
  readonly attempt: number;
  /** Attempts of this round that were charged, without this one. */
  readonly tries: number;
  readonly throttles: number;
  readonly round: number;
  readonly revision: number;
  /** JSON: what earlier attempts have achieved, of all rounds and revisions. */
  readonly progress?: string;
  /** JSON. */
  readonly payload: string;
  /** JSON of `SecretUse[]`. */
  readonly secrets?: string;
  /** What it takes up of its connection; omitted if that has no limits. A start is taken until the attempt is settled as `connected`. */
  readonly connection?: ConnectionPlace;
}

export interface SettleParams {
  readonly jobId: number;
  readonly attempt: number;
  /** When it began; when it was claimed, if it is missing. */
  readonly startedAt?: number;
  readonly endedAt: number;
  readonly outcome: AttemptOutcome;
  /** JSON, masked and bounded. */
  readonly request?: string;
  readonly response?: string;
  /** The queue takes no jobs before it ends, unless one that ends later is there already. */
  readonly hold?: QueueHold;
  /** It has taken a start of a rate that daemons share: by now it counts, or, of what is `returned`, is free again. */
  readonly rated?: true;
  /** The same of a start of its connection. */
  readonly connected?: true;
  /** Of a `rated` or `connected` attempt: so long before this is handed in its receiver had counted it, in milliseconds. If omitted, only now. */
  readonly countedAgoMs?: number;
}

/** What has become of outcomes that were handed in, by their places in that list. Those that aren't named are in the store. */
export interface Settled {
  /** Of an attempt that no longer counts. */
  readonly refused: readonly number[];
  /** Not written, for a reason that is their own. */
  readonly failed: readonly { readonly index: number; readonly error: unknown }[];
}

/** `progress`: JSON of what the job's attempts have achieved so far; what stood before stays if it is left out. */
export type AttemptOutcome =
  /** `warning`: what a person should know of it all the same. */
  /** `output`: JSON; as UTF-8 where it is large. */
  /** `page`: where the page was read, of a step with `paginate`. */
  | { readonly kind: 'succeeded'; readonly output: string | Uint8Array; readonly warning?: string; readonly page?: PagePlace }
  | { readonly kind: 'retry'; readonly dueAt: number; readonly charged: boolean; readonly error: JobError; readonly progress?: string }
  | { readonly kind: 'dead'; readonly error: JobError; readonly progress?: string }
  /** It has nothing to do until something comes: its job leaves its place in the queue, and the attempt ends when it has come. */
  | { readonly kind: 'wait'; readonly wait: Wait }
  /** It never started: it goes back as if it hadn't been claimed. */
  | { readonly kind: 'returned' }
  /** A stop cut it off: it goes back as it was. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'cancelled' };

export type Wait =
  /** A time. */
  | { readonly for: 'time'; readonly until: number }
  /** An answer, see `SignalParams`. `until`: how long at most; for ever if it is missing. */
  | { readonly for: 'signal'; readonly name: string; readonly until?: number; readonly onTimeout: 'fail' | 'continue' }
  /** The end of another run, which is made first. `detached`: it isn't waited for. */
  | { readonly for: 'run'; readonly run: Omit<CreateRunParams, 'now' | 'parent'>; readonly detached: boolean };

export interface SignalParams {
  readonly runId: number;
  readonly name: string;
  /** JSON, masked. */
  readonly payload: string;
  /** Who answers, for anyone who looks at it. */
  readonly by: string;
  /** The hash of the link by which it was answered: refused unless the link is one for this name of the run, and holds. */
  readonly link?: string;
  readonly now: number;
}

export interface FanOutParams {
  readonly stepId: number;
  readonly now: number;
  /** Items to take at most. */
  readonly limit: number;
  /**
   * The next items as JSON, if they come from a file. `from`: the place of the first of them among all; those that are jobs already, no matter who made them, are
   * skipped. `last`: there are no more.
   */
  readonly rows?: { readonly from: number; readonly items: readonly string[]; readonly last: boolean };
}

export interface FanOutResult {
  /** `held`: the run takes no more items until it is continued. */
  readonly kind: 'more' | 'done' | 'full' | 'held' | 'closed';
  readonly cursor: number;
}

export interface SetQueueParams {
  readonly queue: string;
  readonly paused?: boolean;
  /** `null`: no limit; `'file'`: back to what the file says. */
  readonly rate?: RateLimit | 'none' | 'file';
  readonly concurrency?: number | 'file';
  /** `null` lifts it. */
  readonly hold?: null;
}

export interface DeclareSchedulesParams {
  readonly schedules: readonly { readonly workflow: string; readonly schedule: Schedule }[];
  /** Workflows whose files can't be read as they are: their schedules stay as they were. */
  readonly unreadable: readonly string[];
  readonly now: number;
}

export interface DecideScheduleParams {
  readonly id: number;
  /** Up to where it had been decided, for whoever decided this. */
  readonly from: number;
  readonly until: number;
  /** Times between them that start nothing, and the last of these. */
  readonly missed: number;
  readonly missedAt?: number;
  readonly start?: { readonly at: number; readonly run: Omit<CreateRunParams, 'trigger' | 'key' | 'now'> };
  /** Why a time could not start a run. */
  readonly problem?: Message;
  readonly now: number;
}

/** `existed`: that time has a run already. */
export type ScheduleOutcome = { readonly outcome: 'stale' | 'decided' } | { readonly outcome: 'started' | 'existed'; readonly runId: number };

export interface SetScheduleParams {
  readonly id: number;
  readonly paused: boolean;
  readonly now: number;
}

export interface MoveQueueParams {
  readonly queue: string;
  readonly to: string;
  /** Jobs that this call moves at most. */
  readonly limit: number;
  /** The first call for these two: the queue's starts count in the rate of the other as well. */
  readonly isFirst: boolean;
}

export interface PruneParams {
  readonly now: number;
  /** Runs that ended before are deleted, unless they have dead letters. */
  readonly runsBefore: number;
  /** Dead letters of these queues that died before are discarded. */
  readonly deadLetters: readonly { readonly queue: string; readonly before: number }[];
  readonly limit: number;
}
