import type { FanOutProgress, SettleParams } from '../ledger/call.ts';
import type { ClockAnchor } from '../core/clock.ts';
import type { RestoredStart } from '../core/rate-window.ts';
import type { Message } from '../../schemas/wording/message.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import type { DeclaredConnection } from '../ledger/connection-limits.ts';
import type { Declared } from '../ledger/declarations.ts';
import type { KeptQueue, QueueOrders } from '../ledger/queue-orders.ts';
import type { DaemonStore } from './daemon-store.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { FigureStore } from './figure-store.ts';
import type { RunStore } from './run-store.ts';
import type { TokenStore } from './token-store.ts';
import type { ViewStore } from './view-store.ts';

export type { EvaluateParams } from '../ledger/evaluating.ts';
export type {
  AttemptOutcome, ClaimParams, ClaimResult, ClaimedJob, CreateRunParams, FanOutParams, FanOutResult, FanOutProgress, HoldReason,
  MoveQueueParams, PruneParams, QueueHold, SetQueueParams, SettleParams, Settled,
} from '../ledger/call.ts';
export type { DropDraftParams, ReplayParams, ReplayResult, SaveDraftParams } from '../ledger/dead-letter-call.ts';
export type { QueueOrders } from '../ledger/queue-orders.ts';
export type { CheckIn, CheckInParams, DaemonAbout, DeclarationsStanding, LostRecovered, RecoverLostParams, SaidOfItself, SharingDaemon } from './daemon-store.ts';
export type { AlertBook, AlertChange, JobsAheadParams, KeepAlertBookParams, KeptAlert, RecordSeriesParams, SeriesParams, StoreCheck, StoreSize, StoredAlert } from './figure-store.ts';
export type { LedgerOperation, Prefetch, Settlement, Urgency } from './run-store.ts';
export type { BulkRequest } from '../ledger/bulk-call.ts';
export type { DeadGroupsParams, DraftCount, ListJobsParams, ListRunsParams, SignalLinkParams, SignalWaitsParams } from './view-store.ts';

/**
 * Where runs and jobs are kept. Everything above it knows this interface only, and no SQL.
 *
 * - Each method is one transaction; calls made in the same turn of the event loop share one, and one fsync.
 * - A promise resolves once what it says is as durable as the store is configured to be. How attempts ended may survive a crash before that
 *   (`Settlement`), so that an effect that was made isn't made again because the process died.
 * - Times are handed in, in milliseconds since the epoch, so that tests decide what time it is.
 * - Runs and jobs are numbers here, and `r12` or `j4031` in the views, which have the protocol's shapes.
 * - Rejects with a `CodedError`: `not-found`, `wrong-state`, `queue-full`, `store-unavailable`.
 *
 * Ending an attempt, advancing its step and its run, and making the jobs that follow happen in one transaction, inside
 * `settle`. The decisions are those of `daemon/ledger/`; a store only carries them out.
 */
export interface Store extends RunStore, ViewStore, DeliveryStore, FigureStore, TokenStore, DaemonStore {
  /**
   * Migrates, closes what a crash of this daemon interrupted, and gets ready. Attempts of other daemons that share the store are theirs: see `recoverLost`. Call it before anything else; where it was rejected, it may be called again.
   *
   * Rejects with `store-unavailable` where the store can't be used now; `noRoom` in its data: for want of room on the disk, and `look` may do; `away`: its server
   * can't be reached, or isn't ready; `unusable`: this process can't use it again, which any other method may say as well.
   */
  open(params: OpenParams): Promise<OpenResult>;
  /** Makes what is in the store readable without writing anything, until `open`: for a disk that is full. Everything that writes is refused meanwhile. */
  look(params: LookParams): Promise<LookResult>;
  /**
   * Copies all that is in the store into a new `file`, as durable as a file can be, and takes nothing more: for a store whose own file has lost its name.
   * Rejects where there is a file already or it can't be written: then all is as before.
   */
  retire(params: { readonly file: string }): Promise<void>;
  /**
   * Copies all that is in the store at this moment into the new file `to`, an absolute path, while work goes on. Answers with its size in bytes.
   *
   * Rejects with `conflict` if the file exists, `store-unavailable` where it can't be written, and where the store has no file of its own.
   */
  backUp(params: { readonly to: string; readonly now: number }): Promise<{ readonly bytes: number }>;
  /**
   * Whether something else has written over the store's file in place. From then on everything that writes is refused, and `close` leaves the log as it is:
   * written into that file it would be lost, and damage it. Rejects where that can't be told now.
   */
  isOverwritten(): Promise<boolean>;
  /** Gives memory back that large values have left behind. To be called when little happens: what comes meanwhile waits for some tens of milliseconds. */
  releaseMemory(): Promise<void>;
  /** Waits for what is under way. Idempotent. */
  close(): Promise<void>;
  /** Calls back after each transaction, with what it changed: this daemon's own and those of others that share the store alike. */
  onCommit(listener: (committed: Committed) => void): void;
  /**
   * What new jobs take from their queue, and what expressions see of the environment. Replaces what was set before, but for queues
   * that are not declared now: the last declaration of each is kept, over restarts too, and answered with those of `queues`. So what
   * is answered are the limits that hold. Where daemons share the store, the declarations of one of them hold for all (`ledger/declarations.ts`): `holds` is false if it isn't
   * this one, and then nothing that it declares replaces anything.
   */
  configure(params: ConfigureParams): Promise<Configured>;
  /** The last declaration of a queue holds no more: it has the defaults, whatever is in it. With `onlyEmpty`: not while it has jobs. */
  forgetLimits(params: { readonly queue: string; readonly onlyEmpty?: boolean }): Promise<{ readonly forgotten: boolean }>;
  /**
   * Moves the wall times of everything that waits, because the wall clock was set: due times, holds, and recorded starts. What has happened keeps
   * its time. `anchor` is of the clock as it is now.
   */
  shiftWaits(params: { readonly byMs: number; readonly anchor: ClockAnchor }): Promise<void>;
}

