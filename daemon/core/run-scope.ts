import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { Scope } from '../../schemas/workflow/expression/expression.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message, sentences, verbatim, type Message } from '../../schemas/wording/message.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { ExpressionFault } from '../../schemas/workflow/expression/fault.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { renderTemplate, type Template } from '../../schemas/workflow/template.ts';
import { jobError } from './job-error.ts';

/** What the expressions of a run can see. Everything costly is a function, called when an expression reads it. */
export interface RunScopeSource {
  readonly run: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  /** The time that `now()` gives: that of the step's start, so that a fan-out continues after a crash as it began. */
  readonly now: number;
  inputs(): Json;
  trigger(): Json;
  vars(): Json;
  readonly steps: Readonly<Record<string, StepResults>>;
}

export interface StepResults {
  readonly status: string;
  output(): Json;
  results(): Json;
  /** Of a step with `paginate`. */
  items?(): Json;
}

/** A scope whose `item` and `job` can be set again for each item: building one for every job would cost more than the job. */
export type MutableScope = Record<string, unknown>;

export function runScope(source: RunScopeSource): MutableScope {
  const steps: Record<string, unknown> = {};
  for (const [id, step] of Object.entries(source.steps)) {
    const view = { status: step.status };
    lazily(view, 'output', () => step.output());
    lazily(view, 'results', () => step.results());
    if (step.items !== undefined) lazily(view, 'items', () => step.items?.() ?? null);
    steps[id] = view;
  }
  const scope: MutableScope = { run: source.run, env: source.env, steps, $now: source.now };
  lazily(scope, 'inputs', () => source.inputs());
  lazily(scope, 'trigger', () => source.trigger());
  lazily(scope, 'vars', () => source.vars());
  return scope satisfies Scope;
}

/** What `trigger` is in a run that a person started at that time. */
export function manualTrigger(at: number): JsonObject {
  return { kind: 'manual', at: new Date(at).toISOString() };
}

/** A property that is computed when it is first read. */
function lazily(target: object, name: string, compute: () => Json): void {
  Object.defineProperty(target, name, {
    enumerable: true,
    configurable: true,
    get: () => {
      const value = compute();
      Object.defineProperty(target, name, { enumerable: true, value });
      return value;
    },
  });
}

/** Longest JSON of all values of `vars`, and of all outputs of a run, in characters. */
const maxValues = 1024 * 1024;

/** Longest key of `concurrency`, in characters. */
const maxKey = 1000;

/**
 * The values of `vars`, as a run that begins has them.
 *
 * @throws CodedError `invalid-inputs` where one of them can't be computed
 */
export function computeVars({ vars }: Pick<Workflow, 'vars'>, source: Omit<RunScopeSource, 'vars' | 'steps'>): JsonObject {
  const values: Record<string, Json> = {};
  if (Object.keys(vars).length === 0) return values;
  const scope = startScope(source, values);
  for (const [name, template] of Object.entries(vars)) {
    const rendered = renderTemplate(template, scope);
    if (!rendered.ok) throw new CodedError('invalid-inputs', sentences(message('The value {name} of `vars` can\'t be computed: {why}', { name, why: rendered.error.message }), message('Nothing was started.')));
    values[name] = rendered.rendered.value;
  }
  const { length } = JSON.stringify(values);
  if (length > maxValues) throw new CodedError('invalid-inputs', sentences(message('The values of `vars` are {length} characters of JSON; at most {max} are kept.', { length, max: maxValues }), message('Nothing was started.')));
  return values;
}

/**
 * The runs with which a run counts together, as `concurrency` says; undefined if it counts alone.
 *
 * @throws CodedError `invalid-inputs` where the key can't be computed
 */
export function concurrencyKey({ concurrency }: Pick<Workflow, 'concurrency'>, source: Omit<RunScopeSource, 'vars' | 'steps'>, vars: JsonObject): string | undefined {
  if (concurrency === undefined) return undefined;
  if (concurrency.key === undefined) return '';
  const rendered = renderTemplate(concurrency.key, startScope(source, vars));
  if (!rendered.ok) throw new CodedError('invalid-inputs', sentences(message('The key of `concurrency` can\'t be computed: {why}', { why: rendered.error.message }), message('Nothing was started.')));
  const { value } = rendered.rendered;
  const key = typeof value === 'string' ? value : JSON.stringify(value);
  if (key.length > maxKey) throw new CodedError('invalid-inputs', sentences(message('The key of `concurrency` is {length} characters long; at most {max} are allowed.', { length: key.length, max: maxKey }), message('Nothing was started.')));
  return key;
}

/** What a run gives when all of its steps have succeeded, as JSON; `null` if it says nothing. Or why that can't be computed. */
export function computeOutputs({ outputs }: Pick<Workflow, 'outputs'>, scope: MutableScope): string | null | JobError {
  const entries = Object.entries(outputs);
  if (entries.length === 0) return null;
  const template: Template = { kind: 'map', entries };
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return failure(verbatim(rendered.error.message));
  try {
    const json = JSON.stringify(rendered.rendered.value);
    return json.length <= maxValues ? json : failure(message('they are {length} characters of JSON, and at most {max} are kept.', { length: json.length, max: maxValues }));
  } catch (error) {
    // Parts of them may be large outputs of steps, which are read only now.
    if (error instanceof ExpressionFault) return failure(verbatim(error.toError('').message));
    throw error;
  }
}

function failure(why: Message): JobError {
  return jobError('invalid', 'outputs failed', message("All steps have succeeded, but the `outputs` of the run can't be computed: {why}", { why }));
}

function startScope(source: Omit<RunScopeSource, 'vars' | 'steps'>, vars: JsonObject): MutableScope {
  const scope = runScope({ ...source, vars: () => vars, steps: {} });
  scope['$status'] = 'success';
  return scope;
}
