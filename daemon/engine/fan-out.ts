import { message } from '../../schemas/wording/message.ts';
import { jobError } from '../core/job-error.ts';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { openProjectFile } from '../actions/project-file.ts';
import { lacksResources, MachineTroubleError } from '../core/machine-trouble.ts';
import { openRegularFile } from '../../platform/regular-file.ts';
import type { ItemReader } from '../ledger/daemons.ts';
import type { CsvFormat } from '../../schemas/workflow/csv-format.ts';
import { failPoint } from '../platform/fail-point.ts';
import type { ItemStage } from '../store/item-stage.ts';
import type { Committed, FanOutProgress, Store } from '../store/store.ts';
import type { Clock } from '../core/clock.ts';
import { readItemCopy, writeItemCopy, type ItemCopyResult } from './item-copy.ts';
import type { EngineLog } from './engine-settings.ts';
import { StoppableWaits } from './due-timer.ts';

/** Items that one transaction turns into jobs: some milliseconds, for which a claim may have to wait. */
const chunk = 500;
/** A fan-out that failed is tried again so much later, in milliseconds: soon where the store says that it can't be written. */
const afterTroubleMs = 1000;
const afterFailureMs = 10_000;

/** Characters of items that one transaction puts into the store, about. */
const stagedCharacters = 1_048_576;
/** How long it is waited for the machine that has the file, in milliseconds. */
const readerGoneMs = 600_000;

export interface FanOutOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** Part of the names of copies: a step of that number of another store, kept in the same folder before, is another step. */
  readonly storeId: () => string;
  /** Whether this daemon is the one that does it. */
  readonly leads: () => boolean;
  /** The names of the other daemons that are alive. */
  readonly others: () => readonly string[];
  readonly log: Pick<EngineLog, 'warn'>;
  /** The store or the disk can't continue just now, or there is a bug; either way it is tried again soon. */
  readonly onError: (error: unknown) => void;
}

