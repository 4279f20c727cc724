import type { JobError } from '../../schemas/protocol/shape.ts';
import type { FoundItems } from '../../schemas/protocol/run.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Foreach, ItemSource, Step } from '../../schemas/workflow/model.ts';
import { message } from '../../schemas/wording/message.ts';
import { enterItem, renderItems } from '../core/foreach-items.ts';
import { ItemBatches, type JobItem } from '../core/item-batches.ts';
import { jobError } from '../core/job-error.ts';
import type { MutableScope } from '../core/run-scope.ts';
import type { Book } from './book.ts';
import type { FanOutParams, FanOutResult } from './call.ts';
import { fileFormatOf, isHeld, type StepRow } from './row.ts';
import { scopeOf } from './scope.ts';
import { orTooLarge, renderJob } from './starting.ts';

/** Turns the next items of a `foreach` into jobs. */
export function fanOut(book: Book, params: FanOutParams): FanOutResult {
  const row = book.fact('step', params.stepId);
  const open = book.fact('fanOut', params.stepId);
  if (row === undefined || open === undefined) return { kind: 'closed', cursor: row?.cursor ?? 0 };
  if (open.held === true) return { kind: 'held', cursor: row.cursor };
  const room = roomIn(book, row);
  if (room <= 0) return { kind: 'full', cursor: row.cursor };
  const allowed = row.item_limit === null ? room : Math.min(room, row.item_limit - row.total);

  const { step, foreach, scope, steps } = fanOutOf(book, row, params.now);
  const limit = isPlain(foreach) ? Math.min(params.limit, allowed) : lookAhead;
  const chunk = foreach.source.kind === 'pages' ? takeOfPages(book, steps, foreach.source.step, row, limit) : takeChunk(book, foreach.source, row, params, scope, limit);
  if ('kind' in chunk) {
    failFanOut(book, { stepId: row.id, error: chunk });
    return { kind: 'closed', cursor: row.cursor };
  }
  const most = Math.min(params.limit, allowed);
  const { added, made, duplicates } = isPlain(foreach) ? addItems(book, row, step, foreach, scope, chunk.items, params.now) : addBatches(book, row, step, foreach, scope, chunk, { most, now: params.now });
  const last = chunk.last && added === chunk.items.length;
  const cursor = row.cursor + added;
  book.patchStep(row.id, { cursor, expanded: last ? 1 : 0 });
  if (duplicates > 0) book.effects.count(row.id, 'duplicates', duplicates);
  if (last) {
    book.effects.setFanOut(row.id, undefined);
    book.effects.touchStep(row.id);
    return { kind: 'done', cursor };
  }
  const held = isHeld({ ...row, total: row.total + made });
  book.setFanOut({ ...row, cursor }, held);
  return { kind: held ? 'held' : 'more', cursor };
}

/** Keeps what a file of items turned out to be. */
export function describeItems(book: Book, { stepId, found }: { readonly stepId: number; readonly found: FoundItems }): void {
  const row = book.fact('step', stepId);
  if (row === undefined || book.fact('fanOut', stepId) === undefined) return;
  book.patchStep(stepId, { file_format: JSON.stringify({ ...fileFormatOf(row), found }) });
  book.effects.touchStep(stepId);
}

/** The items of a `foreach` can't be read. */
export function failFanOut(book: Book, { stepId, error }: { readonly stepId: number; readonly error: JobError }): void {
  if (book.fact('fanOut', stepId) === undefined) return;
  book.effects.setFanOut(stepId, undefined);
  // The step fails through its own state machine, as soon as what it has made so far is cancelled.
  // It isn't `expanded`: should a replay reopen it, it tries to continue with its items, and not to do without them.
  book.patchStep(stepId, { error: JSON.stringify(error) });
  book.effects.touchStep(stepId);
}

