import { stringify } from 'yaml';
import { english, type Language } from '../wording/language.ts';
import type { ExpressionField } from '../workflow/expression/type.ts';
import { isJsonObject, type Json, type JsonObject } from '../workflow/json.ts';
import { defaultQueueName } from '../workflow/model.ts';
import { snippetText } from './completions.ts';

/** What a schema is made ready for. */
export type EditorSchemaUse = 'completion' | 'hover';

const definitions = '#/$defs/';
const ofSchemas = ['anyOf', 'oneOf', 'allOf'];
const ofNames = ['properties', 'patternProperties', 'dependentSchemas'];
const oneSchema = ['additionalProperties', 'items', 'contains', 'not', 'if', 'then', 'else'];

/**
 * A published schema as the editor's schema service shows it best. What it says stays the same, but:
 *
 * - references are written out, so that a property's own words and those of its kind come together;
 * - descriptions become Markdown in the reader's language that ends with the default and the examples;
 * - for completion, examples that are maps become snippets with a label that can be read, and those that name something of
 *   another workflow are left out;
 * - what names look like is left out, or the service would offer `property` as a name;
 * - values that may be expressions are described as what they are, since our own analysis checks them.
 */
export function editorSchema(schema: JsonObject, use: EditorSchemaUse, language = english): JsonObject {
  const { $defs, $schema: _, title: __, ...root } = schema;
  return new EditorSchema(isJsonObject($defs) ? $defs : {}, use, language).of(root);
}

class EditorSchema {
  readonly #definitions: JsonObject;
  readonly #use: EditorSchemaUse;
  readonly #language: Language;

  constructor(definitions: JsonObject, use: EditorSchemaUse, language: Language) {
    this.#definitions = definitions;
    this.#use = use;
    this.#language = language;
  }

  of(schema: JsonObject): JsonObject {
    const whole = withoutExpressionBranch(this.#written(schema));
    const { default: fallback, examples, propertyNames: _, ...rest } = Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, this.#keyword(key, value)]));
    return { ...rest, ...this.#described(rest, fallback, Array.isArray(examples) ? (examples as readonly Json[]) : []) };
  }

  /** With what a reference stands for; what is beside the reference wins. */
  #written(schema: JsonObject): JsonObject {
    const { $ref, ...own } = schema;
    if (typeof $ref !== 'string') return schema;
    const target = this.#definitions[$ref.slice(definitions.length)];
    return isJsonObject(target) ? { ...this.#written(target), ...own } : own;
  }

  #keyword(key: string, value: Json): Json {
    if (ofSchemas.includes(key) && Array.isArray(value)) return (value as readonly Json[]).map((one) => this.#inner(one));
    if (ofNames.includes(key) && isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#inner(one)]));
    return oneSchema.includes(key) ? this.#inner(value) : value;
  }

  #inner(schema: Json): Json {
    return isJsonObject(schema) ? this.of(schema) : schema;
  }

  #described(schema: JsonObject, fallback: Json | undefined, examples: readonly Json[]): JsonObject {
    const { description } = schema;
    const text = typeof description === 'string' ? { markdownDescription: markdown(description, fallback, examples, this.#language) } : {};
    if (this.#use === 'hover') return text;
    const scalars = examples.filter((example) => !isCollection(example) && !(typeof example === 'string' && example.includes('${{')));
    const maps = 'anyOf' in schema ? examples.filter(isJsonObject) : [];
    return {
      ...text,
      // Anyone who writes `queue` wants another one than the default.
      ...(fallback === undefined || isCollection(fallback) || fallback === defaultQueueName ? {} : { default: fallback }),
      ...(scalars.length === 0 ? {} : { examples: scalars }),
      ...(maps.length === 0 ? {} : { defaultSnippets: maps.map((body) => ({ label: flowText(body), body: snippetBody(body) })) }),
    };
  }
}

/** `allowExpressions` puts what a value must be, where it is not an expression, behind an `else`. */
function withoutExpressionBranch(schema: JsonObject): JsonObject {
  const { if: condition, then, else: otherwise, ...outside } = schema;
  return condition !== undefined && isJsonObject(then) && Object.keys(then).length === 0 && isJsonObject(otherwise) ? { ...outside, ...otherwise } : schema;
}

function markdown(description: string, fallback: Json | undefined, examples: readonly Json[], { dataText, say }: Language): string {
  const code = (value: Json): string => `\`${flowText(value)}\``;
  const others = examples.filter((example) => flowText(example) !== (fallback === undefined ? undefined : flowText(fallback)));
  return [
    dataText(description),
    ...(fallback === undefined ? [] : [say('Default: {value}', { value: code(fallback) })]),
    ...(others.length === 0 ? [] : [say('{count, plural, =1 {Example: {list}} other {Examples: {list}}}', { count: others.length, list: others.map(code).join(', ') })]),
  ].join('\n\n');
}

/** As somebody would write it on one line. */
function flowText(value: Json): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trimEnd();
}

function isCollection(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}

function snippetBody(value: Json): Json {
  if (typeof value === 'string') return snippetText(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map(snippetBody);
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, snippetBody(one)])) : value;
}

/** What a schema says of a field, as Markdown; empty if it says nothing. */
export function describeField({ description, examples = [], ...field }: Omit<ExpressionField, 'type' | 'required'>, { dataText, say } = english): string {
  const parts = [
    ...(description === undefined ? [] : [dataText(description)]),
    ...('default' in field ? [say('Default: {value}', { value: asCode(field.default ?? null) })] : []),
    ...(examples.length === 0 ? [] : [say('{count, plural, =1 {Example: {list}} other {Examples: {list}}}', { count: examples.length, list: examples.slice(0, 3).map(asCode).join(', ') })]),
  ];
  return parts.join('\n\n');
}

function asCode(value: Json): string {
  const text = JSON.stringify(value);
  const shown = text.length > 120 ? `${text.slice(0, 119)}…` : text;
  // A backtick inside would end the code.
  return `\`${shown.replaceAll('`', 'ˋ')}\``;
}