/**
 * Turns the items of `foreach` steps into jobs, chunk by chunk. How far it has come is in the store, in the same
 * transaction as the jobs, so a crash in the middle neither loses an item nor makes one twice. A file is read, checked and copied into the
 * project's state as a whole before its first item becomes a job: what is wrong in its last line is known before anything is sent, and what
 * happens to it later changes nothing. Where several daemons share the store, the one that has the file does that, and puts the items into the store (`ItemStage`), whichever
 * leads.
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

  /** This daemon leads now. */
  lead(): void {
    this.#takeUp();
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

  get #mayContinue(): boolean {
    return !this.#stopping && this.#options.leads();
  }

  get #folder(): string {
    return path.join(this.#options.stateFolder, 'items');
  }

  #copyOf(stepId: number): string {
    return path.join(this.#folder, `${this.#copyName(stepId)}.items`);
  }

  #copyName(stepId: number): string {
    return `${this.#options.storeId()}-${stepId}`;
  }

  /** Whether there is something for this daemon to do. */
  #isMine({ reader }: FanOutProgress): boolean {
    const { leads, others, store } = this.#options;
    if (reader === undefined || reader.count !== undefined) return leads();
    return reader.daemon === store.items?.self || (leads() && !others().includes(reader.daemon));
  }

  #takeUp(): void {
    if (this.#stopping) return;
    for (const progress of this.#open) {
      if (progress.held === true || this.#underWay.has(progress.stepId) || !this.#isMine(progress)) continue;
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
    const { file, reader } = progress;
    const { items } = this.#options.store;
    if (file === undefined) await this.#fanOutItems(progress);
    else if (items === undefined || reader === undefined) await this.#fanOutFile(progress, file);
    else if (reader.count === undefined) await this.#stage(items, { progress, file, reader });
    else await this.#fanOutRows(progress, stagedItems(items, progress), progress.cursor);
  }

  /** Puts all items into the store, or fails the step where there are none to be had. */
  async #stage(stage: ItemStage, { progress: { stepId, cursor, csv }, file, reader }: { readonly progress: FanOutProgress; readonly file: string; readonly reader: ItemReader }): Promise<void> {
    if (reader.daemon !== stage.self) {
      await this.#takeOver(stage, { stepId, cursor }, file, reader);
      return;
    }
    const copy = this.#copyOf(stepId);
    const copied = await this.#copyItems(file, copy, { stepId, cursor, csv });
    if (typeof copied === 'object') await this.#fail(stepId, `${copied.problem} (on the machine of the daemon that started the step, ${stage.self})`);
    if (copied !== 'copied') return;
    let from = 0;
    let items: string[] = [];
    let characters = 0;
    const add = async (last: boolean): Promise<boolean> => {
      const { kind } = await stage.add({ stepId, from, items, last });
      from += items.length;
      items = [];
      characters = 0;
      return kind === 'added';
    };
    for await (const item of readItemCopy(copy)) {
      items.push(item);
      characters += item.length;
      if (items.length < chunk && characters < stagedCharacters) continue;
      if (this.#stopping) return;
      if (!(await add(false))) break;
      failPoint('stage-after-chunk');
    }
    await add(true);
    await rm(copy, { force: true });
  }

  /**
   * The daemon that was to read the file is gone. Whoever leads reads its own, or waits for a while, since that machine may be back soon. It has to, where jobs were made of that
   * machine's copy before the store was copied to this one: another file may have other items.
   */
  async #takeOver(stage: ItemStage, { stepId, cursor }: Pick<FanOutProgress, 'stepId' | 'cursor'>, file: string, { daemon, since }: ItemReader): Promise<void> {
    const { clock, log, projectFolder } = this.#options;
    const opened = cursor > 0 ? { ok: false as const, message: `is no copy of it, from which the first ${cursor} items came` } : await openProjectFile(projectFolder, file);
    if (opened.ok) {
      await opened.handle.close();
      await stage.takeOver({ stepId });
      return;
    }
    const text = `${JSON.stringify(file)} is to be read on the machine of ${daemon}, whose daemon is gone, and on that of ${stage.self} ${opened.message}`;
    if (clock.now() - since > readerGoneMs) await this.#fail(stepId, text);
    else {
      log.warn({ step: stepId, daemon }, `the items of a step wait: ${text}`);
      await this.#pauses.wait(afterFailureMs);
    }
  }

  async #fanOutItems({ stepId, queue: first }: FanOutProgress): Promise<void> {
    const { store, clock } = this.#options;
    while (this.#mayContinue) {
      const queue = this.#queueOf(stepId, first);
      const changes = this.#changesOf(queue);
      const { kind } = await store.fanOut({ stepId, now: clock.now(), limit: chunk });
      if (kind === 'done' || kind === 'held' || kind === 'closed') return;
      if (kind === 'full') await this.#room(queue, changes);
    }
  }

  async #fanOutFile(progress: FanOutProgress, file: string): Promise<void> {
    const copy = this.#copyOf(progress.stepId);
    const copied = await this.#copyItems(file, copy, progress);
    if (typeof copied === 'object') await this.#fail(progress.stepId, copied.problem);
    if (copied !== 'copied') return;
    const end = await this.#fanOutRows(progress, readItemCopy(copy), 0);
    // What is held continues from the copy.
    if (end !== undefined && end !== 'more' && end !== 'held' && this.#mayContinue) await rm(copy, { force: true });
  }

  /** `rows`: the items from the one at `begin` on. Resolves to how it stands when it has come to their end; undefined if it was stopped before. */
  async #fanOutRows({ stepId, queue: first, cursor }: FanOutProgress, rows: AsyncIterable<string>, begin: number): Promise<'more' | 'done' | 'held' | 'closed' | undefined> {
    const { store, clock } = this.#options;
    let read = begin;
    let items: string[] = [];
    const flush = async (last: boolean): Promise<'more' | 'done' | 'held' | 'closed'> => {
      while (this.#mayContinue) {
        const queue = this.#queueOf(stepId, first);
        const changes = this.#changesOf(queue);
        const result = await store.fanOut({ stepId, now: clock.now(), limit: chunk, rows: { from: read - items.length, items, last } });
        if (result.kind === 'done' || result.kind === 'held' || result.kind === 'closed') return result.kind;
        // If the queue has room for some of them only, or another daemon has made more, the rest continues from where the store has come to.
        const begun = result.cursor - (read - items.length);
        items = items.slice(begun);
        // Of what is left, no batch can be made yet.
        if (!last && (items.length === 0 || (begun === 0 && result.kind === 'more'))) return 'more';
        if (result.kind === 'full') await this.#room(queue, changes);
      }
      return 'closed';
    };
    let wanted = chunk;
    for await (const item of rows) {
      if (!this.#mayContinue) return undefined;
      read++;
      if (read <= cursor) continue;
      items.push(item);
      if (items.length < wanted) continue;
      const end = await flush(false);
      if (end !== 'more') return end === 'held' ? end : undefined;
      // Rows that make no full batch yet are given again, with those that follow.
      wanted = items.length + chunk;
    }
    return flush(true);
  }

  async #copyItems(file: string, copy: string, { stepId, cursor, csv }: Pick<FanOutProgress, 'stepId' | 'cursor'> & { readonly csv?: CsvFormat | undefined }): Promise<ItemCopyResult> {
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
      copied = await writeItemCopy(opened.handle, { extension, csv }, copy, { isStopping: () => this.#stopping, describe: (found) => this.#options.store.describeItems({ stepId, found }) });
    } finally {
      await opened.handle.close();
    }
    if (typeof copied === 'object') return { problem: `${name}: ${copied.problem}` };
    if (begun !== undefined && copied === 'copied') await rm(old, { force: true });
    return copied;
  }

  async #fail(stepId: number, problem: string): Promise<void> {
    const error = jobError('invalid', 'items cannot be read', message("The items can't be read: {problem}.", { problem }));
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

async function* stagedItems(stage: ItemStage, { stepId, cursor }: FanOutProgress): AsyncGenerator<string> {
  for (let from = cursor; ; ) {
    const items = await stage.read({ stepId, from });
    if (items.length === 0) return;
    yield* items;
    from += items.length;
  }
}
