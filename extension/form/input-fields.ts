import { inexactText, LossyJsonError, isExactNumber, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { say } from '../wording/language.ts';

export type FieldKind = 'boolean' | 'choice' | 'integer' | 'number' | 'text' | 'list' | 'json';

/** One input of a workflow, as a person is asked for it. */
export interface InputField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  readonly description?: string;
  /** Undefined if the schema names none. */
  readonly fallback?: Json;
  /** What to choose from, for `choice`. */
  readonly choices: readonly Json[];
  /** Not to be shown while it is typed, nor remembered. */
  readonly isSecret: boolean;
  readonly schema: JsonObject;
}

/** The inputs of a workflow: required ones without a default first, each group in the order of the file. */
export function fieldsOf(inputs: unknown): readonly InputField[] {
  if (!isJsonObject(inputs) || !isJsonObject(inputs['properties'])) return [];
  const required = new Set(Array.isArray(inputs['required']) ? (inputs['required'] as readonly Json[]) : []);
  const fields = Object.entries(inputs['properties']).map(([name, schema]) => fieldOf(name, isJsonObject(schema) ? schema : {}, required.has(name)));
  return [...fields.filter(isAskedFirst), ...fields.filter((field) => !isAskedFirst(field))];
}

/** It has to be given before a run can start. */
export function isAskedFirst({ isRequired, fallback }: InputField): boolean {
  return isRequired && fallback === undefined;
}

function fieldOf(name: string, schema: JsonObject, isRequired: boolean): InputField {
  const { description, default: fallback, enum: choices } = schema;
  return {
    name,
    kind: kindOf(schema),
    isRequired,
    ...(typeof description === 'string' ? { description } : {}),
    ...(fallback === undefined ? {} : { fallback }),
    choices: Array.isArray(choices) ? (choices as readonly Json[]) : [],
    isSecret: schema['writeOnly'] === true || schema['format'] === 'password',
    schema,
  };
}

function kindOf({ type, enum: choices }: JsonObject): FieldKind {
  if (Array.isArray(choices) && choices.length > 0) return 'choice';
  switch (type) {
    case 'boolean':
      return 'boolean';
    case 'integer':
      return 'integer';
    case 'number':
      return 'number';
    case 'string':
      return 'text';
    case 'array':
      return 'list';
    default:
      return 'json';
  }
}

export type FieldValue = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

/** What a person typed, as the field's value. The daemon checks all of the schema; this says immediately what is plainly wrong. */
export function readFieldText({ kind, schema }: InputField, text: string): FieldValue {
  switch (kind) {
    case 'text':
      return readText(schema, text);
    case 'integer':
    case 'number':
      return readNumber(kind, schema, text.trim());
    case 'list': {
      const value = parseJson(text);
      if (value instanceof LossyJsonError) return refuse(rounded(value.message));
      return Array.isArray(value) ? { ok: true, value } : refuse(say('A list is written as JSON: ["one", "two"].'));
    }
    case 'json': {
      const value = parseJson(text);
      if (value instanceof LossyJsonError) return refuse(rounded(value.message));
      return value === undefined ? refuse(say('This is written as JSON: {value}', { value: '"text", 17, true, {"key": "value"}' })) : { ok: true, value };
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? { ok: true, value: text === 'true' } : refuse(say('Either true or false.'));
    case 'choice': {
      const value = parseJson(text);
      return { ok: true, value: value === undefined || value instanceof LossyJsonError ? text : value };
    }
  }
}

/** The value as `readFieldText` reads it. */
export function fieldText({ kind }: InputField, value: Json): string {
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value);
}

function readText({ minLength, maxLength, pattern }: JsonObject, text: string): FieldValue {
  // JSON Schema counts code points.
  const { length } = Array.from(text);
  if (typeof minLength === 'number' && length < minLength) return refuse(say('At least {least} characters.', { least: minLength }));
  if (typeof maxLength === 'number' && length > maxLength) return refuse(say('At most {most} characters.', { most: maxLength }));
  if (typeof pattern === 'string' && !matches(pattern, text)) return refuse(say('It has to match {pattern}.', { pattern }));
  return { ok: true, value: text };
}

function readNumber(kind: 'integer' | 'number', { minimum, maximum }: JsonObject, text: string): FieldValue {
  const value = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) return refuse(say('A number.'));
  if (!isExactNumber(text)) return refuse(rounded(inexactText(text)));
  if (kind === 'integer' && !Number.isInteger(value)) return refuse(say('A whole number.'));
  if (typeof minimum === 'number' && value < minimum) return refuse(say('At least {least}.', { least: minimum }));
  if (typeof maximum === 'number' && value > maximum) return refuse(say('At most {most}.', { most: maximum }));
  return { ok: true, value };
}

/** A pattern that can't be understood here lets everything through; and a long text isn't tried, as a pattern may take for ever. */
function matches(pattern: string, text: string): boolean {
  if (text.length > 1000) return true;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
}

function parseJson(text: string): Json | LossyJsonError | undefined {
  try {
    return parseExactJson(text);
  } catch (error) {
    return error instanceof LossyJsonError ? error : undefined;
  }
}

function rounded(what: string): string {
  return say('Here, {problem}.', { problem: what });
}

function refuse(message: string): FieldValue {
  return { ok: false, message };
}
