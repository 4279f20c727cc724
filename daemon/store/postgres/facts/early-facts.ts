import type { ClaimParams } from '../../../ledger/call.ts';
import type { QueueRow } from '../../../ledger/row.ts';
import type { SharedStart } from '../../../core/rate-window.ts';
import type { Snapshot } from '../../../ledger/snapshot.ts';
import type { Values } from '../../row-columns.ts';
import { dueJobsOf, dueRows } from './job-facts.ts';
import { activeIn, lastStarts, limitedConnections, serverTime, sharedLimits } from './limit-facts.ts';
import type { Loading } from './loading.ts';

/** Whether what was read of pending jobs is still what a claim would read now. */
export interface SinceThen {
  /** Jobs of that queue came to wait. */
  readonly arrivedIn: (queueId: number) => boolean;
  /** Jobs of some steps are to be cancelled, or waited for. */
  readonly hasCascades: () => boolean;
}

/**
 * What a claim asks for one after the other, sent with the first statements of its batch: one round trip instead of four. It is read after the queue's row is locked, if
 * the queue has a limit; and of pending jobs only if no rate keeps most of them from starting.
 */
export class EarlyFacts {
  readonly #loading: Loading;
  readonly #params: ClaimParams;
  readonly #queueId: number;
  readonly #wasLimited: boolean;
  readonly #limits: Promise<QueueRow>;
  readonly #time: Promise<number>;
  readonly #active: Promise<number> | undefined;
  readonly #starts: Promise<readonly SharedStart[]> | undefined;
  readonly #due: Promise<readonly Values[]> | undefined;
  readonly #connections: Promise<ReadonlySet<string>>;

  /** `isRated`: the batch ends attempts of rates before the claim, so that starts count otherwise by then. */
  constructor(loading: Loading, queueId: number, params: ClaimParams, { isRated }: { readonly isRated: boolean }) {
    const { tx, memory } = loading;
    const known = memory.limitedQueues.get(queueId);
    this.#loading = loading;
    this.#params = params;
    this.#queueId = queueId;
    this.#wasLimited = known !== undefined;
    this.#limits = kept(sharedLimits(loading, queueId));
    this.#connections = kept(limitedConnections(tx));
    this.#time = kept(memory.hasServerClock ? serverTime(tx) : Promise.resolve(params.now));
    this.#active = known?.hasConcurrency === true ? kept(activeIn(tx, queueId)) : undefined;
    this.#starts = known?.startsOfRate === undefined || isRated ? undefined : kept(lastStarts(tx, queueId, known.startsOfRate));
    this.#due = known?.startsOfRate !== undefined || (params.passing ?? []).length > 0 ? undefined : kept(dueRows(tx, queueId, params.limit));
  }

  /** Into the snapshot of the claim. */
  async tell(snapshot: Snapshot, { arrivedIn, hasCascades }: SinceThen): Promise<void> {
    const { unsure, memory } = this.#loading;
    const [limits, time, active, starts, due] = await Promise.all([this.#limits, this.#time, this.#active, this.#starts, this.#due]);
    unsure.limitedConnections = await this.#connections;
    snapshot.set('sharedLimits', this.#queueId, limits);
    const known = memory.limitedQueues.get(this.#queueId);
    // What was read before its row was locked says nothing.
    if (known !== undefined && !this.#wasLimited) return;
    snapshot.set('storeTime', this.#params.now, time);
    if (active !== undefined) snapshot.set('activeIn', this.#queueId, active + (unsure.moves.get(this.#queueId)?.active ?? 0));
    if (starts !== undefined && known?.startsOfRate !== undefined) snapshot.set('lastStarts', this.#queueId, starts, known.startsOfRate);
    if (due !== undefined && !arrivedIn(this.#queueId) && !hasCascades()) snapshot.set('due', this.#queueId, dueJobsOf(due, unsure, snapshot), this.#params.limit);
  }
}

/** Nobody may be waiting for it when it fails: the transaction looks at all. */
function kept<Value>(answer: Promise<Value>): Promise<Value> {
  answer.catch(() => {});
  return answer;
}
