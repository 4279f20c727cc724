import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { openProjectFile } from '../actions/project-file.ts';
import { lacksResources, MachineTroubleError } from '../core/machine-trouble.ts';
import { openRegularFile } from '../../platform/regular-file.ts';
import type { Committed, FanOutProgress, Store } from '../store/store.ts';
import type { Clock } from '../core/clock.ts';
import { readItemCopy, writeItemCopy, type ItemCopyResult } from './item-copy.ts';
import { StoppableWaits } from './due-timer.ts';

/** Items that one transaction turns into jobs: some milliseconds, for which a claim may have to wait. */
const chunk = 500;
/** A fan-out that failed is tried again so much later, in milliseconds: soon where the store says that it can't be written. */
const afterTroubleMs = 1000;
const afterFailureMs = 10_000;

export interface FanOutOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** Part of the names of copies: a step of that number of another store, kept in the same folder before, is another step. */
  readonly storeId: () => string;
  /** The store or the disk can't continue just now, or there is a bug; either way it is tried again soon. */
  readonly onError: (error: unknown) => void;
}

/**
 * Turns the items of `foreach` steps into jobs, chunk by chunk. How far it has come is in the store, in the same
 * transaction as the jobs, so a crash in the middle neither loses an item nor makes one twice. A file is read, checked and copied into the
 * project's state as a whole before its first item becomes a job: what is wrong in its last line is known before anything is sent, and what
 * happens to it later changes nothing.
 */
