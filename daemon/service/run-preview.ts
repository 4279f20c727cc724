import { setImmediate } from 'node:timers/promises';
import { openProjectFile } from '../actions/project-file.ts';
import { enterItem, renderFile, renderItems } from '../core/foreach-items.ts';
import { ItemBatches, type JobItem } from '../core/item-batches.ts';
import { jobError } from '../core/job-error.ts';
import { computeVars, concurrencyKey, manualTrigger, runScope, type MutableScope, type RunScopeSource } from '../core/run-scope.ts';
import type { Engine } from '../engine/engine.ts';
import { readItemsOf } from '../engine/item-copy.ts';
import { itemFormatOf } from '../engine/item-file.ts';
import { ItemFileError } from '../engine/item-file-error.ts';
import { gateFor } from '../ledger/run-gate.ts';
import { type FoundItems, maxComparedKeys, type RunPreview, type StepPreview, type ConcurrencyPreview, type RunSummary } from '../../schemas/protocol/run.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { message } from '../../schemas/wording/message.ts';
import { evaluateExpression, isTruthy } from '../../schemas/workflow/expression/expression.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { Foreach, Step, Workflow, RunConcurrency } from '../../schemas/workflow/model.ts';
import { renderTemplate } from '../../schemas/workflow/template.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Store } from '../store/store.ts';
import { forecastView } from './queue-service.ts';

/** Largest payload that is handed over, in characters of JSON. */
const maxPayload = 262_144;
/** Items that are looked at in one go, before the daemon's other work has its turn. */
const itemsPerTurn = 200;
const namedDuplicates = 5;

export interface RunPreviewOptions {
  readonly workflow: Workflow;
  /** Checked, with their defaults. */
  readonly inputs: JsonObject;
  readonly projectFolder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly masker: Masker;
  readonly engine: Pick<Engine, 'dispatcher' | 'health'>;
  readonly store: Pick<Store, 'listRuns'>;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/**
 * What a run would do at its start: the same evaluation as that of the run itself, but nothing is stored and nothing called. Lists and files are
 * read to their end, some hundred items at a time.
 */
export async function previewRun(options: RunPreviewOptions): Promise<RunPreview> {
  const steps = Object.values(options.workflow.steps);
  const first = steps.filter(({ needs }) => needs.length === 0);
  const previews: Omit<StepPreview, 'forecast'>[] = [];
  for (const step of first) previews.push(await previewStep(step, options));
  const coming = new Map<string, number>();
  for (const { queue, jobs } of previews) coming.set(queue, (coming.get(queue) ?? 0) + jobs);
  const isStoreOk = options.engine.health.trouble === undefined;
  return {
    steps: previews.map((one) => ({
      ...one,
      forecast: forecastView(options.engine.dispatcher.queue(one.queue), { isStoreOk, now: options.now, more: coming.get(one.queue) ?? 0 }),
    })),
    ...(await concurrencyOf(options)),
    later: steps.filter(({ needs }) => needs.length > 0).map(({ id }) => id),
  };
}

async function concurrencyOf(options: RunPreviewOptions): Promise<Pick<RunPreview, 'concurrency'>> {
  const { workflow, store } = options;
  if (workflow.concurrency === undefined) return {};
  const source = sourceOf(options);
  const key = concurrencyKey(workflow, source, computeVars(workflow, source));
  return key === undefined ? {} : { concurrency: await previewConcurrency(workflow.id, key, workflow.concurrency, store) };
}

type Found = Pick<StepPreview, 'jobs' | 'found' | 'duplicates' | 'duplicateKeys' | 'unusable' | 'first' | 'problem' | 'skipped'>;

async function previewStep(step: Step, options: RunPreviewOptions): Promise<Omit<StepPreview, 'forecast'>> {
  const runner = options.engine.dispatcher.queue(step.queue);
  const { rates, concurrency, paused, depth } = runner;
  const [rate] = rates;
  return {
    step: step.id,
    uses: step.uses,
    foreach: step.foreach !== undefined,
    ...(step.paginate === undefined ? {} : { pages: true }),
    ...(await found(step, options)),
    queue: step.queue,
    ...(rate === undefined ? {} : { rate: { ...rate } }),
    ...(rates.length < 2 ? {} : { rates: rates.map((one) => ({ ...one })) }),
    concurrency,
    paused,
    ahead: depth.pending + depth.delayed,
  };
}

async function found(step: Step, options: RunPreviewOptions): Promise<Found> {
  const nothing: Found = { jobs: 0, duplicates: 0, duplicateKeys: [], unusable: 0, skipped: false };
  const scope = scopeOf(options);
  const decided = step.if === undefined ? undefined : evaluateExpression(step.if, scope);
  if (decided?.ok === false) return { ...nothing, problem: `\`if\` can't be decided: ${options.masker.text(decided.error.message)}` };
  if (decided?.ok === true && !isTruthy(decided.value)) return { ...nothing, skipped: true };
  if (step.foreach === undefined) {
    scope['job'] = {};
    const first = firstJob(step, scope, null, options.masker);
    return { ...nothing, jobs: 1, unusable: first.problem === undefined ? 0 : 1, first };
  }
  let file: FoundItems | undefined;
  const items = await itemsOf(step.foreach, scope, options.projectFolder, (found) => (file = found));
  if ('cause' in items) return { ...nothing, problem: options.masker.text(items.message) };
  const count = new ItemCount(step, step.foreach, scope, options.masker);
  try {
    for await (const item of items) {
      count.add(item);
      if (count.looked % itemsPerTurn === 0) await setImmediate();
    }
    count.end();
  } catch (error) {
    if (!(error instanceof ItemFileError)) throw error;
    return { ...count.found, problem: `The items can't be read: ${options.masker.text(error.message)}.` };
  }
  return { ...count.found, ...(file === undefined ? {} : { found: file }) };
}

/** Goes through the items of a step, and keeps what a person wants to know of them. */
class ItemCount {
  readonly #step: Step;
  readonly #foreach: Foreach;
  readonly #scope: MutableScope;
  readonly #masker: Masker;
  readonly #keys = new Set<string>();
  readonly #duplicateKeys: string[] = [];
  #duplicates = 0;
  #unusable = 0;
  #first: StepPreview['first'];
  #jobs = 0;
  /** Where not each item becomes a job. */
  readonly #batches: ItemBatches | undefined;
  looked = 0;

