import { codePointLength } from '../code-points.ts';
import type { Evaluation } from './evaluation.ts';
import { LossyJsonError, parseExactJson } from '../exact-json.ts';
import { ExpressionFault } from './fault.ts';
import { canonicalJson, stableHash } from './hash.ts';
import { isEqual } from './operator.ts';
import { textMethods, timeFunctions, timeMethods } from './text-function.ts';
import { listArgument, textArgument, type ExpressionFunction, type FunctionTable } from './argument.ts';
import { describe, isList, isMap, isNumeric, toJson, toText, type Value } from './value.ts';
import type { Json } from '../json.ts';

/**
 * Functions that stand alone: `contains(a, b)`. Those that people know from GitHub Actions do what they do there, and so ignore
 * upper and lower case; CEL's methods of the same name (`a.contains(b)`) respect it.
 */
export const globalFunctions: FunctionTable = new Map<string, ExpressionFunction>([
  ['success', { parameters: [], description: 'Whether nothing that this step needs has failed or was cancelled.', call: (_args, run) => status(run) === 'success' }],
  ['failure', { parameters: [], description: 'Whether something that this step needs has failed.', call: (_args, run) => status(run) === 'failure' }],
  ['cancelled', { parameters: [], description: 'Whether something that this step needs was cancelled, and nothing failed. A run that is cancelled as a whole starts no further step.', call: (_args, run) => status(run) === 'cancelled' }],
  ['always', { parameters: [], description: 'True: the step runs whatever happened to the steps before it. A run that is cancelled starts no further step.', call: () => true }],
  ['contains', { parameters: ['in', 'part'], description: 'Whether a text holds a part, or a list an element. Upper and lower case are the same (to tell them apart, use text.contains(part), or `element in list`).', call: contains }],
  ['startsWith', { parameters: ['text', 'start'], description: 'Whether a text starts so. Upper and lower case are the same (to tell them apart, use text.startsWith(start)).', call: (args, run) => folded(args, 0, run).startsWith(folded(args, 1, run)) }],
  ['endsWith', { parameters: ['text', 'end'], description: 'Whether a text ends so. Upper and lower case are the same (to tell them apart, use text.endsWith(end)).', call: (args, run) => folded(args, 0, run).endsWith(folded(args, 1, run)) }],
  ['format', { parameters: ['template', '...values'], description: 'The template with {0}, {1} replaced by the values; {{ and }} stand for braces.', call: format }],
  ['join', { parameters: ['list', 'separator?'], description: 'The elements as one text. Default separator: a comma.', call: (args, run) => join(args, run, ',') }],
  ['toJSON', { parameters: ['value'], description: 'The value as JSON text.', call: toJsonText }],
  ['fromJSON', { parameters: ['text'], description: 'The value that a JSON text says.', call: fromJsonText }],
  ['now', { parameters: [], description: 'The time as ISO 8601 text, in UTC: when the step started, the same for all items of a foreach.', call: now }],
  ['hash', { parameters: ['value'], description: 'A stable hash of any value, 16 hexadecimal digits (FNV-1a over its JSON with sorted keys). Not for security.', call: hash }],
  ['size', { parameters: ['value'], description: 'Characters of a text, elements of a list, keys of a map.', call: size }],
  ['string', { parameters: ['value'], description: 'The value as text; a list or map as JSON.', call: toStringValue }],
  ['int', { parameters: ['value'], description: 'A whole number of a number (its fraction is cut off), a text or a timestamp (seconds since 1970).', call: toInteger }],
  ['double', { parameters: ['value'], description: 'A number of a text or an integer.', call: toDouble }],
  ['bool', { parameters: ['value'], description: "A boolean of a boolean, or of the texts 'true' and 'false'.", call: toBoolean }],
  ['dyn', { parameters: ['value'], description: 'The value itself. CEL uses it to mix types; here they mix anyway.', call: ([value = null]) => value }],
  ...timeFunctions,
]);

/** Methods: `text.trim()`. The receiver is the first parameter. */
export const methodFunctions: FunctionTable = new Map<string, ExpressionFunction>([
  ['contains', { parameters: ['in', 'part'], description: 'Whether a text holds a part (upper and lower case differ), or a list an element.', call: methodContains }],
  ['size', { parameters: ['value'], description: 'Characters of a text, elements of a list, keys of a map.', call: size }],
  ['join', { parameters: ['list', 'separator?'], description: 'The elements as one text. Default separator: none.', call: (args, run) => join(args, run, '') }],
  ...textMethods,
  ...timeMethods,
]);

/** The functions whose presence in an `if` replaces the rule that a step is skipped when something before it failed. */
export const statusFunctions: ReadonlySet<string> = new Set(['success', 'failure', 'cancelled', 'always']);

function status(run: Evaluation): unknown {
  return run.scope['$status'] ?? 'success';
}

function now(_args: readonly Value[], run: Evaluation): Value {
  const ms = run.scope['$now'];
  if (typeof ms !== 'number' || !Number.isFinite(ms)) throw new ExpressionFault('evaluation', 'now() is not known here.');
  return new Date(ms).toISOString();
}

