import type { ClockAnchor } from '../core/clock.ts';
import type { QueueBucket, SeriesStep } from '../core/queue-series.ts';
import type { AlertKind, AlertSeverity } from '../../schemas/workflow/alert.ts';

/** What is kept besides runs and jobs: what queues did, what is raised, and how the store itself is. */
export interface FigureStore {
  /**
   * Adds what queues did to their series, in steps of each of `seriesResolutions`, and forgets what these keep no longer. A step that is
   * recorded twice, as over a restart, is the sum of both, with the newer depths. The clock is kept with it, for the next `open`.
   */
  recordSeries(params: RecordSeriesParams): Promise<void>;
  /**
   * The steps of a queue within `from` and `to`, in which something happened, oldest first, after the last one before `from`: it has the
   * depths at `from`.
   */
  series(params: SeriesParams): Promise<readonly SeriesStep[]>;
  saveAlerts(params: { readonly alerts: readonly AlertChange[] }): Promise<object>;
  /** What is raised just now, or was when the daemon ended. */
  listAlerts(): Promise<readonly StoredAlert[]>;
  /** What is kept of telling alerts to people: a book of each receiver, and one of what is muted. See `daemon/alerts/`. */
  listAlertBooks(): Promise<readonly AlertBook[]>;
  /** Writes a book, or removes it, if nobody else has since it was read at `version` (0: there was none). */
  keepAlertBook(params: KeepAlertBookParams): Promise<{ readonly kept: boolean }>;
  /** Since when the pending job of each queue that has been due longest is due. */
  oldestPending(): Promise<Readonly<Record<string, number>>>;
  /** How many pending jobs of its queue come before a pending job; `most` at most. 0 of any other. */
  jobsAhead(params: JobsAheadParams): Promise<{ readonly ahead: number }>;
  /** Bytes on disk, with its log. */
  size(): Promise<StoreSize>;
  /**
   * Gives free space of the store's file back, of up to so many pages: some milliseconds' work for 100 of them. Answers with what is there then;
   * a store that can't do that has as much free as before. The disk has the space at the `last` step at the latest.
   */
  reclaim(params: { readonly pages: number; readonly last?: boolean }): Promise<StoreSize>;
  /** Writes something and nothing else: whether the store can be written again. */
  probe(params: { readonly now: number }): Promise<void>;
  check(): Promise<readonly StoreCheck[]>;
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

export interface AlertBook {
  readonly name: string;
  /** Goes up with each change. */
  readonly version: number;
  /** JSON. */
  readonly content: string;
}

export interface KeepAlertBookParams {
  readonly name: string;
  readonly version: number;
  /** Undefined: it is removed. */
  readonly content?: string;
}

export interface RecordSeriesParams {
  /** A time within the step. */
  readonly at: number;
  /** Of the clock by which the waits in the store go. */
  readonly anchor: ClockAnchor;
  readonly steps: readonly (QueueBucket & { readonly queue: string })[];
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

export interface JobsAheadParams {
  readonly jobId: number;
  /** No more are counted. */
  readonly most: number;
}
