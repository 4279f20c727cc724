import { codePointLength } from '../../code-points.ts';
import { LossyJsonError, isExactNumber, parseExactJson } from '../../exact-json.ts';
import type { Json } from '../../json.ts';
import { listArgument, textArgument, type FunctionEntry } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { ExpressionFault } from '../fault.ts';
import { checkedInteger, exactDouble, isEqual } from '../operator.ts';
import { booleanType, numberType, textType, unknownType } from '../type.ts';
import { describe, isList, isMap, isNumeric, toJson, toText, type Value } from '../value.ts';

/** Gives a link. It has no value while expressions are evaluated: the link is made when an attempt starts, as a secret is filled in. */
export const signalFunction = 'signalUrl';

/**
 * Functions that stand alone: `contains(a, b)`. Those that people know from GitHub Actions do what they do there, and so ignore
 * upper and lower case; CEL's methods of the same name (`a.contains(b)`) respect it.
 */
export const generalFunctions: readonly FunctionEntry[] = [
  ['success', { parameters: [], takes: [], gives: booleanType, description: 'Whether nothing that this step needs has failed or was cancelled.', example: ['success() && inputs.n > 1'], call: (_args, run) => status(run) === 'success' }],
  ['failure', { parameters: [], takes: [], gives: booleanType, description: 'Whether something that this step needs has failed.', example: ['failure()'], call: (_args, run) => status(run) === 'failure' }],
  ['cancelled', { parameters: [], takes: [], gives: booleanType, description: 'Whether something that this step needs was cancelled, and nothing failed. A run that is cancelled as a whole starts no further step.', example: ['cancelled()'], call: (_args, run) => status(run) === 'cancelled' }],
  ['always', { parameters: [], takes: [], gives: booleanType, description: 'True: the step runs whatever happened to the steps before it. A run that is cancelled starts no further step.', example: ['always()'], call: () => true }],
  ['contains', { parameters: ['in', 'part'], takes: [['text', 'list'], undefined], gives: booleanType, description: 'Whether a text contains a part, or a list an element. Ignores upper and lower case (to distinguish them, use text.contains(part), or `element in list`).', example: ["contains('News', 'new')", true], call: contains }],
  ['startsWith', { parameters: ['text', 'start'], takes: [['text'], ['text']], gives: booleanType, description: 'Whether a text starts with another. Ignores upper and lower case (to distinguish them, use text.startsWith(start)).', example: ["startsWith('News', 'ne')", true], call: (args, run) => folded(args, 0, run).startsWith(folded(args, 1, run)) }],
  ['endsWith', { parameters: ['text', 'end'], takes: [['text'], ['text']], gives: booleanType, description: 'Whether a text ends with another. Ignores upper and lower case (to distinguish them, use text.endsWith(end)).', example: ["endsWith('a.PDF', '.pdf')", true], call: (args, run) => folded(args, 0, run).endsWith(folded(args, 1, run)) }],
  ['format', { parameters: ['template', '...values'], takes: [['text'], undefined], gives: textType, description: 'The template with {0}, {1} replaced by the values; {{ and }} are braces.', example: ["format('{0} of {1}', 2, 3)", '2 of 3'], call: format }],
  ['join', { parameters: ['list', 'separator?'], takes: [['list'], ['text']], gives: textType, description: 'The elements as one text. Default separator: a comma.', example: ["join(['a', 'b'])", 'a,b'], call: (args, run) => join(args, run, ',') }],
  ['toJSON', { parameters: ['value'], takes: [undefined], gives: textType, description: 'The value as JSON text.', example: ["toJSON({'a': [1, 2]})", '{"a":[1,2]}'], call: toJsonText }],
  ['fromJSON', { parameters: ['text'], takes: [['text']], gives: unknownType, description: 'The value of a JSON text.', example: ["fromJSON('[1, 2]')", [1, 2]], call: fromJsonText }],
  ['hash', { parameters: ['value'], takes: [undefined], gives: textType, description: 'A stable hash of any value, 16 hexadecimal digits (FNV-1a over its JSON with sorted keys). Not for security.', example: ["hash('a')", 'd4272417d7c77eea'], call: hash }],
  ['size', { parameters: ['value'], takes: [['text', 'list', 'map']], gives: numberType, description: 'The number of characters of a text, elements of a list, or keys of a map.', example: ['size([1, 2])', 2], call: size }],
  [signalFunction, { parameters: ['name'], takes: [['text']], gives: textType, description: "A link with which whoever gets it answers the signal of that name, once: `${{ signalUrl('approve') }}`. It stands alone between its braces, in what `http/request`, `webhook/send` or `email/send` sends.", example: ["signalUrl('approve')"], call: noLink }],
  ['string', { parameters: ['value'], takes: [undefined], gives: textType, description: 'The value as text; a list or map as JSON.', example: ['string(7)', '7'], call: toStringValue }],
  ['int', { parameters: ['value'], takes: [['number', 'text', 'timestamp', 'duration']], gives: numberType, description: 'An integer from a number (its fraction is cut off), a text or a timestamp (seconds since 1970).', example: ["int('7') / 2", 3], call: toInteger }],
  ['double', { parameters: ['value'], takes: [['number', 'text']], gives: numberType, description: 'A number from a text or an integer.', example: ["double('2.5') * 2", 5], call: toDouble }],
  ['bool', { parameters: ['value'], takes: [['boolean', 'text']], gives: booleanType, description: "A boolean from a boolean, or from the texts 'true' and 'false'.", example: ["bool('true')", true], call: toBoolean }],
  ['dyn', { parameters: ['value'], takes: [undefined], gives: ([value = unknownType]) => value, description: 'The value itself. CEL needs it to mix types; here it has no effect.', example: ['dyn(1)', 1], call: ([value = null]) => value }],
];

