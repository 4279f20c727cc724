import type { BulkAction } from '../../schemas/protocol/bulk.ts';

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
}

export interface BulkAdvance {
  /** It is still `running` or `taking-back`. */
  readonly more: boolean;
  readonly active: readonly number[];
}

export interface EndBulkParams {
  readonly bulkId: number;
  readonly now: number;
  readonly takeBack?: boolean;
  readonly problem?: string;
}

export interface ForgetBulksParams {
  readonly endedBefore: number;
  readonly unprepared: boolean;
  readonly limit: number;
}