  constructor(step: Step, foreach: Foreach, scope: MutableScope, masker: Masker) {
    this.#step = step;
    this.#foreach = foreach;
    this.#scope = scope;
    this.#masker = masker;
    this.#batches = foreach.where === undefined && foreach.batch === undefined ? undefined : new ItemBatches(foreach, scope);
  }

  get found(): Found {
    return {
      jobs: this.#jobs,
      duplicates: this.#duplicates,
      duplicateKeys: this.#duplicateKeys,
      unusable: this.#unusable,
      ...(this.#first === undefined ? {} : { first: this.#first }),
      skipped: false,
    };
  }

  add(item: Json): void {
    const index = this.looked++;
    if (this.#batches !== undefined) {
      for (const made of this.#batches.add(item, index)) this.#addBatch(made);
      return;
    }
    // Without keys, only the first item has anything to tell.
    if (this.#foreach.key === undefined && index > 0) this.#jobs++;
    else this.#addJob(enterItem(this.#foreach, this.#scope, item, index), 1);
  }

  /** There are no more items. */
  end(): void {
    for (const made of this.#batches?.end() ?? []) this.#addBatch(made);
  }

  #addBatch({ value, index, key, duplicates }: JobItem): void {
    this.#duplicates += duplicates;
    this.#scope[this.#foreach.as] = value;
    this.#scope['job'] = { index, key: typeof key === 'string' ? key : null };
    this.#addJob(key, Array.isArray(value) ? value.length : 1);
  }

  /** The scope is that of the job. */
  #addJob(key: JobItem['key'], items: number): void {
    if (typeof key === 'string' && this.#keys.has(key)) {
      this.#duplicates += items;
      if (this.#duplicateKeys.length < namedDuplicates) this.#duplicateKeys.push(this.#masker.text(key));
      return;
    }
    this.#jobs++;
    if (typeof key === 'object' && key !== null) {
      this.#unusable++;
      this.#first ??= { problem: this.#masker.text(key.message) };
      return;
    }
    if (key !== null && this.#keys.size < maxComparedKeys) this.#keys.add(key);
    if (this.#first !== undefined) return;
    this.#first = firstJob(this.#step, this.#scope, key, this.#masker);
    if (this.#first.problem !== undefined) this.#unusable++;
  }
}

function firstJob(step: Step, scope: MutableScope, key: string | null, masker: Masker): NonNullable<StepPreview['first']> {
  const named = key === null ? {} : { key: masker.text(key) };
  const rendered = renderTemplate(step.with, scope);
  if (!rendered.ok) return { ...named, problem: masker.text(rendered.error.message) };
  const size = JSON.stringify(rendered.rendered.value).length;
  return { ...named, ...(size > maxPayload ? { size } : { payload: masker.json(rendered.rendered.value) }) };
}

async function itemsOf(foreach: Foreach, scope: MutableScope, projectFolder: string, onFound: (found: FoundItems) => void): Promise<Iterable<Json> | AsyncIterable<Json> | JobError> {
  const { source } = foreach;
  if (source.kind === 'items') return renderItems(source.items, scope);
  // It waits for the step whose pages they are, so it isn't among those that start.
  if (source.kind === 'pages') return [];
  const file = renderFile(source.file, scope);
  if (typeof file === 'object') return file;
  const opened = await openProjectFile(projectFolder, file);
  if (!opened.ok) return jobError('invalid', 'items cannot be read', message("The items can't be read: {problem}.", { problem: opened.message }));
  return parsed(readItemsOf(opened.handle, { ...itemFormatOf(file, foreach), onFound }));
}

async function* parsed(items: AsyncIterable<string>): AsyncGenerator<Json> {
  for await (const item of items) yield JSON.parse(item) as Json;
}

/** That of a run which has just started. Its id isn't known yet: it is shown as `r…`. */
function scopeOf(options: RunPreviewOptions): MutableScope {
  const { workflow } = options;
  const source = sourceOf(options);
  const vars = computeVars(workflow, source);
  const scope = runScope({
    ...source,
    vars: () => vars,
    steps: Object.fromEntries(Object.keys(workflow.steps).map((id) => [id, { status: 'waiting', output: () => null, results: () => [] }])),
  });
  scope['$status'] = 'success';
  return scope;
}

function sourceOf({ workflow, inputs, env, now }: RunPreviewOptions): Omit<RunScopeSource, 'vars' | 'steps'> {
  return { run: { id: 'r…', workflow: workflow.id, 'created-at': new Date(now).toISOString(), error: null }, env, now, inputs: () => inputs, trigger: () => manualTrigger(now) };
}

/** Runs of a workflow that are looked at: more than that under way are too many to count for a look. */
const maxRuns = 2000;
const runsPerPage = 500;
const maxNamedRuns = 5;

/** What `concurrency` would say to a run of this key that were started now. */
async function previewConcurrency(workflow: string, key: string, concurrency: RunConcurrency, store: Pick<Store, 'listRuns'>): Promise<ConcurrencyPreview> {
  const runs = (await runningRuns(workflow, store)).filter(({ concurrencyKey }) => concurrencyKey === key).reverse();
  const waiting = runs.filter(({ queued }) => queued === true).length;
  const underWay = runs.length - waiting;
  const { skips, cancels, waits } = gateFor({ alive: runs, underWay, waiting }, concurrency);
  const then = skips ? 'skipped' : cancels.length > 0 ? 'cancels' : waits ? 'queued' : 'starts';
  return { then, limit: concurrency.limit, underWay, waiting, runs: (then === 'cancels' ? cancels : runs).slice(0, maxNamedRuns).map(({ id }) => id) };
}

/** The newest first. */
async function runningRuns(workflow: string, store: Pick<Store, 'listRuns'>): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listRuns({ workflow, state: 'running', limit: runsPerPage, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.runs);
    cursor = page.next;
  } while (cursor !== undefined && found.length < maxRuns);
  return found;
}