export interface OpenParams {
  /** The time of opening. */
  readonly anchor: ClockAnchor;
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
  /** An older Sluice has written it: how much room it takes to bring it up to date. */
  readonly older?: { readonly problem: Message; readonly neededBytes: number };
}

export interface OpenResult {
  /** 8 characters that tell this store from any other; part of every idempotency key. */
  readonly storeId: string;
  /** Anyone who had it before has closed it. False if that one died, and in a store that is new. */
  readonly wasClosed: boolean;
  /** The name under which this daemon is known to the others, if it isn't the one that it was given: a copy of its machine is alive under that one. */
  readonly seat?: string;
  /** Attempts that a crash of this daemon cut off. */
  readonly interrupted: number;
  /** Their jobs, twenty at most, the oldest first. */
  readonly interruptedJobs: readonly number[];
  /** How far the wall clock was set since the store was last written, forward if positive: what waits was moved with it. Milliseconds. */
  readonly shiftMs: number;
  /** Outcomes that survived a crash and have not come into the store: settle them, once it is configured. */
  readonly unsettled: readonly SettleParams[];
  readonly queues: readonly StoredQueue[];
  readonly committed: Committed;
}

/** What a queue keeps over restarts. */
export interface StoredQueue extends KeptQueue {
  /** Recorded starts, oldest first. */
  readonly starts: readonly RestoredStart[];
}

export interface Committed {
  /** Queues whose jobs have moved. */
  readonly queues: readonly QueueChange[];
  /** Runs that have changed; undefined when they are too many to list. */
  readonly runs: readonly number[] | undefined;
  /** When the next delayed job is due. */
  readonly nextDueAt?: number;
  /** Steps whose items are being turned into jobs. */
  readonly expanding: readonly FanOutProgress[];
  /** Some steps have jobs that are still to be cancelled or reopened: `cascade` does it. */
  readonly cascading: boolean;
  readonly runningRuns: number;
  /** Jobs under way that were marked as cancelled: anyone who has them aborts their attempts, and settles them as cancelled. */
  readonly aborting?: readonly number[];
  /** A daemon's files declare something else than before. */
  readonly declared?: true;
  /** Queues that a person has told something, as they are told now. Holds that receivers asked for are not among it: each daemon is told by its own. */
  readonly orders?: readonly QueueOrders[];
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

/** What holds. */
export interface Configured {
  readonly queues: readonly QueueDefinition[];
  /** Those with limits. */
  readonly connections: readonly DeclaredConnection[];
  /** What this daemon declares holds; omitted if it does. */
  readonly holds?: boolean;
}

export interface ConfigureParams {
  readonly queues: readonly QueueDefinition[];
  /** Those that are declared, but not so that it counts: what holds for one of which the store has nothing better. */
  readonly doubtful?: readonly QueueDefinition[];
  /** All connections that a file without errors declares, with their limits. */
  readonly connections?: readonly DeclaredConnection[];
  /** As `doubtful`. */
  readonly doubtfulConnections?: readonly DeclaredConnection[];
  readonly env: Readonly<Record<string, string>>;
  /** What this daemon's files declare, for daemons that share the store to compare, and the time. It holds if omitted. */
  readonly declared?: { readonly parts: Declared; readonly now: number };
}