function fanOutOf(book: Book, row: StepRow, now: number): { readonly step: Step; readonly foreach: Foreach; readonly scope: MutableScope; readonly steps: readonly StepRow[] } {
  const facts = book.fact('run', row.run_id);
  if (facts === undefined) throw new Error(`the step ${row.name} has no run`);
  const workflow = book.workflow(facts.run.version);
  const step = workflow.steps[row.name] ?? workflow.onFailure[row.name];
  if (step?.foreach === undefined) throw new Error(`the step ${row.name} of run ${row.run_id} is not a foreach`);
  // `now()` stays what it was when the step started: a fan-out that a crash cut in two is made of one piece.
  return { step, foreach: step.foreach, steps: facts.steps, scope: scopeOf(book.scopeFacts, facts.run, facts.steps, row.started_at ?? now) };
}

interface Chunk {
  readonly items: readonly Json[];
  readonly last: boolean;
  /** Those that follow can't be had together with these. */
  readonly isCut?: boolean;
}

function takeChunk(book: Book, source: Exclude<ItemSource, { kind: 'pages' }>, row: StepRow, params: FanOutParams, scope: MutableScope, limit: number): Chunk | JobError {
  if (source.kind === 'file') {
    if (params.rows === undefined) return { items: [], last: false };
    const { from, items: given, last } = params.rows;
    if (from > row.cursor) throw new Error(`the step ${row.name} has come to item ${row.cursor}, and was given those from ${from} on`);
    const coming = given.slice(row.cursor - from);
    const items = coming.slice(0, limit);
    return { items: items.map((item) => JSON.parse(item) as Json), last: last && items.length === coming.length };
  }
  const { items: template } = source;
  const all = book.remembered(`items of ${row.id}`, () => renderItems(template, scope));
  if ('kind' in all) return all;
  const items = all.slice(row.cursor, row.cursor + limit);
  return { items, last: row.cursor + items.length >= all.length };
}

/** The next items of a step's pages, as they were staged: they are never all in memory. */
function takeOfPages(book: Book, steps: readonly StepRow[], name: string, row: StepRow, limit: number): Chunk | JobError {
  const pages = steps.find((step) => step.name === name);
  const total = pages?.cursor ?? 0;
  if (pages === undefined || row.cursor >= total) return { items: [], last: true };
  const items = book.fact('stagedItems', JSON.stringify([pages.id, row.cursor]), { limit });
  if (items.length === 0) return jobError('internal', 'items are missing', message('The items of the pages of {step} are missing from item {place} on: the store may have been damaged.', { step: name, place: row.cursor + 1 }));
  const last = row.cursor + items.length >= total;
  return { items: items.map((item) => JSON.parse(item) as Json), last, ...(!last && items.length < limit ? { isCut: true } : {}) };
}

interface Added {
  /** Items that have been dealt with, from the first: the others would have more in memory than should be, or wait for others to make a batch. */
  readonly added: number;
  /** Jobs. */
  readonly made: number;
  /** Of these, how many were left out because an earlier item has their key. */
  readonly duplicates: number;
}

function addItems(book: Book, row: StepRow, step: Step, foreach: Foreach, scope: MutableScope, items: readonly Json[], now: number): Added {
  const { taken, read } = takenKeys(book, row, foreach, scope, items);
  const readBefore = book.largeCharactersRead;
  let duplicates = 0;
  for (const [offset, value] of items.slice(0, read).entries()) {
    if (offset > 0 && book.hasReadMuch(readBefore)) return { added: offset, made: offset - duplicates, duplicates };
    const index = row.cursor + offset;
    const key = enter(book, foreach, scope, value, index);
    const text = orTooLarge(() => JSON.stringify(value));
    const item = typeof text === 'object' ? null : text;
    const error = typeof text === 'object' ? text : typeof key === 'object' && key !== null ? key : undefined;
    if (error !== undefined) {
      book.addJob({ ...renderJob(book, row, step, scope, { now, item, index, key: null }), error });
    } else if (typeof key === 'string' && taken.has(key)) {
      duplicates++;
    } else {
      if (typeof key === 'string') taken.add(key);
      book.addJob(renderJob(book, row, step, scope, { now, item, index, key: typeof key === 'string' ? key : null }));
    }
  }
  return { added: read, made: read - duplicates, duplicates };
}