export class FanOut {
  readonly #options: FanOutOptions;
  readonly #underWay = new Map<number, Promise<void>>();
  /** As of the last commit. */
  #open: readonly FanOutProgress[] = [];
  /** Fan-outs that wait for room, by queue. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** How often a commit has changed each queue. */
  readonly #changes = new Map<string, number>();
  /** The waits of those that failed. */
  readonly #pauses: StoppableWaits;
  #stopping = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.#pauses = new StoppableWaits(options.clock);
  }

  /** Whether each of them waits for room in its queue, or to be tried again. */
  get idle(): boolean {
    const waiting = [...this.#waiting.values()].reduce((sum, one) => sum + one.length, 0);
    return this.#underWay.size === waiting + this.#pauses.size;
  }

  /** Takes up what isn't under way yet, and wakes what waits for room in a queue. */
  committed({ expanding, queues }: Pick<Committed, 'expanding' | 'queues'>): void {
    for (const { name } of queues) {
      this.#changes.set(name, this.#changesOf(name) + 1);
      this.#wake(name);
    }
    this.#open = expanding;
    this.#takeUp();
  }

  /** Queues may have room for other reasons than a commit. */
  wakeAll(): void {
    for (const name of [...this.#waiting.keys()]) this.#wake(name);
  }

  /**
   * Deletes copies that were made before, but those of open fan-outs. One that is cut short leaves its copy behind, because a
   * replay may reopen its step.
   */
  async forget(before: number): Promise<void> {
    const open = new Set(this.#open.map((progress) => this.#copyName(progress.stepId)));
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const copy = path.join(this.#folder, name);
      if (open.has(path.parse(name).name)) continue;
      const { mtimeMs } = await stat(copy);
      if (mtimeMs < before) await rm(copy, { force: true });
    }
  }

  /** Ends after the chunk that is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wakeAll();
    this.#pauses.stop();
    await Promise.all(this.#underWay.values());
  }

  get #folder(): string {
    return path.join(this.#options.stateFolder, 'items');
  }

  #copyName(stepId: number): string {
    return `${this.#options.storeId()}-${stepId}`;
  }

  #takeUp(): void {
    if (this.#stopping) return;
    for (const progress of this.#open) {
      if (progress.held === true || this.#underWay.has(progress.stepId)) continue;
      const work = this.#try(progress).finally(() => {
        this.#underWay.delete(progress.stepId);
        // It may have been reopened, or have failed, meanwhile.
        this.#takeUp();
      });
      this.#underWay.set(progress.stepId, work);
    }
  }

  async #try(progress: FanOutProgress): Promise<void> {
    try {
      await this.#fanOut(progress);
    } catch (error) {
      this.#options.onError(error);
      await this.#pauses.wait(error instanceof CodedError ? afterTroubleMs : afterFailureMs);
    }
  }

  async #fanOut(progress: FanOutProgress): Promise<void> {
    if (progress.file === undefined) await this.#fanOutItems(progress);
    else await this.#fanOutFile(progress, progress.file);
  }

  async #fanOutItems({ stepId, queue: first }: FanOutProgress): Promise<void> {
    const { store, clock } = this.#options;
    while (!this.#stopping) {
      const queue = this.#queueOf(stepId, first);
      const changes = this.#changesOf(queue);
      const { kind } = await store.fanOut({ stepId, now: clock.now(), limit: chunk });
      if (kind === 'done' || kind === 'held' || kind === 'closed') return;
      if (kind === 'full') await this.#room(queue, changes);
    }
  }

  async #fanOutFile({ stepId, queue: first, cursor }: FanOutProgress, file: string): Promise<void> {
    const { store, clock } = this.#options;
    const copy = path.join(this.#folder, `${this.#copyName(stepId)}.items`);
    const copied = await this.#copyItems(file, copy, stepId, cursor);
    if (typeof copied === 'object') await this.#fail(stepId, copied.problem);
    if (copied !== 'copied') return;
    let read = 0;
    let items: string[] = [];
    const flush = async (last: boolean): Promise<'more' | 'done' | 'held' | 'closed'> => {
      while (!this.#stopping) {
        const queue = this.#queueOf(stepId, first);
        const changes = this.#changesOf(queue);
        const result = await store.fanOut({ stepId, now: clock.now(), limit: chunk, rows: { from: read - items.length, items, last } });
        if (result.kind === 'done' || result.kind === 'held' || result.kind === 'closed') return result.kind;
        // If the queue has room for some of them only, or another daemon has made more, the rest continues from where the store has come to.
        items = items.slice(result.cursor - (read - items.length));
        if (items.length === 0 && !last) return 'more';
        if (result.kind === 'full') await this.#room(queue, changes);
      }
      return 'closed';
    };
    for await (const item of readItemCopy(copy)) {
      if (this.#stopping) return;
      read++;
      if (read <= cursor) continue;
      items.push(item);
      if (items.length === chunk && (await flush(false)) !== 'more') return;
    }
    const end = await flush(true);
    // What is held continues from the copy.
    if (end !== 'more' && end !== 'held' && !this.#stopping) await rm(copy, { force: true });
  }

  async #copyItems(file: string, copy: string, stepId: number, cursor: number): Promise<ItemCopyResult> {
    if ((await stat(copy).catch(() => undefined)) !== undefined) return 'copied';
    const name = JSON.stringify(file);
    const extension = path.extname(file).toLowerCase();
    // Earlier versions copied byte by byte: of a fan-out that they began, the rest is in such a copy.
    const old = path.join(this.#folder, `${this.#copyName(stepId)}${extension}`);
    const begun = cursor === 0 ? undefined : await openRegularFile(old);
    if (begun?.ok === false && lacksResources(begun.code)) throw new MachineTroubleError(`the copy of ${name} can't be read`, begun.code);
    if (begun?.ok === false) return { problem: `the copy of ${name} that the first ${cursor} items came from is gone` };
    const opened = begun ?? (await openProjectFile(this.#options.projectFolder, file));
    if (!opened.ok) return { problem: opened.message };
    let copied: ItemCopyResult;
    try {
      await mkdir(path.dirname(copy), { recursive: true, mode: 0o700 });
      copied = await writeItemCopy(opened.handle, extension, copy, () => this.#stopping);
    } finally {
      await opened.handle.close();
    }
    if (typeof copied === 'object') return { problem: `${name}: ${copied.problem}` };
    if (begun !== undefined && copied === 'copied') await rm(old, { force: true });
    return copied;
  }

  async #fail(stepId: number, message: string): Promise<void> {
    const error = { kind: 'invalid', cause: 'items cannot be read', message: `The items can't be read: ${message}.` };
    await this.#options.store.failFanOut({ stepId, error, now: this.#options.clock.now() });
  }

  /** Waits until a commit has changed the queue; not at all where one has since `changes` was asked for. */
  async #room(queue: string, changes: number): Promise<void> {
    if (this.#stopping || this.#changesOf(queue) !== changes) return;
    await new Promise<void>((resolve) => {
      this.#waiting.set(queue, [...(this.#waiting.get(queue) ?? []), resolve]);
    });
  }

  /** Where its jobs go to now: all of a queue may have been moved to another since the fan-out began. */
  #queueOf(stepId: number, first: string): string {
    return this.#open.find((one) => one.stepId === stepId)?.queue ?? first;
  }

  #changesOf(queue: string): number {
    return this.#changes.get(queue) ?? 0;
  }

  #wake(queue: string): void {
    const waiting = this.#waiting.get(queue);
    this.#waiting.delete(queue);
    for (const resolve of waiting ?? []) resolve();
  }
}
