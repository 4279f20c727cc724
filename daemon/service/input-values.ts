import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import { ItemFileError, readItems } from '../engine/item-file.ts';

/** Largest input file, in bytes; what is larger belongs into `foreach.file`, which is read as a stream. */
const maxInputBytes = 64 * 1024 * 1024;
/** Problems that a message names. */
const maxNamed = 5;

/** Reads inputs that are given as files: `.csv` and `.jsonl` as lists, `.json` as it is, anything else as text. */
export async function readInputFiles(files: Readonly<Record<string, string>>, schema: JsonObject): Promise<Record<string, Json>> {
  const values: Record<string, Json> = {};
  for (const [name, file] of Object.entries(files)) {
    if (!path.isAbsolute(file)) throw new CodedError('invalid-params', `The file of the input ${name} must be named by an absolute path.`);
    try {
      const { size } = await stat(file);
      if (size > maxInputBytes) {
        throw new CodedError('too-large', `${file} has ${size} bytes, and an input may have ${maxInputBytes}. Let a step read it: \`foreach: { file: ... }\`.`);
      }
      values[name] = await readValue(file, wantsText(schema, name));
    } catch (error) {
      if (error instanceof CodedError) throw error;
      if (error instanceof ItemFileError || error instanceof SyntaxError) throw new CodedError('invalid-inputs', `${file}: ${error.message}`);
      throw new CodedError('invalid-inputs', `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return values;
}

async function readValue(file: string, asText: boolean): Promise<Json> {
  switch (asText ? '' : path.extname(file).toLowerCase()) {
    case '.csv':
    case '.jsonl': {
      const items: Json[] = [];
      for await (const item of readItems(file)) items.push(JSON.parse(item) as Json);
      return items;
    }
    case '.json':
      return JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, '')) as Json;
    default:
      return readFile(file, 'utf8');
  }
}

function wantsText(schema: JsonObject, name: string): boolean {
  const { properties } = schema;
  const property = isJsonObject(properties) ? properties[name] : undefined;
  return isJsonObject(property) && property['type'] === 'string';
}

const validators = new WeakMap<Workflow, ValidateFunction>();

/** The inputs with their defaults. @throws CodedError `invalid-inputs`, which lists every problem */
export function checkInputs(workflow: Workflow, given: Readonly<Record<string, unknown>>): JsonObject {
  let validate = validators.get(workflow);
  if (validate === undefined) {
    const ajv = new Ajv2020({ allErrors: true, strict: false, useDefaults: true });
    formats.default(ajv);
    validate = ajv.compile(workflow.inputs);
    validators.set(workflow, validate);
  }
  const inputs = structuredClone(given) as Record<string, Json>;
  if (validate(inputs)) return inputs;
  const errors = validate.errors ?? [];
  const problems = errors.map((error) => problemOf(error, workflow));
  const more = problems.length > maxNamed ? `; and ${problems.length - maxNamed} more` : '';
  throw new CodedError('invalid-inputs', `The inputs don't fit the workflow ${workflow.id}: ${problems.slice(0, maxNamed).join('; ')}${more}.`, {
    problems: problems.slice(0, 100),
  });
}

function problemOf({ instancePath, keyword, params, message }: ErrorObject, workflow: Workflow): string {
  const place = instancePath.slice(1).replaceAll('/', '.');
  const declared = isJsonObject(workflow.inputs['properties']) ? Object.keys(workflow.inputs['properties']) : [];
  if (keyword === 'additionalProperties' && place === '') {
    const name = String(params['additionalProperty']);
    const near = nearestName(name, declared);
    if (near !== undefined) return `there is no input ${name}; did you mean ${near}?`;
    return declared.length === 0 ? `there is no input ${name}, since the workflow takes none` : `there is no input ${name}; there are: ${declared.join(', ')}`;
  }
  if (keyword === 'required' && place === '') return `the input ${String(params['missingProperty'])} is missing`;
  return `${place === '' ? 'the inputs' : place} ${message ?? 'is not valid'}`;
}
