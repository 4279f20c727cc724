import { Ajv2020 } from 'ajv/dist/2020.js';
import { formatNames, fullFormats } from 'ajv-formats/dist/formats.js';
import type { SourceRange } from '../diagnostic.ts';
import { entryAt, entryOf, nodeAt, toJson, type DocumentNode, type MapEntry } from '../document.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { capitalised, describe, placeOf, type MapReader } from './map-reader.ts';
import { didYouMean, quoted, type Report } from './report.ts';
import { schemaProblems } from './schema-problem.ts';

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

const ajv = new Ajv2020({
  allErrors: true,
  verbose: true,
  strict: false,
  formats: fullFormats,
  // A pattern with repeated groups can take for ever to match, and this runs while a file is being typed.
  code: { regExp: Object.assign((pattern: string, flags: string) => (mayBeSlow(pattern) ? { test: () => true } : new RegExp(pattern, flags)), { code: 'new RegExp' }) },
});

/** The inputs of a workflow: what the model keeps, and their names. */
export interface InputsSchema {
  readonly schema: JsonObject;
  readonly names: ReadonlySet<string>;
}

/** Reads `inputs` and `required`: the properties of an object. */
export function readInputs(root: MapReader): InputsSchema {
  const properties: [string, Json][] = [];
  const entries = root.named('inputs', 'inputs');
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
  return { schema, names };
}

function readInput(report: Report, entry: MapEntry): boolean {
  const { value, keyRange } = entry;
  if (value.kind !== 'map') {
    const hint = value.kind === 'scalar' && typeof value.value === 'string' ? ` Write { type: ${value.value.slice(0, 40)} }.` : '';
    report.error('bad-schema', placeOf(value, keyRange), `An input is a JSON Schema such as { type: string }, not ${describe(value)}.${hint}`);
    return false;
  }
  const schema = toJson(value);
  if (!checkKeywords(report, value) || !checkMetaSchema(report, entry, schema)) return false;
  checkDefault(report, entry, schema);
  return true;
}

/** Keywords that no JSON Schema has, formats that nobody checks, and references that lead out of the file. */
function checkKeywords(report: Report, node: DocumentNode): boolean {
  if (node.kind !== 'map') return true;
  let isRight = true;
  const refuse = (range: SourceRange, message: string, nearest?: string): void => {
    isRight = false;
    report.error('bad-schema', range, message, nearest === undefined ? [] : [nearest]);
  };
  for (const { key, keyRange, value } of node.entries) {
    const text = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
    if (!keywords.includes(key)) {
      const nearest = nearestName(key, keywords);
      refuse(keyRange, `${quoted(key)} is not a keyword of JSON Schema that inputs can use.${didYouMean(nearest)}`, nearest);
    } else if (key === 'format' && text !== undefined && !(formatNames as readonly string[]).includes(text)) {
      const nearest = nearestName(text, formatNames);
      refuse(value.range, `${quoted(text)} is no format that is checked here. Formats are ${formatNames.join(', ')}.${didYouMean(nearest)}`, nearest);
    } else if (key === '$ref' || key === '$anchor') {
      refuse(keyRange, `${quoted(key)} can't be used in inputs: write the schema out, or repeat it with a YAML anchor (&name) and alias (*name).`);
    }
    const patterns = key === 'pattern' && text !== undefined ? [{ pattern: text, range: value.range }] : key === 'patternProperties' && value.kind === 'map' ? value.entries.map((entry) => ({ pattern: entry.key, range: entry.keyRange })) : [];
    // The meta-schema's own check of this is left to the compiler, which runs for defaults only.
    for (const { pattern, range } of patterns) {
      if (!isRegularExpression(pattern)) refuse(range, `${quoted(pattern)} is no regular expression.`);
    }
    const children = schemaMaps.includes(key) && value.kind === 'map' ? value.entries.map((entry) => entry.value) : schemaLists.includes(key) && value.kind === 'list' ? value.items : schemas.includes(key) ? [value] : [];
    for (const child of children) isRight = checkKeywords(report, child) && isRight;
  }
  return isRight;
}

function checkMetaSchema(report: Report, { value, keyRange }: MapEntry, schema: Json): boolean {
  if (!isJsonObject(schema) || ajv.validateSchema(schema) === true) return true;
  for (const { path, message, suggestions } of schemaProblems(ajv.errors ?? [], 'the schema')) {
    const parts = path.map((part, index) => (nodeAt(value, path.slice(0, index))?.kind === 'list' ? Number(part) : part));
    const node = nodeAt(value, parts) ?? value;
    report.error('bad-schema', placeOf(node, entryAt(value, parts)?.keyRange ?? keyRange), `This is no valid JSON Schema: ${message}`, suggestions);
  }
  return false;
}

/** Whether the default of an input fits the input's own schema. */
function checkDefault(report: Report, { key, value, keyRange }: MapEntry, schema: Json): void {
  const entry = entryOf(value, 'default');
  if (entry === undefined || !isJsonObject(schema)) return;
  try {
    const validate = ajv.compile(schema);
    ajv.removeSchema(schema);
    if (validate(schema['default'])) return;
    const problem = schemaProblems(validate.errors ?? [], 'it')[0];
    report.error('bad-default', placeOf(entry.value, entry.keyRange), `The default of ${quoted(key)} doesn't fit its schema${problem === undefined ? '.' : `: ${problem.message}`}`);
  } catch (error) {
    // What the meta-schema lets pass, and only the compiler finds.
    ajv.removeSchema(schema);
    const message = error instanceof Error ? error.message : String(error);
    report.error('bad-schema', keyRange, `${capitalised(quoted(key))} is no valid JSON Schema: ${message.slice(0, 200)}.`);
  }
}

function readRequired(root: MapReader, names: ReadonlySet<string>): readonly string[] {
  const required: string[] = [];
  for (const item of root.list('required', 'names of inputs')) {
    const name = item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
    if (name === undefined) {
      root.report.error('wrong-type', placeOf(item, root.place('required')), `'required' lists names of inputs; ${describe(item)} is none.`);
    } else if (!names.has(name)) {
      const nearest = nearestName(name, names);
      root.report.error('unknown-input', item.range, `'required' names ${quoted(name)}, which is no input.${didYouMean(nearest)}`, nearest === undefined ? [] : [nearest]);
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

/** A repeated group, or a back reference: what makes matching exponential. */
function mayBeSlow(pattern: string): boolean {
  return /\)[*+{?]|\\[1-9k]/.test(pattern) || pattern.length > 500 || (pattern.match(/[*+{]/g) ?? []).length > 3;
}
