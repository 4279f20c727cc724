import type { Message } from '../../wording/message.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/**
 * What is known of the values that an expression can have. `unknown` is any value at all, and a union that holds it is no narrower: it only
 * remembers what is likely, so that an editor can offer it.
 */
export type ExpressionType =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'null' | 'boolean' | 'number' | 'timestamp' | 'duration' }
  /** `values`: all that it can be. */
  | { readonly kind: 'text'; readonly values?: readonly string[] }
  | { readonly kind: 'list'; readonly items: ExpressionType }
  /**
   * `rest`: the type of fields that are not listed; left out, there are no others. `isRestImplied`: nobody said that there are others, it
   * is only not ruled out (a JSON Schema without `additionalProperties`). `whyEmpty`: a sentence about a map that has no fields.
   */
  | { readonly kind: 'map'; readonly fields: ReadonlyMap<string, ExpressionField>; readonly rest?: ExpressionType; readonly isRestImplied?: boolean; readonly whyEmpty?: Message }
  | { readonly kind: 'union'; readonly of: readonly PlainType[] };

/** A type that is not an union. */
export type PlainType = Exclude<ExpressionType, { readonly kind: 'union' }>;
export type TypeKind = PlainType['kind'];
export type MapType = Extract<PlainType, { readonly kind: 'map' }>;

export interface ExpressionField {
  readonly type: ExpressionType;
  /** Whether every value has it. */
  readonly required: boolean;
  readonly description?: string;
  readonly examples?: readonly Json[];
  readonly default?: Json;
}

export const unknownType: ExpressionType = { kind: 'unknown' };
export const textType: ExpressionType = { kind: 'text' };
export const numberType: ExpressionType = { kind: 'number' };
export const booleanType: ExpressionType = { kind: 'boolean' };

/** Schemas within each other that are looked into; what lies deeper is any value. */
const maxDepth = 12;

export function listOf(items: ExpressionType): ExpressionType {
  return { kind: 'list', items };
}

export function textOf(values: readonly string[]): ExpressionType {
  return { kind: 'text', values };
}

/** A map with exactly these fields, or with others as well where `rest` says of which type. */
export function mapOf(fields: Readonly<Record<string, ExpressionField>>, rest?: ExpressionType): ExpressionType {
  return { kind: 'map', fields: new Map(Object.entries(fields)), ...(rest === undefined ? {} : { rest }) };
}

export function alternativesOf(type: ExpressionType): readonly PlainType[] {
  return type.kind === 'union' ? type.of : [type];
}

/** Whether a value can be anything, so that nothing is wrong with it for certain. */
export function mayBeAnything(type: ExpressionType): boolean {
  return alternativesOf(type).some(({ kind }) => kind === 'unknown');
}

/** Any of the types. Those of one kind become one, so that a union has each kind once. */
export function unionOf(types: readonly ExpressionType[]): ExpressionType {
  const found = new Map<TypeKind, PlainType>();
  for (const type of types.flatMap(alternativesOf)) {
    const other = found.get(type.kind);
    found.set(type.kind, other === undefined || other === type ? type : joined(other, type));
  }
  const [first = unknownType, ...others] = found.values();
  return others.length === 0 ? first : { kind: 'union', of: [...found.values()] };
}

/** Without null, where anything is left then. */
export function withoutNull(type: ExpressionType): ExpressionType {
  const left = alternativesOf(type).filter(({ kind }) => kind !== 'null');
  return left.length === 0 ? type : unionOf(left);
}

/** What a value becomes when it is put into a list or a map, or handed on: plain JSON. */
export function asJsonType(type: ExpressionType): ExpressionType {
  const types = alternativesOf(type);
  return types.some(({ kind }) => kind === 'timestamp' || kind === 'duration') ? unionOf(types.map((one) => (one.kind === 'timestamp' || one.kind === 'duration' ? textType : one))) : type;
}

/**
 * The type of the values that fit a JSON Schema (2020-12): never narrower than the schema, so that what is wrong by the type is wrong
 * for certain. A schema that says no `type` allows anything; what it says of fields is remembered all the same.
 */
export function typeOfSchema(schema: Json | undefined, depth = 0): ExpressionType {
  if (!isJsonObject(schema) || depth > maxDepth) return unknownType;
  const known = typesBySchema.get(schema);
  if (known !== undefined) return known;
  const type = readSchema(schema, depth);
  typesBySchema.set(schema, type);
  return type;
}

/** The type of exactly this value. */
export function typeOfValue(value: Json, depth = 0): ExpressionType {
  if (depth > maxDepth) return unknownType;
  switch (typeof value) {
    case 'string':
      return textOf([value]);
    case 'number':
      return numberType;
    case 'boolean':
      return booleanType;
    default:
      break;
  }
  if (isJsonObject(value)) return { kind: 'map', fields: new Map(Object.entries(value).map(([key, field]) => [key, { type: typeOfValue(field, depth + 1), required: true }])) };
  if (value === null) return { kind: 'null' };
  const items = value;
  return listOf(unionOf(items.map((item) => typeOfValue(item, depth + 1))));
}

/** A type in words, on one line: `text`, `list of { email: text, name?: text }`. */
export function describeType(type: ExpressionType, depth = 0): string {
  switch (type.kind) {
    case 'unknown':
      return 'any';
    case 'text':
      return type.values === undefined || type.values.length > 8 ? 'text' : type.values.map((value) => `'${value.length > 30 ? `${value.slice(0, 29)}…` : value}'`).join(' | ');
    case 'list': {
      const items = describeType(type.items, depth + 1);
      return type.items.kind === 'unknown' ? 'list' : `list of ${items.includes(' | ') && type.items.kind !== 'map' ? `(${items})` : items}`;
    }
    case 'map':
      return describeMap(type, depth);
    case 'union':
      return type.of.map((one) => describeType(one, depth)).join(' | ');
    default:
      return type.kind;
  }
}

