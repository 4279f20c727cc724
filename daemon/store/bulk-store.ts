import type { BulkView } from '../../schemas/protocol/bulk.ts';
import type { ReplayTally } from '../../schemas/protocol/replay.ts';
import type { AdvanceBulkParams, BulkAdvance, BulkRate, EndBulkParams, ForgetBulksParams, PrepareBulkParams } from '../ledger/bulk-call.ts';

export type { BulkRate, BulkRequest } from '../ledger/bulk-call.ts';

/**
 * Bulk work: many jobs, selected once, and acted on chunk by chunk. How far it has come is written in the transaction that moves the jobs, so
 * a crash in the middle neither leaves one out nor counts one twice.
 *
 *     prepareBulk* -> running -> done
 *                        |-> held -> running
 *                        |-> taking-back -> cancelled      a replay also when it was done
 *                        \-> cancelled | failed
 *
 * One that wasn't prepared to its end is no bulk work: `forgetBulks` deletes it.
 */
export interface BulkStore {
  /** Adds jobs to bulk work that is being prepared, in any order; the first call makes it, the `last` one begins it. */
  prepareBulk(params: PrepareBulkParams): Promise<{ readonly bulkId: number }>;
  /** Acts on its next jobs, oldest first, 'limit' at most. `active`: jobs that are under way and were marked: their attempts have to be aborted. */
  advanceBulk(params: AdvanceBulkParams): Promise<BulkAdvance>;
  /** What is `held` goes on, with a rate or without. Rejects with `wrong-state` for anything else. */
  continueBulk(params: { readonly bulkId: number; readonly rate?: BulkRate }): Promise<object>;
  /**
   * Ends what has not ended; with `takeBack`, what a replay has sent and no attempt has reached is taken back first, also after its end. Rejects with
   * `wrong-state`.
   */
  endBulk(params: EndBulkParams): Promise<object>;
  /** Deletes bulk work that ended before, in chunks, and what a former daemon hasn't prepared to its end. Repeat it while there is `more`. */
  forgetBulks(params: ForgetBulksParams): Promise<{ readonly more: boolean }>;

  /** Undefined where there is none of that number. */
  getBulk(params: { readonly bulkId: number }): Promise<BulkView | undefined>;
  /** The newest first: a hundred, and all that have not ended. */
  listBulks(): Promise<readonly BulkView[]>;
  /** What has become of those that it replayed. */
  bulkTally(params: { readonly bulkId: number }): Promise<ReplayTally>;
  /** The oldest of the jobs that it has acted on. */
  bulkJobs(params: { readonly bulkId: number; readonly limit: number }): Promise<readonly number[]>;
}
