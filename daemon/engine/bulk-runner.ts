import { rm } from 'node:fs/promises';
import { CodedError, toldOfError } from '../../schemas/protocol/error.ts';
import { formatBulkId, isBulkEnded, parseBulkId } from '../../schemas/protocol/bulk.ts';
import type { Clock } from '../core/clock.ts';
import type { BulkAdvance } from '../ledger/bulk-call.ts';
import type { Store } from '../store/store.ts';
import { Listeners } from '../platform/listeners.ts';
import { partialFileOf, writeExport } from './bulk-export.ts';
import { StoppableWaits } from './due-timer.ts';

/** Jobs of one transaction: some milliseconds, for which a claim may have to wait. */
const chunk = 500;
/** Dead letters of an export that are written before it is kept how far it is. */
const exportChunk = 200;
const forgetChunk = 1000;
/** A store that can't be written is tried again so much later, in milliseconds. */
const afterTroubleMs = 1000;
/** How long bulk work that has ended can be looked at, in milliseconds. */
const keptMs = 7 * 24 * 3_600_000;

export interface BulkRunnerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'advanceBulk' | 'endBulk' | 'forgetBulks' | 'listBulks' | 'getJob'>;
  /** The store can't be written just now, or there is a bug. */
  readonly onError: (error: unknown) => void;
}

/** `resting`: it has ended, or is held. `interrupted`: the store or the daemon can't continue with it now; it continues later by itself. */
export type BulkPause = 'resting' | 'interrupted';

/** Carries bulk work on, chunk by chunk, so that everything else continues between them; after a restart, where it was. */
export class BulkRunner {
  readonly #options: BulkRunnerOptions;
  readonly #underWay = new Map<number, Promise<void>>();
  readonly #listeners = new Listeners<number>();
  /** The waits of those that the store keeps from going on. */
  readonly #pauses: StoppableWaits;
  #stopping = false;

  constructor(options: BulkRunnerOptions) {
    this.#options = options;
    this.#pauses = new StoppableWaits(options.clock);
  }

  /** Whether there is nothing to do, or nothing that can be done now. */
  get idle(): boolean {
    return this.#underWay.size === this.#pauses.size;
  }

  /** Calls back when bulk work has come further, or has another state. Returns what ends it. */
  onChange(listener: (bulkId: number) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** To be called before any bulk work is prepared: forgets what a crash has left half prepared. */
  async start(): Promise<void> {
    await this.#forget(true).catch(this.#options.onError);
  }

  /** Takes up what a former daemon left, or one that others have lost. Where that lives all the same both carry it on, chunk by chunk in turn. */
  async takeUp(): Promise<void> {
    try {
      for (const { id, state, file } of await this.#options.store.listBulks()) {
        const bulkId = parseBulkId(id) ?? 0;
        if (this.#underWay.has(bulkId)) continue;
        if (!isBulkEnded(state)) void this.run(bulkId);
        // A crash came between the end and this.
        else if (file !== undefined) await rm(partialFileOf({ file }, id), { force: true }).catch(() => undefined);
      }
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Ends after the chunks that are under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pauses.stop();
    await Promise.all(this.#underWay.values());
  }

  /** Continues with it. Resolves at its first pause; never rejects. */
  run(bulkId: number): Promise<BulkPause> {
    const paused = Promise.withResolvers<BulkPause>();
    const before = this.#underWay.get(bulkId) ?? Promise.resolve();
    const work = before
      .then(() => this.#advance(bulkId, () => paused.resolve('interrupted')))
      .then((isResting) => paused.resolve(isResting ? 'resting' : 'interrupted'))
      .finally(() => {
        if (this.#underWay.get(bulkId) === work) this.#underWay.delete(bulkId);
      });
    this.#underWay.set(bulkId, work);
    return paused.promise;
  }

  /** Somebody has done something to it that no chunk tells of. */
  changed(bulkId: number): void {
    this.#listeners.tell(bulkId);
  }

  /** True when there is nothing more to do for now, false when the daemon stops first. */
  async #advance(bulkId: number, onTrouble: () => void): Promise<boolean> {
    const { store, clock, onError } = this.#options;
    while (!this.#stopping) {
      try {
        const { more, exporting } = await store.advanceBulk({ bulkId, limit: chunk, now: clock.now() });
        this.changed(bulkId);
        if (exporting !== undefined) {
          if (!(await this.#export(bulkId, exporting))) return false;
        } else if (more) continue;
        void this.#forget(false).catch(onError);
        return true;
      } catch (error) {
        onError(error);
        if (!(error instanceof CodedError && error.code === 'store-unavailable')) {
          await this.#fail(bulkId, error);
          return true;
        }
        onTrouble();
        await this.#pauses.wait(afterTroubleMs);
      }
    }
    return false;
  }

  /** False when the daemon stops first. @throws as a store does: it begins again then */
  async #export(bulkId: number, { target }: NonNullable<BulkAdvance['exporting']>): Promise<boolean> {
    const { store, clock } = this.#options;
    const partial = partialFileOf(target, formatBulkId(bulkId));
    const outcome = await writeExport(target, partial, {
      next: async (progress) => {
        const { exporting } = await store.advanceBulk({ bulkId, limit: exportChunk, now: clock.now(), exported: progress });
        this.changed(bulkId);
        return exporting?.next;
      },
      read: (jobId) => store.getJob({ jobId }),
      isStopping: () => this.#stopping,
    });
    if (outcome.kind === 'placed') {
      await store.advanceBulk({ bulkId, limit: 0, now: clock.now(), exported: 'placed' });
      await rm(partial, { force: true }).catch(() => undefined);
    } else if (outcome.kind === 'failed') await store.endBulk({ bulkId, now: clock.now(), problem: outcome.problem });
    this.changed(bulkId);
    return outcome.kind !== 'interrupted';
  }

  async #fail(bulkId: number, error: unknown): Promise<void> {
    const { store, clock, onError } = this.#options;
    await store.endBulk({ bulkId, now: clock.now(), problem: toldOfError(error) }).catch(onError);
    this.changed(bulkId);
  }

  async #forget(unprepared: boolean): Promise<void> {
    const { store, clock } = this.#options;
    for (let more = true; more && !this.#stopping;) ({ more } = await store.forgetBulks({ endedBefore: clock.now() - keptMs, unprepared, limit: forgetChunk }));
  }
}
