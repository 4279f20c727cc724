import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Foreach, Step } from '../../schemas/workflow/model.ts';
import { enterItem, renderItems } from '../core/foreach-items.ts';
import type { MutableScope } from '../core/run-scope.ts';
import type { Book } from './book.ts';
import type { FanOutParams, FanOutResult } from './call.ts';
import { isHeld, type StepRow } from './row.ts';
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

  const { step, foreach, scope } = fanOutOf(book, row, params.now);
  const chunk = takeChunk(book, foreach, row, params, scope, Math.min(params.limit, allowed));
  if ('kind' in chunk) {
    failFanOut(book, { stepId: row.id, error: chunk });
    return { kind: 'closed', cursor: row.cursor };
  }
  const { added, duplicates } = addItems(book, row, step, foreach, scope, chunk.items, params.now);
  const last = chunk.last && added === chunk.items.length;
  const cursor = row.cursor + added;
  book.patchStep(row.id, { cursor, expanded: last ? 1 : 0 });
  if (duplicates > 0) book.effects.count(row.id, 'duplicates', duplicates);
  if (last) {
    book.effects.setFanOut(row.id, undefined);
    book.effects.touchStep(row.id);
    return { kind: 'done', cursor };
  }
  const held = isHeld({ ...row, total: row.total + added - duplicates });
  book.setFanOut({ ...row, cursor }, held);
  return { kind: held ? 'held' : 'more', cursor };
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

function fanOutOf(book: Book, row: StepRow, now: number): { readonly step: Step; readonly foreach: Foreach; readonly scope: MutableScope } {
  const facts = book.fact('run', row.run_id);
  if (facts === undefined) throw new Error(`the step ${row.name} has no run`);
  const workflow = book.workflow(facts.run.version);
  const step = workflow.steps[row.name] ?? workflow.onFailure[row.name];
  if (step?.foreach === undefined) throw new Error(`the step ${row.name} of run ${row.run_id} is not a foreach`);
  // `now()` stays what it was when the step started: a fan-out that a crash cut in two is made of one piece.
  return { step, foreach: step.foreach, scope: scopeOf(book.scopeFacts, facts.run, facts.steps, row.started_at ?? now) };
}

interface Chunk {
  readonly items: readonly Json[];
  readonly last: boolean;
}

function takeChunk(book: Book, foreach: Foreach, row: StepRow, params: FanOutParams, scope: MutableScope, limit: number): Chunk | JobError {
  if (foreach.source.kind === 'file') {
    if (params.rows === undefined) return { items: [], last: false };
    const { from, items: given, last } = params.rows;
    if (from > row.cursor) throw new Error(`the step ${row.name} has come to item ${row.cursor}, and was given those from ${from} on`);
    const coming = given.slice(row.cursor - from);
    const items = coming.slice(0, limit);
    return { items: items.map((item) => JSON.parse(item) as Json), last: last && items.length === coming.length };
  }
  const { items: template } = foreach.source;
  const all = book.remembered(`items of ${row.id}`, () => renderItems(template, scope));
  if ('kind' in all) return all;
  const items = all.slice(row.cursor, row.cursor + limit);
  return { items, last: row.cursor + items.length >= all.length };
}

interface Added {
  /** Items that have been dealt with, from the first: the others would have more in memory than should be. */
  readonly added: number;
  /** Of these, how many were left out because an earlier item has their key. */
  readonly duplicates: number;
}

function addItems(book: Book, row: StepRow, step: Step, foreach: Foreach, scope: MutableScope, items: readonly Json[], now: number): Added {
  const { taken, read } = takenKeys(book, row, foreach, scope, items);
  const readBefore = book.largeCharactersRead;
  let duplicates = 0;
  for (const [offset, value] of items.slice(0, read).entries()) {
    if (offset > 0 && book.hasReadMuch(readBefore)) return { added: offset, duplicates };
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
  return { added: read, duplicates };
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
