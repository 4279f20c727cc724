import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { entryOf, toJson, type DocumentNode, type MapNode } from '../document.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { describe, placeOf } from './map-reader.ts';
import { quoted, type Report } from './report.ts';
import { schemaProblems } from './schema-problem.ts';
import { type Message, message, sentences } from '../../wording/message.ts';

let checker: Ajv2020 | undefined;

/** Made when a schema is first checked: it takes milliseconds, in each thread that analyses workflows, and most of those have no schemas. */
export function schemaChecker(): Ajv2020 {
  checker ??= new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    formats: fullFormats,
    // A pattern with repeated groups can take for ever to match, and this runs while a file is being typed.
    code: { regExp: Object.assign((pattern: string, flags: string) => (mayBeSlow(pattern) ? { test: () => true } : new RegExp(pattern, flags)), { code: 'new RegExp' }) },
  });
  return checker;
}

/** Compiling takes milliseconds, and a file that is being typed has the same schemas again and again. */
const compiled = new Map<string, ValidateFunction | string>();
const maxCompiled = 200;

/** The check of a schema that the meta-schema allows; a text where the compiler refuses it all the same, which says why. */
export function compileSchema(schema: JsonObject): ValidateFunction | string {
  const key = JSON.stringify(schema);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = compile(schema);
  const [oldest] = compiled.keys();
  if (compiled.size >= maxCompiled && oldest !== undefined) compiled.delete(oldest);
  compiled.set(key, made);
  return made;
}

function compile(schema: JsonObject): ValidateFunction | string {
  try {
    return schemaChecker().compile(schema);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    schemaChecker().removeSchema(schema);
  }
}

/** Keywords that bound one thing from below and from above, and what has to lie between them. */
const bounds: readonly { readonly least: string; readonly most: string; readonly what: 'number' | 'text' | 'list' | 'map'; readonly isOpen?: boolean }[] = [
  { least: 'minimum', most: 'maximum', what: 'number' },
  { least: 'exclusiveMinimum', most: 'maximum', what: 'number', isOpen: true },
  { least: 'minimum', most: 'exclusiveMaximum', what: 'number', isOpen: true },
  { least: 'exclusiveMinimum', most: 'exclusiveMaximum', what: 'number', isOpen: true },
  { least: 'minLength', most: 'maxLength', what: 'text' },
  { least: 'minItems', most: 'maxItems', what: 'list' },
  { least: 'minContains', most: 'maxContains', what: 'list' },
  { least: 'minProperties', most: 'maxProperties', what: 'map' },
];

/** Where a schema has schemas whose values are parts of its own. Branches (`anyOf`, `if`, `not`) are not among them: there, a schema that nothing fits can have its use. */
const parts = { maps: ['properties', 'patternProperties'], lists: ['prefixItems'], ones: ['items', 'additionalProperties', 'contains'] } as const;

/**
 * Reports what can't be right about the values of a schema and of the schemas in it: a default that doesn't fit, values that nothing can be.
 * Of what nothing fits, only the usual ways are found: bounds that cross, and `enum`, `const` or `required` that the rest rules out.
 */
export function checkSchemaValues(report: Report, node: MapNode, name: string): void {
  const schema = toJson(node);
  if (!isJsonObject(schema)) return;
  if (checkBounds(report, node, schema) && checkChoices(report, node, schema) && checkRequired(report, node, schema)) checkDefault(report, node, schema, name);
  for (const { name: part, node: inner } of partsOf(node)) {
    if (inner.kind === 'map') checkSchemaValues(report, inner, part ?? name);
  }
}

interface Part {
  /** Of a property. */
  readonly name?: string;
  readonly node: DocumentNode;
}

function partsOf(node: MapNode): readonly Part[] {
  return node.entries.flatMap(({ key, value }): readonly Part[] => {
    if (parts.maps.some((one) => one === key) && value.kind === 'map') return value.entries.map((entry) => ({ name: entry.key, node: entry.value }));
    if (parts.lists.some((one) => one === key) && value.kind === 'list') return value.items.map((item) => ({ node: item }));
    return parts.ones.some((one) => one === key) ? [{ node: value }] : [];
  });
}

