import { CodedError } from '../../schemas/protocol/error.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { ExpressionFault } from '../../schemas/workflow/expression/fault.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { renderTemplate, type Template } from '../../schemas/workflow/template.ts';
import { runScope, type MutableScope, type RunScopeSource } from './run-scope.ts';

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
  if (!rendered.ok) return failure(rendered.error.message);
  try {
    const json = JSON.stringify(rendered.rendered.value);
    return json.length <= maxValues ? json : failure(`they are ${json.length} characters of JSON, and at most ${maxValues} are kept.`);
  } catch (error) {
    // Parts of them may be large outputs of steps, which are read only now.
    if (error instanceof ExpressionFault) return failure(error.toError('').message);
    throw error;
  }
}

function failure(why: string): JobError {
  return { kind: 'invalid', cause: 'outputs failed', message: `All steps have succeeded, but the \`outputs\` of the run can't be computed: ${why}` };
}

function startScope(source: Omit<RunScopeSource, 'vars' | 'steps'>, vars: JsonObject): MutableScope {
  const scope = runScope({ ...source, vars: () => vars, steps: {} });
  scope['$status'] = 'success';
  return scope;
}
