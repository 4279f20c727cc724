import { setImmediate } from 'node:timers/promises';
import path from 'node:path';
import { maxComparedKeys, type RunPreview, type StepPreview } from '../../schemas/protocol/run.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { evaluateExpression, isTruthy } from '../../schemas/workflow/expression/expression.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { Foreach, Step, Workflow } from '../../schemas/workflow/model.ts';
import { renderTemplate } from '../../schemas/workflow/template.ts';
import { openProjectFile } from '../actions/project-file.ts';
import { enterItem, renderFile, renderItems } from '../core/foreach-items.ts';
import { manualTrigger, runScope, type MutableScope } from '../core/run-scope.ts';
import { computeVars } from '../core/run-values.ts';
import { readItemsOf } from '../engine/item-copy.ts';
import { ItemFileError } from '../engine/item-file.ts';
import type { Engine } from '../engine/engine.ts';
import type { Masker } from '../secrets/masker.ts';
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
    later: steps.filter(({ needs }) => needs.length > 0).map(({ id }) => id),
  };
}

type Found = Pick<StepPreview, 'jobs' | 'duplicates' | 'duplicateKeys' | 'unusable' | 'first' | 'problem' | 'skipped'>;

async function previewStep(step: Step, options: RunPreviewOptions): Promise<Omit<StepPreview, 'forecast'>> {
  const runner = options.engine.dispatcher.queue(step.queue);
  const { rate, concurrency, paused, depth } = runner;
  return {
    step: step.id,
    uses: step.uses,
    foreach: step.foreach !== undefined,
    ...(await found(step, options)),
    queue: step.queue,
    ...(rate === undefined ? {} : { rate: { ...rate } }),
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
  const items = await itemsOf(step.foreach, scope, options.projectFolder);
  if ('cause' in items) return { ...nothing, problem: options.masker.text(items.message) };
  const count = new ItemCount(step, step.foreach, scope, options.masker);
  try {
    for await (const item of items) {
      count.add(item);
      if (count.looked % itemsPerTurn === 0) await setImmediate();
    }
  } catch (error) {
    if (!(error instanceof ItemFileError)) throw error;
    return { ...count.found, problem: `The items can't be read: ${options.masker.text(error.message)}.` };
  }
  return count.found;
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
  looked = 0;

  constructor(step: Step, foreach: Foreach, scope: MutableScope, masker: Masker) {
    this.#step = step;
    this.#foreach = foreach;
    this.#scope = scope;
    this.#masker = masker;
  }

  get found(): Found {
    return {
      jobs: this.looked - this.#duplicates,
      duplicates: this.#duplicates,
      duplicateKeys: this.#duplicateKeys,
      unusable: this.#unusable,
      ...(this.#first === undefined ? {} : { first: this.#first }),
      skipped: false,
    };
  }

  add(item: Json): void {
    const index = this.looked++;
    // Without keys, only the first item has anything to tell.
    if (this.#foreach.key === undefined && index > 0) return;
    const key = enterItem(this.#foreach, this.#scope, item, index);
    if (typeof key === 'object' && key !== null) {
      this.#unusable++;
      this.#first ??= { problem: this.#masker.text(key.message) };
      return;
    }
    if (key !== null && this.#keys.has(key)) {
      this.#duplicates++;
      if (this.#duplicateKeys.length < namedDuplicates) this.#duplicateKeys.push(this.#masker.text(key));
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

async function itemsOf({ source }: Foreach, scope: MutableScope, projectFolder: string): Promise<Iterable<Json> | AsyncIterable<Json> | JobError> {
  if (source.kind === 'items') return renderItems(source.items, scope);
  const file = renderFile(source.file, scope);
  if (typeof file === 'object') return file;
  const opened = await openProjectFile(projectFolder, file);
  if (!opened.ok) return { kind: 'invalid', cause: 'items cannot be read', message: `The items can't be read: ${opened.message}.` };
  return parsed(readItemsOf(opened.handle, path.extname(file).toLowerCase()));
}

async function* parsed(items: AsyncIterable<string>): AsyncGenerator<Json> {
  for await (const item of items) yield JSON.parse(item) as Json;
}

/** That of a run which has just started. Its id isn't known yet: it is shown as `r…`. */
function scopeOf({ workflow, inputs, env, now }: RunPreviewOptions): MutableScope {
  const source = { run: { id: 'r…', workflow: workflow.id, 'created-at': new Date(now).toISOString(), error: null }, env, now, inputs: () => inputs, trigger: () => manualTrigger(now) };
  const vars = computeVars(workflow, source);
  const scope = runScope({
    ...source,
    vars: () => vars,
    steps: Object.fromEntries(Object.keys(workflow.steps).map((id) => [id, { status: 'waiting', output: () => null, results: () => [] }])),
  });
  scope['$status'] = 'success';
  return scope;
}
