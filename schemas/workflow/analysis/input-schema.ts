import { formatNames } from 'ajv-formats/dist/formats.js';
import type { SourceRange } from '../diagnostic.ts';
import { entryAt, nodeAt, toJson, type DocumentNode, type MapEntry } from '../document.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { describe, placeOf, type MapReader } from './map-reader.ts';
import { didYouMean, quoted, type Report } from './report.ts';
import { schemaProblems } from './schema-problem.ts';
import { checkSchemaValues, compileSchema, schemaChecker } from './schema-values.ts';
import { message, sentences, type Message } from '../../wording/message.ts';

const keywords = [
  '$anchor', '$comment', '$defs', '$ref', 'additionalProperties', 'allOf', 'anyOf', 'const', 'contains', 'contentEncoding', 'contentMediaType',
  'contentSchema', 'default', 'dependentRequired', 'dependentSchemas', 'deprecated', 'description', 'else', 'enum', 'examples', 'exclusiveMaximum',
  'exclusiveMinimum', 'format', 'if', 'items', 'maxContains', 'maxItems', 'maxLength', 'maxProperties', 'maximum', 'minContains', 'minItems', 'minLength',
  'minProperties', 'minimum', 'multipleOf', 'not', 'oneOf', 'pattern', 'patternProperties', 'prefixItems', 'properties', 'propertyNames', 'readOnly',
  'required', 'then', 'title', 'type', 'unevaluatedItems', 'unevaluatedProperties', 'uniqueItems', 'writeOnly',
];
const schemaMaps = ['$defs', 'properties', 'patternProperties', 'dependentSchemas'];
const schemaLists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const schemas = ['additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'items', 'not', 'propertyNames', 'then', 'unevaluatedItems', 'unevaluatedProperties'];

/** The inputs of a workflow: what the model keeps, and their names. */
export interface InputsSchema {
  readonly schema: JsonObject;
  readonly names: ReadonlySet<string>;
  /** Something is wrong with `inputs`, so that there may be others. */
  readonly areUncertain: boolean;
}

/** Inputs that a run has to be given: there is nothing in their stead. */
export function requiredWithoutDefault({ required, properties }: InputsSchema['schema']): readonly string[] {
  const names = Array.isArray(required) ? (required as readonly Json[]).filter((name) => typeof name === 'string') : [];
  return names.filter((name) => {
    const schema = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    return !(isJsonObject(schema) && Object.hasOwn(schema, 'default'));
  });
}

/** Reports a name that a trigger gives a value, and that no input has. */
export function reportUnknownInput(report: Report, { key, keyRange }: MapEntry, { names, areUncertain }: InputsSchema): void {
  if (areUncertain || names.has(key)) return;
  const nearest = nearestName(key, names);
  report.error('unknown-input', keyRange, sentences(message('There is no input {name}.', { name: quoted(key) }), didYouMean(nearest)), nearest === undefined ? [] : [nearest], `unknown-input ${key}`);
}

/** Reads `inputs` and `required`: the properties of an object. */
export function readInputs(root: MapReader): InputsSchema {
  const properties: [string, Json][] = [];
  const entries = root.named('inputs', 'inputs', 'field', { what: 'an input', keys: keywords });
  for (const entry of entries) {
    if (readInput(root.report, entry)) properties.push([entry.key, toJson(entry.value)]);
  }
  const names = new Set(entries.map(({ key }) => key));
  const required = readRequired(root, names);
  const schema: JsonObject = {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
  return { schema, names, areUncertain: root.isUncertain('inputs') };
}

function readInput(report: Report, entry: MapEntry): boolean {
  const { value, keyRange } = entry;
  if (value.kind !== 'map') {
    const hint = value.kind === 'scalar' && typeof value.value === 'string' ? message('Write {code}.', { code: `{ type: ${value.value.slice(0, 40)} }` }) : undefined;
    report.error('bad-schema', placeOf(value, keyRange), sentences(message('An input is a JSON Schema such as {code}, not {given}.', { code: '{ type: string }', given: describe(value) }), hint));
    return false;
  }
  const schema = toJson(value);
  if (!isJsonObject(schema)) return false;
  if (report.isKept) return true;
  if (!checkKeywords(report, value) || !checkMetaSchema(report, entry, schema)) return false;
  const before = report.errorCount;
  checkSchemaValues(report, value, entry.key);
  return report.errorCount === before && checkCompiles(report, entry, schema);
}

/** Keywords that no JSON Schema has, formats that nobody checks, and references that lead out of the file. */
function checkKeywords(report: Report, node: DocumentNode): boolean {
  if (node.kind !== 'map') return true;
  let isRight = true;
  const refuse = (range: SourceRange, problem: Message, nearest?: string): void => {
    isRight = false;
    report.error('bad-schema', range, problem, nearest === undefined ? [] : [nearest]);
  };
  for (const { key, keyRange, value } of node.entries) {
    const text = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
    if (!keywords.includes(key)) {
      const nearest = nearestName(key, keywords);
      refuse(keyRange, sentences(message('{key} is not a keyword of JSON Schema that inputs can use.', { key: quoted(key) }), didYouMean(nearest)), nearest);
    } else if (key === 'format' && text !== undefined && !(formatNames as readonly string[]).includes(text)) {
      const nearest = nearestName(text, formatNames);
      refuse(value.range, sentences(message('{text} is not a format that is checked here. Formats are {list}.', { text: quoted(text), list: formatNames.join(', ') }), didYouMean(nearest)), nearest);
    } else if (key === '$ref' || key === '$anchor') {
      refuse(keyRange, message("{key} can't be used in inputs: write the schema out, or repeat it with a YAML anchor (&name) and alias (*name).", { key: quoted(key) }));
    }
    const patterns = key === 'pattern' && text !== undefined ? [{ pattern: text, range: value.range }] : key === 'patternProperties' && value.kind === 'map' ? value.entries.map((entry) => ({ pattern: entry.key, range: entry.keyRange })) : [];
    for (const { pattern, range } of patterns) {
      if (!isRegularExpression(pattern)) refuse(range, message('{pattern} is not a regular expression.', { pattern: quoted(pattern) }));
    }
    const children = schemaMaps.includes(key) && value.kind === 'map' ? value.entries.map((entry) => entry.value) : schemaLists.includes(key) && value.kind === 'list' ? value.items : schemas.includes(key) ? [value] : [];
    for (const child of children) isRight = checkKeywords(report, child) && isRight;
  }
  return isRight;
}

function checkMetaSchema(report: Report, { value, keyRange }: MapEntry, schema: JsonObject): boolean {
  const checker = schemaChecker();
  if (checker.validateSchema(schema) === true) return true;
  for (const { path, message: problem, suggestions } of schemaProblems(checker.errors ?? [], 'the schema')) {
    const parts = path.map((part, index) => (nodeAt(value, path.slice(0, index))?.kind === 'list' ? Number(part) : part));
    const node = nodeAt(value, parts) ?? value;
    report.error('bad-schema', placeOf(node, entryAt(value, parts)?.keyRange ?? keyRange), message('This is not a valid JSON Schema: {problem}', { problem }), suggestions);
  }
  return false;
}

/** Keywords that the meta-schema and the checks above have judged wholly. Nearly every input has no others, and compiling costs the daemon's start milliseconds. */
const plainKeywords: ReadonlySet<string> = new Set(['type', 'title', 'description', 'default', 'examples', 'enum', 'format', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'required', 'properties', 'items', 'additionalProperties']);

function isPlain(schema: Json): boolean {
  if (!isJsonObject(schema)) return typeof schema === 'boolean';
  if (!Object.keys(schema).every((key) => plainKeywords.has(key))) return false;
  const { properties, items, additionalProperties } = schema;
  const inner = [...(isJsonObject(properties) ? Object.values(properties) : []), ...(items === undefined ? [] : [items]), ...(additionalProperties === undefined ? [] : [additionalProperties])];
  return inner.every(isPlain);
}

/** What the meta-schema lets pass, and only the compiler finds: a run could not check its inputs. */
function checkCompiles(report: Report, { key, keyRange }: MapEntry, schema: JsonObject): boolean {
  const made = isPlain(schema) ? undefined : compileSchema(schema);
  if (typeof made !== 'string') return true;
  report.error('bad-schema', keyRange, message('{key} has no valid JSON Schema: {made}.', { key: quoted(key), made: made.slice(0, 200) }));
  return false;
}

function readRequired(root: MapReader, names: ReadonlySet<string>): readonly string[] {
  const required: string[] = [];
  for (const item of root.list('required', 'names of inputs')) {
    const name = item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
    if (name === undefined) {
      root.report.error('wrong-type', placeOf(item, root.place('required')), message("'required' lists names of inputs; {given} is none.", { given: describe(item) }));
    } else if (root.isUncertain('inputs')) {
      continue;
    } else if (!names.has(name)) {
      const nearest = nearestName(name, names);
      root.report.error('unknown-input', item.range, sentences(message("'required' names {name}, which is not an input.", { name: quoted(name) }), didYouMean(nearest)), nearest === undefined ? [] : [nearest], names.size === 0 ? 'no-inputs' : `unknown-input ${name}`);
    } else if (!required.includes(name)) required.push(name);
  }
  return required;
}

function isRegularExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