function folded(args: readonly Value[], index: number, run: Evaluation): string {
  const text = textArgument(args, index);
  run.charge(text.length >>> 3);
  return text.toLowerCase();
}

function contains(args: readonly Value[], run: Evaluation): Value {
  const [within = null, part = null] = args;
  if (!isList(within)) return folded(args, 0, run).includes(typeof part === 'string' ? folded(args, 1, run) : toText(part));
  const wanted = typeof part === 'string' ? folded(args, 1, run) : part;
  run.charge(within.length);
  return within.some((item) => isEqual(typeof item === 'string' ? item.toLowerCase() : item, wanted, run));
}

function methodContains(args: readonly Value[], run: Evaluation): Value {
  const [within = null, part = null] = args;
  if (isList(within)) {
    run.charge(within.length);
    return within.some((item) => isEqual(item, part, run));
  }
  const text = textArgument(args, 0);
  run.charge(text.length >>> 3);
  return text.includes(textArgument(args, 1));
}

function format(args: readonly Value[], run: Evaluation): Value {
  const template = textArgument(args, 0);
  let length = template.length;
  run.chargeText(length);
  return template.replace(/\{\{|\}\}|\{(\d{1,3})\}|[{}]/g, (found, digits?: string) => {
    if (found === '{{' || found === '}}') return found.charAt(0);
    if (digits === undefined) throw new ExpressionFault('evaluation', `In the template of format(), '${found}' stands alone: places are {0}, {1}; a brace itself is written twice.`);
    const value = args[Number(digits) + 1];
    if (value === undefined) throw new ExpressionFault('evaluation', `The template of format() has {${digits}}, but there are ${args.length - 1} values.`);
    const text = boundedText(value, run);
    length += text.length;
    run.checkLength(length);
    return text;
  });
}

function join(args: readonly Value[], run: Evaluation, fallback: string): Value {
  const list = listArgument(args, 0);
  const separator = args.length > 1 ? textArgument(args, 1) : fallback;
  let length = 0;
  const parts = list.map((item) => {
    const text = boundedText(item, run);
    length += text.length + separator.length;
    run.checkLength(length);
    return text;
  });
  return parts.join(separator);
}

/** {@link toText}, paid for before it's made. */
function boundedText(value: Value, run: Evaluation): string {
  if (isList(value) || isMap(value)) run.chargeText(run.measure(value));
  else run.charge(1);
  return toText(value);
}

function toStringValue([value = null]: readonly Value[], run: Evaluation): Value {
  return value === null ? 'null' : boundedText(value, run);
}

function toJsonText([value = null]: readonly Value[], run: Evaluation): Value {
  const json = toJson(value);
  run.chargeText(run.measure(json));
  const text = JSON.stringify(json);
  run.chargeText(text.length);
  return text;
}

function fromJsonText(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  let value: Json;
  try {
    value = parseExactJson(text);
  } catch (error) {
    if (error instanceof LossyJsonError) throw new ExpressionFault('evaluation', `fromJSON(): ${error.message}.`);
    throw new ExpressionFault('evaluation', 'fromJSON() was given a text that is not JSON.');
  }
  run.measure(value);
  return value;
}

function hash([value = null]: readonly Value[], run: Evaluation): Value {
  const json = toJson(value);
  run.charge(run.measure(json));
  return stableHash(canonicalJson(json));
}

function size([value = null]: readonly Value[], run: Evaluation): Value {
  if (isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(Object.keys(value).length);
  if (typeof value !== 'string') throw new ExpressionFault('type', `size() takes text, a list or a map, not ${describe(value)}.`);
  run.charge(value.length >>> 3);
  return BigInt(codePointLength(value));
}

function toInteger([value = null]: readonly Value[]): Value {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Math.abs(value) < 2 ** 63) return BigInt(Math.trunc(value));
  if (typeof value === 'string' && /^[+-]?\d{1,18}$/.test(value)) return BigInt(value.replace(/^\+/, ''));
  if (typeof value === 'object' && value !== null && !isMap(value) && !isList(value)) return BigInt(Math.floor(value.valueOf() / 1_000));
  throw new ExpressionFault(isNumeric(value) || typeof value === 'string' ? 'evaluation' : 'type', `int() can't make a whole number of this ${describe(value).replace(/^an? /, '')}.`);
}

function toDouble([value = null]: readonly Value[]): Value {
  if (isNumeric(value)) return Number(value);
  if (typeof value === 'string' && /^[+-]?(\d{1,400}\.?\d{0,400}|\.\d{1,400})(e[+-]?\d{1,4})?$/i.test(value)) return Number(value);
  throw new ExpressionFault(typeof value === 'string' ? 'evaluation' : 'type', `double() can't make a number of this ${describe(value).replace(/^an? /, '')}.`);
}

function toBoolean([value = null]: readonly Value[]): Value {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (['true', 'TRUE', 'True', 't', '1'].includes(value)) return true;
    if (['false', 'FALSE', 'False', 'f', '0'].includes(value)) return false;
  }
  throw new ExpressionFault(typeof value === 'string' ? 'evaluation' : 'type', `bool() takes 'true' or 'false', not this ${describe(value).replace(/^an? /, '')}.`);
}