/** Items that are looked at in one decision, where not each becomes a job. A batch for which so many are not enough is smaller. */
const lookAhead = 10_000;

/** Whether each item becomes a job. */
function isPlain({ where, batch }: Foreach): boolean {
  return where === undefined && batch === undefined;
}

/** Turns items into jobs by `where` and `batch`. A batch that isn't full waits for more items, unless there are none, or too many would have to be looked at. */
function addBatches(book: Book, row: StepRow, step: Step, foreach: Foreach, scope: MutableScope, { items, last, isCut = false }: Chunk, { most, now }: { readonly most: number; readonly now: number }): Added {
  const batches = new ItemBatches(foreach, scope);
  const readBefore = book.largeCharactersRead;
  const found: JobItem[] = [];
  let looked = 0;
  for (const item of items) {
    if (found.length >= most || (looked > 0 && book.hasReadMuch(readBefore))) break;
    book.beginReading();
    const index = row.cursor + looked;
    const made = orTooLarge(() => batches.add(item, index));
    looked++;
    if ('kind' in made) found.push(...batches.end(), { value: item, index, key: made, duplicates: 0 });
    else found.push(...made);
  }
  const isAtEnd = last && looked === items.length;
  if (isAtEnd || (found.length === 0 && (isCut || looked >= lookAhead || looked < items.length))) found.push(...batches.end());
  book.throwIfMissing();

  const keys = found.flatMap(({ key }) => (typeof key === 'string' ? [key] : []));
  const taken = new Set(keys.length === 0 ? [] : book.fact('takenKeys', JSON.stringify([row.id, keys])));
  let made = 0;
  let duplicates = 0;
  for (const { value, index, key, duplicates: within } of found) {
    duplicates += within;
    if (typeof key === 'string' && taken.has(key)) {
      duplicates += Array.isArray(value) ? value.length : 1;
      continue;
    }
    if (typeof key === 'string') taken.add(key);
    made++;
    addJobItem(book, row, step, foreach, scope, { value, index, key, now });
  }
  return { added: batches.openSince === undefined ? looked : batches.openSince - row.cursor, made, duplicates };
}

function addJobItem(book: Book, row: StepRow, step: Step, { as }: Foreach, scope: MutableScope, { value, index, key, now }: Pick<JobItem, 'value' | 'index' | 'key'> & { readonly now: number }): void {
  const text = orTooLarge(() => JSON.stringify(value));
  const item = typeof text === 'object' ? null : text;
  const error = typeof text === 'object' ? text : typeof key === 'object' && key !== null ? key : undefined;
  const named = typeof key === 'string' ? key : null;
  scope[as] = value;
  scope['job'] = { index, key: named };
  book.addJob({ ...renderJob(book, row, step, scope, { now, item, index, key: named }), ...(error === undefined ? {} : { error }) });
}

/** Of the keys of the first items, as many as were read, those that the step has had. */
function takenKeys(book: Book, row: StepRow, foreach: Foreach, scope: MutableScope, items: readonly Json[]): { readonly taken: Set<string>; readonly read: number } {
  if (foreach.key === undefined) return { taken: new Set(), read: items.length };
  const readBefore = book.largeCharactersRead;
  const keys: string[] = [];
  let read = 0;
  for (const item of items) {
    if (read > 0 && book.hasReadMuch(readBefore)) break;
    const key = enter(book, foreach, scope, item, row.cursor + read);
    read++;
    if (typeof key === 'string') keys.push(key);
  }
  book.throwIfMissing();
  return { taken: new Set(keys.length === 0 ? [] : book.fact('takenKeys', JSON.stringify([row.id, keys]))), read };
}

function enter(book: Book, foreach: Foreach, scope: MutableScope, item: Json, index: number): string | null | JobError {
  book.beginReading();
  return orTooLarge(() => enterItem(foreach, scope, item, index));
}

function roomIn(book: Book, row: StepRow): number {
  const { maxDepth } = book.fact('queue', row.queue_id).definition;
  return maxDepth === undefined ? Number.MAX_SAFE_INTEGER : maxDepth - book.waiting(row.queue_id);
}