/** Methods of texts, lists and maps alike: `text.size()`. The receiver is the first parameter. */
export const generalMethods: readonly FunctionEntry[] = [
  ['contains', { parameters: ['in', 'part'], takes: [['text', 'list'], undefined], gives: booleanType, description: 'Whether a text contains a part (upper and lower case differ), or a list an element.', example: ["'News'.contains('new')", false], call: methodContains }],
  ['size', { parameters: ['value'], takes: [['text', 'list', 'map']], gives: numberType, description: 'The number of characters of a text, elements of a list, or keys of a map.', example: ["'abc'.size()", 3], call: size }],
  ['join', { parameters: ['list', 'separator?'], takes: [['list'], ['text']], gives: textType, description: 'The elements as one text. Default separator: none.', example: ["['a', 'b'].join('-')", 'a-b'], call: (args, run) => join(args, run, '') }],
];

/** The functions whose presence in an `if` replaces the rule that a step is skipped when something before it failed. */
export const statusFunctions: ReadonlySet<string> = new Set(['success', 'failure', 'cancelled', 'always']);

function status(run: Evaluation): unknown {
  return run.scope['$status'] ?? 'success';
}

function noLink(): Value {
  throw new ExpressionFault('evaluation', "A link can only stand alone, as in ${{ signalUrl('approve') }}: it is made when an attempt starts, so no expression can work on it.");
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
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) return checkedInteger(BigInt(value.replace(/^\+/, '')));
  if (typeof value === 'object' && value !== null && !isMap(value) && !isList(value)) return BigInt(Math.floor(value.valueOf() / 1_000));
  throw new ExpressionFault(isNumeric(value) || typeof value === 'string' ? 'evaluation' : 'type', `int() can't make a whole number of this ${describe(value).replace(/^an? /, '')}.`);
}

function toDouble([value = null]: readonly Value[]): Value {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return exactDouble(value, 'double()');
  if (typeof value === 'string' && /^[+-]?\d{16,}$/.test(value) && !isExactNumber(value)) throw new ExpressionFault('evaluation', `double() would change the last digits of ${value.length > 40 ? `${value.slice(0, 40)}...` : value}: numbers beyond 2^53 keep about 16 digits. Leave it as text, or calculate with int().`);
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

/**
 * The 64-bit FNV-1a hash (RFC 9923) of a text's UTF-8 bytes, as 16 hexadecimal digits. Stable across versions and machines. Not for
 * security: anyone who can choose the text can make two with the same hash.
 */
function stableHash(text: string): string {
  // Two halves of 32 bits, because a bigint per byte is 30 times slower. The prime is 2^40 + 0x1b3.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/** JSON with the keys of every map sorted by code unit and no spaces, so that equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    return `[${list.map((item) => canonicalJson(item)).join(',')}]`;
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