function describeMap({ fields, rest }: MapType, depth: number): string {
  const open = rest === undefined ? [] : [fields.size === 0 && rest.kind !== 'unknown' ? `[name]: ${describeType(rest, depth + 1)}` : '…'];
  if (fields.size === 0) return rest === undefined ? '{ }' : rest.kind === 'unknown' ? 'map' : `{ ${open.join('')} }`;
  if (depth > 2) return '{ … }';
  const shown = [...fields].slice(0, 8).map(([name, { type, required }]) => `${/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`}${required ? '' : '?'}: ${describeType(type, depth + 1)}`);
  return `{ ${[...shown, ...(fields.size > 8 ? ['…'] : open)].join(', ')} }`;
}

/** One type for two of the same kind. */
function joined(a: PlainType, b: PlainType): PlainType {
  if (a.kind === 'text' && b.kind === 'text') return joinTexts(a.values, b.values);
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', items: unionOf([a.items, b.items]) };
  if (a.kind === 'map' && b.kind === 'map') return joinMaps(a, b);
  return a;
}

function joinMaps(a: MapType, b: MapType): PlainType {
  const fields = new Map<string, ExpressionField>();
  for (const name of new Set([...a.fields.keys(), ...b.fields.keys()])) {
    const [left, right] = [a.fields.get(name), b.fields.get(name)];
    const types = [left?.type ?? a.rest, right?.type ?? b.rest].filter((type) => type !== undefined);
    fields.set(name, { ...(left ?? right), type: unionOf(types), required: left?.required === true && right?.required === true });
  }
  const rests = [a.rest, b.rest].filter((rest) => rest !== undefined);
  const isRestImplied = a.isRestImplied === true && b.isRestImplied === true;
  return { kind: 'map', fields, ...(rests.length === 0 ? {} : { rest: unionOf(rests) }), ...(isRestImplied ? { isRestImplied } : {}) };
}

function joinTexts(a: readonly string[] | undefined, b: readonly string[] | undefined): PlainType {
  const values = a === undefined || b === undefined ? undefined : [...new Set([...a, ...b])];
  return values === undefined || values.length > 50 ? { kind: 'text' } : { kind: 'text', values };
}

const typesBySchema = new WeakMap<JsonObject, ExpressionType>();

function readSchema(schema: JsonObject, depth: number): ExpressionType {
  if (Object.hasOwn(schema, 'const')) return typeOfValue(schema['const'] ?? null);
  if (Array.isArray(schema['enum'])) return unionOf((schema['enum'] as readonly Json[]).map((value) => typeOfValue(value)));
  const { type } = schema;
  const names = typeof type === 'string' ? [type] : Array.isArray(type) ? (type as readonly Json[]).filter((name) => typeof name === 'string') : [];
  if (names.length > 0) return unionOf(names.map((name) => typeOfName(name, schema, depth)));
  for (const key of ['anyOf', 'oneOf']) {
    const alternatives = schema[key];
    if (Array.isArray(alternatives)) return unionOf((alternatives as readonly Json[]).map((alternative) => typeOfSchema(alternative, depth + 1)));
  }
  const likely = isJsonObject(schema['properties']) ? [typeOfName('object', schema, depth)] : schema['items'] !== undefined ? [typeOfName('array', schema, depth)] : [];
  return unionOf([...likely, unknownType]);
}

function typeOfName(name: string, schema: JsonObject, depth: number): ExpressionType {
  switch (name) {
    case 'string':
      return textType;
    case 'number':
    case 'integer':
      return numberType;
    case 'boolean':
      return booleanType;
    case 'null':
      return { kind: 'null' };
    case 'array':
      return listOf(itemsOf(schema, depth));
    case 'object':
      return mapOfSchema(schema, depth);
    default:
      return unknownType;
  }
}

function itemsOf(schema: JsonObject, depth: number): ExpressionType {
  const prefix = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as readonly Json[]).map((item) => typeOfSchema(item, depth + 1)) : [];
  const items = typeOfSchema(schema['items'], depth + 1);
  return prefix.length === 0 ? items : unionOf([...prefix, ...(schema['items'] === false ? [] : [items])]);
}

function mapOfSchema(schema: JsonObject, depth: number): ExpressionType {
  const properties = isJsonObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]).filter((name) => typeof name === 'string') : [];
  const fields = new Map<string, ExpressionField>();
  for (const [name, property] of properties) fields.set(name, fieldOfSchema(property, required.includes(name), depth + 1));
  for (const name of required) if (!fields.has(name)) fields.set(name, { type: unknownType, required: true });
  const hasPatterns = schema['patternProperties'] !== undefined;
  if (schema['additionalProperties'] === false && !hasPatterns) return { kind: 'map', fields };
  const isRestImplied = !hasPatterns && properties.length > 0 && ['additionalProperties', 'unevaluatedProperties', 'propertyNames', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'].every((key) => schema[key] === undefined);
  return { kind: 'map', fields, rest: hasPatterns ? unknownType : typeOfSchema(schema['additionalProperties'], depth + 1), ...(isRestImplied ? { isRestImplied } : {}) };
}

export function fieldOfSchema(schema: Json, required: boolean, depth = 0): ExpressionField {
  const type = typeOfSchema(schema, depth);
  if (!isJsonObject(schema)) return { type, required };
  const { description, examples } = schema;
  return {
    type,
    required,
    ...(typeof description === 'string' ? { description } : {}),
    ...(Array.isArray(examples) ? { examples: examples as readonly Json[] } : {}),
    ...(Object.hasOwn(schema, 'default') ? { default: schema['default'] ?? null } : {}),
  };
}
