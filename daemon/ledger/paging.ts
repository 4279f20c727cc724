import type { JobError } from '../../schemas/protocol/shape.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { message } from '../../schemas/wording/message.ts';
import type { SecretUse } from '../../schemas/workflow/template.ts';
import { jobError } from '../core/job-error.ts';
import { keyOfPlace, nextRequest, type PagePlace, type PageRequest } from '../core/next-request.ts';
import { cutWarning, defaultMaxPages, pageItems, pageValue, successorOf, tooManyPages } from '../core/page.ts';
import type { Book } from './book.ts';
import type { SettleParams } from './call.ts';
import type { JobRow, LedgerJob, PagesState, StepRow } from './row.ts';
import { scopeOf } from './scope.ts';
import { orTooLarge, priorityOf } from './starting.ts';

/** Items of a page that are staged as one row: few enough for a chunk of a fan-out to take some of them only. */
const itemsOfRow = 250;

/** How much of an answer that can't be used is kept with its attempt, in characters of JSON. */
const maxExcerpt = 4096;

/** What a page that was read brings its job, beside its end. */
export interface PageRead {
  readonly values: Partial<Pick<JobRow, 'item_key'>>;
  readonly warning?: string;
}

/** What these outcomes need to know, asked for together. */
export function needForPages(book: Book, outcomes: readonly SettleParams[]): void {
  const jobs = outcomes.flatMap(({ jobId, attempt, outcome }) => {
    const job = outcome.kind === 'succeeded' && outcome.page !== undefined ? book.job(jobId) : undefined;
    return job?.state === 'active' && job.attempt === attempt && job.cancel_cause === null ? [job] : [];
  });
  if (jobs.length === 0) return;
  for (const { id, step_id } of jobs) {
    book.ask('stepInfo', step_id);
    book.ask('step', step_id);
    book.ask('payload', id);
  }
  book.throwIfMissing();
  for (const { step_id } of jobs) {
    const { runId, version } = book.fact('stepInfo', step_id);
    book.ask('run', runId);
    book.ask('workflow', version);
  }
  book.throwIfMissing();
}

/**
 * A page of a step with `paginate` was read: its items are staged, and the next page becomes a job, in the transaction in which this one ends. So a crash finds one page open, or
 * none any more, and its items are all there or none. Or why the page can't be used; nothing has changed then.
 */
export function readPage(book: Book, job: LedgerJob, output: string | Uint8Array, place: PagePlace, now: number): PageRead | JobError {
  const row = rowOf(book, job);
  const facts = book.fact('run', row.run_id);
  const workflow = book.workflow(facts?.run.version ?? '');
  const step = workflow.steps[row.name] ?? workflow.onFailure[row.name];
  const paginate = step?.paginate;
  if (facts === undefined || step === undefined || paginate === undefined) throw new Error(`the step ${row.name} of run ${row.run_id} has no pages`);
  const number = (job.item_index ?? 0) + 1;
  // `now()` is what it was when the step started, for every page.
  const scope = scopeOf(book.scopeFacts, facts.run, facts.steps, row.started_at ?? now);
  const answer = outputOf(output);
  scope['page'] = pageValue(answer, number);
  book.beginReading();

  const items = book.evaluated(() => orTooLarge(() => textsOf(pageItems(paginate, scope))));
  if ('cause' in items) return items;
  const successor = book.evaluated(() => successorOf(paginate, scope));
  if (successor !== undefined && 'cause' in successor) return successor;
  const most = paginate.maxPages ?? defaultMaxPages;
  if (successor !== undefined && number >= most && paginate.maxPages === undefined) return tooManyPages();
  const isCut = successor !== undefined && number >= most;
  const next = successor === undefined || isCut ? undefined : requestAfter(book, job, successor, place, { kind: paginate.next.kind, number });
  if (next !== undefined && 'cause' in next) return next;
  const priority = priorityOf(book, row, step);

  stageItems(book, row, items);
  const pages: PagesState = isCut ? 'cut' : next === undefined ? 'complete' : 'open';
  book.patchStep(row.id, { cursor: row.cursor + items.length, ...(pages === 'open' ? {} : { pages }) });
  if (next !== undefined) {
    const { payload, secrets, key } = next;
    book.addJob({ step: row, uses: step.uses, priority, now, payload: JSON.stringify(payload), secrets: secrets.length === 0 ? null : JSON.stringify(secrets), item: null, index: number, key, connection: step.connection });
  }
  return {
    values: number === 1 && paginate.next.kind === 'link' ? { item_key: keyOfPlace(place) } : {},
    ...(isCut ? { warning: cutWarning(most) } : {}),
  };
}

/** What is recorded of an answer that can't be used, as JSON: a person has to see what came. */
export function unusableAnswer(output: string | Uint8Array): string {
  const { body = null, ...head } = outputOf(output);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return JSON.stringify({ ...head, body: text.slice(0, maxExcerpt), ...(text.length > maxExcerpt ? { bodyTruncated: true } : {}) });
}

function rowOf(book: Book, { step_id: stepId }: LedgerJob): StepRow {
  const row = book.fact('step', stepId);
  if (row === undefined) throw new Error(`there is no step ${stepId}`);
  return row;
}

function outputOf(output: string | Uint8Array): JsonObject {
  const value = JSON.parse(typeof output === 'string' ? output : new TextDecoder().decode(output)) as Json;
  return isJsonObject(value) ? value : { body: value };
}

function textsOf(items: readonly Json[] | JobError): readonly string[] | JobError {
  return 'cause' in items ? items : items.map((item) => JSON.stringify(item));
}

/** The request of the next page; an error where it was made before: it would lead back here, for ever. */
function requestAfter(book: Book, job: LedgerJob, successor: Parameters<typeof nextRequest>[2], place: PagePlace, { kind, number }: { readonly kind: 'link' | 'query'; readonly number: number }): PageRequest | JobError {
  const { payload, secrets } = book.fact('payload', job.id);
  const given = JSON.parse(payload) as Json;
  const next = nextRequest(isJsonObject(given) ? given : {}, secrets === null ? [] : (JSON.parse(secrets) as readonly SecretUse[]), successor, place);
  if ('cause' in next) return next;
  const isSelf = kind === 'link' && next.key === keyOfPlace(place);
  if (!isSelf && book.fact('takenKeys', JSON.stringify([job.step_id, [next.key]])).size === 0) return next;
  return jobError('invalid', 'pages in a circle', message('Page {number} names as its next page one that was read already: {next}. Reading on would never end.', { number, next: next.key.slice(0, 200) }));
}

function stageItems(book: Book, row: StepRow, items: readonly string[]): void {
  for (let from = 0; from < items.length; from += itemsOfRow) {
    book.insert('staged_items', { step_id: row.id, first: row.cursor + from, items: items.slice(from, from + itemsOfRow).join('\n') });
  }
}
