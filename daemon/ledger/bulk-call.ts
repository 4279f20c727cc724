import type { Message } from '../../schemas/wording/message.ts';
import type { BulkAction, ExportFormat } from '../../schemas/protocol/bulk.ts';

/**
 * What a store is asked to do with bulk work: many jobs, or runs, selected once, and acted on chunk by chunk. How far it has come is written in the transaction
 * that moves the jobs, so a crash in the middle neither leaves one out nor counts one twice.
 *
 *     prepareBulk* -> running -> done
 *                        |-> held -> running
 *                        |-> taking-back -> cancelled      a replay also when it was done
 *                        \-> cancelled | failed
 *
 * One that wasn't prepared to its end is not a bulk work: `forgetBulks` deletes it.
 */

export interface BulkRate {
  /** As a person has written it: `10/min`. */
  readonly text: string;
  readonly spacingMs: number;
}

export interface BulkRequest {
  readonly action: BulkAction;
  /** It holds when it has come to this many jobs. */
  readonly canary?: number;
  /** Of a replay. */
  readonly rate?: BulkRate;
  /** Of a replay: drafts are left as they are, unsent. */
  readonly originals?: boolean;
  readonly reason?: string;
  /** Of an export. */
  readonly exportTo?: ExportTarget;
}

export interface ExportTarget {
  /** Absolute, on the machine of the daemon that carries the export out. */
  readonly file: string;
  readonly format: ExportFormat;
  readonly overwrite: boolean;
}

/** How far the file of an export is written. */
export interface ExportProgress {
  readonly done: number;
  readonly skipped: number;
  readonly edited: number;
  /** The number of the last job that it has come to. */
  readonly cursor: number;
}

export interface PrepareBulkParams {
  /** Undefined: of a new one. */
  readonly bulkId?: number;
  readonly request: BulkRequest;
  /** Of `cancel-runs`: numbers of runs, here and in `bulk_jobs`. */
  readonly jobIds: readonly number[];
  readonly last: boolean;
  readonly now: number;
}

export interface AdvanceBulkParams {
  readonly bulkId: number;
  readonly limit: number;
  readonly now: number;
  /** Of an export, by the one who writes its file: how far that is, or that it is in its place. */
  readonly exported?: ExportProgress | 'placed';
}

export interface BulkAdvance {
  /** It is still `running` or `taking-back`. */
  readonly more: boolean;
  readonly active: readonly number[];
  /** Of an export that is running: where it is written, and the jobs that come next after `exported`. */
  readonly exporting?: { readonly target: ExportTarget; readonly next: readonly number[] };
}

export interface EndBulkParams {
  readonly bulkId: number;
  readonly now: number;
  readonly takeBack?: boolean;
  readonly problem?: Message;
}

export interface ForgetBulksParams {
  readonly endedBefore: number;
  readonly unprepared: boolean;
  readonly limit: number;
}
