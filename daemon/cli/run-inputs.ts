import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowView } from '../../schemas/protocol/workflow.ts';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { UsageError } from './exit-code.ts';

export interface RunInputs {
  readonly inputs: Readonly<Record<string, Json>>;
  /** Absolute paths, which the daemon reads. */
  readonly inputFiles: Readonly<Record<string, string>>;
}

interface Assignment {
  readonly name: string;
  readonly value: string;
}

/**
 * What `-i name=value` means: `@file` names a file for the daemon to read, `@@text` is a text that begins with an @, and any
 * other value is JSON where the workflow wants something else than a text, else the text itself.
 */
export async function readRunInputs(given: readonly string[], workflow: WorkflowView | undefined, cwd: string): Promise<RunInputs> {
  const inputs: Record<string, Json> = {};
  const inputFiles: Record<string, string> = {};
  for (const { name, value } of given.map(parseAssignment)) {
    if (Object.hasOwn(inputs, name) || Object.hasOwn(inputFiles, name)) throw new UsageError(`Input ${name} is given twice.`);
    if (value.startsWith('@') && !value.startsWith('@@')) inputFiles[name] = await findFile(name, value.slice(1), cwd);
    else inputs[name] = parseValue(name, value.startsWith('@@') ? value.slice(1) : value, schemaOf(name, workflow));
  }
  return { inputs, inputFiles };
}

function parseAssignment(text: string): Assignment {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`Input \`${text}\` has to be name=value, or name=@file.`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

async function findFile(name: string, file: string, cwd: string): Promise<string> {
  if (file === '') throw new UsageError(`Input ${name}: after @ comes the path of a file; @@ stands for an @ that is meant as such.`);
  const absolute = path.resolve(cwd, file);
  const stats = await stat(absolute).catch(() => undefined);
  if (stats === undefined) throw new UsageError(`Input ${name}: there is no file ${absolute}.`);
  if (stats.isDirectory()) throw new UsageError(`Input ${name}: ${absolute} is a folder, not a file.`);
  return absolute;
}

function parseValue(name: string, text: string, schema: unknown): Json {
  const types = typesOf(schema);
  if (types === undefined || types.includes('string')) return text;
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof LossyJsonError) throw new UsageError(`Input ${name}: ${error.message}${types.includes('integer') || types.includes('number') ? ', and have the workflow take a `type: string`' : ''}.`);
    const hint = types.includes('array') || types.includes('object') ? `; write it as JSON, such as ${exampleOf(types)}, or name a file with ${name}=@file` : '';
    throw new UsageError(`Input ${name} has to be ${types.map(withArticle).join(' or ')}, and \`${text}\` is not${hint}.`);
  }
}

function schemaOf(name: string, workflow: WorkflowView | undefined): unknown {
  const properties = isJsonObject(workflow?.inputs) ? workflow.inputs.properties : undefined;
  return isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** The JSON types that a schema allows; undefined if it doesn't say. */
function typesOf(schema: unknown): readonly string[] | undefined {
  if (!isJsonObject(schema)) return undefined;
  const { type, enum: members, const: only } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((one): one is string => typeof one === 'string');
  if (Array.isArray(members)) return members.map(jsonTypeOf);
  return only === undefined ? undefined : [jsonTypeOf(only)];
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function withArticle(type: string): string {
  if (type === 'null') return 'null';
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}

function exampleOf(types: readonly string[]): string {
  return types.includes('array') ? `'["a", "b"]'` : `'{"a": 1}'`;
}