function checkBounds(report: Report, node: MapNode, schema: JsonObject): boolean {
  let isRight = true;
  for (const { least, most, what, isOpen = false } of bounds) {
    const [low, high] = [schema[least], schema[most]];
    const entry = entryOf(node, most);
    if (entry === undefined || typeof low !== 'number' || typeof high !== 'number' || low < high || (low === high && !isOpen)) continue;
    isRight = false;
    report.error('bad-schema', placeOf(entry.value, entry.keyRange), noneFits(what, { least: quoted(least), low, most: quoted(most), high }));
  }
  return isRight;
}

/** `enum` and `const`: what none of the values can be with the rest of the schema. */
function checkChoices(report: Report, node: MapNode, schema: JsonObject): boolean {
  for (const key of ['enum', 'const']) {
    const entry = entryOf(node, key);
    if (entry === undefined) continue;
    const { [key]: given, default: _, ...rest } = schema;
    const values = key === 'enum' ? (Array.isArray(given) ? (given as readonly Json[]) : []) : [given ?? null];
    const range = placeOf(entry.value, entry.keyRange);
    if (values.length === 0) {
      report.error('bad-schema', range, message("No value fits: 'enum' has none. List the values that are possible, or take 'enum' out."));
      return false;
    }
    const validate = compileSchema(rest);
    if (typeof validate === 'string' || values.some((value) => validate(value))) continue;
    validate(values[0]);
    const problem = schemaProblems(validate.errors ?? [], 'it')[0];
    const told = { count: values.length, key: quoted(key), };
    const refused = message('{count, plural, =1 {No value fits: the value of {key} is ruled out by the rest of the schema.} other {No value fits: each value of {key} is ruled out by the rest of the schema.}}', told);
    report.error('bad-schema', range, problem === undefined ? refused : sentences(refused, message('Of the first: {problem}', { problem: problem.message })));
    return false;
  }
  return true;
}

/** A property that has to be there and can't be. */
function checkRequired(report: Report, node: MapNode, { properties, required, additionalProperties, patternProperties }: JsonObject): boolean {
  const list = entryOf(node, 'required')?.value;
  if (additionalProperties !== false || patternProperties !== undefined || !Array.isArray(required) || list?.kind !== 'list') return true;
  const known = isJsonObject(properties) ? Object.keys(properties) : [];
  const missing = list.items.find((item) => item.kind === 'scalar' && typeof item.value === 'string' && !known.includes(item.value));
  if (missing === undefined) return true;
  report.error('bad-schema', missing.range, message("No map fits: {given} is required, and 'additionalProperties: false' rules it out. Declare it under 'properties'.", { given: describe(missing) }));
  return false;
}

function checkDefault(report: Report, node: MapNode, schema: JsonObject, name: string): void {
  const entry = entryOf(node, 'default');
  const validate = entry === undefined ? undefined : compileSchema(schema);
  if (entry === undefined || validate === undefined || typeof validate === 'string' || validate(schema['default'])) return;
  const problem = schemaProblems(validate.errors ?? [], 'it')[0];
  report.error('bad-default', placeOf(entry.value, entry.keyRange), problem === undefined ? message("The default of {name} doesn't fit its schema.", { name: quoted(name) }) : message("The default of {name} doesn't fit its schema: {problem}", { name: quoted(name), problem: problem.message }));
}

/** A repeated group, or a back reference: what makes matching exponential. */
function mayBeSlow(pattern: string): boolean {
  return /\)[*+{?]|\\[1-9k]/.test(pattern) || pattern.length > 500 || (pattern.match(/[*+{]/g) ?? []).length > 3;
}

function noneFits(what: (typeof bounds)[number]['what'], told: { readonly least: string; readonly low: number; readonly most: string; readonly high: number }): Message {
  switch (what) {
    case 'number':
      return message('No number fits: {least} is {low}, and {most} is {high}.', told);
    case 'text':
      return message('No text fits: {least} is {low}, and {most} is {high}.', told);
    case 'list':
      return message('No list fits: {least} is {low}, and {most} is {high}.', told);
    case 'map':
      return message('No map fits: {least} is {low}, and {most} is {high}.', told);
  }
}
