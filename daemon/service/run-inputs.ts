import path from 'node:path';
import formats from 'ajv-formats';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ItemFileError, readItems } from '../engine/item-file.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { CodedError, messageOfError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';
import { message, type Message, sentences, verbatim } from '../../schemas/wording/message.ts';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import { csvRemedy, decodeText } from '../../schemas/workflow/text-encoding.ts';

/** Problems that a message names. */
const maxNamed = 5;

/** Inputs up to this many characters of JSON get all their problems listed; of larger ones, whose every row may be wrong, the first. */
const fullCheckChars = 1024 * 1024;

interface Validators {
  /** Stops at the first problem. */
  readonly quick: ValidateFunction;
  /** Finds all. */
  readonly full: ValidateFunction;
}

const validators = new WeakMap<Workflow, Validators>();

/** The inputs with their defaults. @throws CodedError `invalid-inputs`, which lists the problems */
export function checkInputs(workflow: Workflow, given: Readonly<Record<string, unknown>>): JsonObject {
  const { quick, full } = validatorsOf(workflow);
  const inputs = structuredClone(given) as Record<string, Json>;
  if (quick(inputs)) return inputs;
  let errors = quick.errors ?? [];
  if (JSON.stringify(given).length <= fullCheckChars) {
    full(inputs);
    errors = full.errors ?? errors;
  }
  const problems = errors.map((error) => problemOf(error, workflow));
  const more = problems.length - maxNamed;
  const told = sentences(
    message("The inputs don't fit the workflow {workflow}.", { workflow: workflow.id }),
    ...problems.slice(0, maxNamed),
    more > 0 ? message('{count, plural, one {There is # more problem.} other {There are # more problems.}}', { count: more }) : undefined,
  );
  throw new CodedError('invalid-inputs', told, { problems: problems.slice(0, 100).map(english.textOf) });
}

function validatorsOf(workflow: Workflow): Validators {
  const known = validators.get(workflow);
  if (known !== undefined) return known;
  const compile = (allErrors: boolean): ValidateFunction => {
    const ajv = new Ajv2020({ allErrors, strict: false, useDefaults: true });
    formats.default(ajv);
    return ajv.compile(workflow.inputs);
  };
  const made = { quick: compile(false), full: compile(true) };
  validators.set(workflow, made);
  return made;
}

/** A sentence. What Ajv says has no translation. */
function problemOf({ instancePath, keyword, params, message: problem }: ErrorObject, workflow: Workflow): Message {
  const place = instancePath.slice(1).replaceAll('/', '.');
  const declared = isJsonObject(workflow.inputs['properties']) ? Object.keys(workflow.inputs['properties']) : [];
  if (keyword === 'additionalProperties' && place === '') {
    const name = String(params['additionalProperty']);
    const near = nearestName(name, declared);
    if (near !== undefined) return message('There is no input {name}; did you mean {near}?', { name, near });
    return declared.length === 0 ? message('There is no input {name}, since the workflow takes none.', { name }) : message('There is no input {name}; there are: {list}.', { name, list: declared.join(', ') });
  }
  if (keyword === 'required' && place === '') return message('The input {name} is missing.', { name: String(params['missingProperty']) });
  return verbatim(`${place === '' ? 'The inputs' : place} ${problem ?? 'is not valid'}.`);
}

/** What all input files of a run may have together, in bytes; what is larger belongs into `foreach.file`, which is read as a stream. */
export const maxInputBytes = 64 * 1024 * 1024;
const pieceBytes = 65_536;

/**
 * Reads inputs that are given as files: `.csv` and `.jsonl` as lists, `.json` as it is, anything else as text, and a text where the
 * workflow wants one.
 *
 * @throws CodedError `invalid-params`, `invalid-inputs` or `too-large`
 */
export async function readInputFiles(files: Readonly<Record<string, string>>, schema: JsonObject): Promise<Record<string, Json>> {
  // Entries, because `values['__proto__'] = ...` would be no input.
  const values: [name: string, value: Json][] = [];
  let room = maxInputBytes;
  for (const [name, file] of Object.entries(files)) {
    if (!path.isAbsolute(file)) throw new CodedError('invalid-params', message('The file of the input {name} must be named by an absolute path.', { name }));
    // What the workflow doesn't know needs no reading: the check of the inputs says so.
    if (!isDeclared(schema, name)) {
      values.push([name, null]);
      continue;
    }
    try {
      const { value, bytes } = await readValue(file, wantsText(schema, name), room);
      values.push([name, value]);
      room -= bytes;
    } catch (error) {
      if (error instanceof CodedError) throw error;
      if (error instanceof ItemFileError || error instanceof SyntaxError || error instanceof LossyJsonError) throw new CodedError('invalid-inputs', verbatim(`${file}: ${error.message}`));
      throw new CodedError('invalid-inputs', message("{file} can't be read: {problem}", { file, problem: messageOfError(error) }));
    }
  }
  return Object.fromEntries(values);
}

async function readValue(file: string, asText: boolean, room: number): Promise<{ readonly value: Json; readonly bytes: number }> {
  const content = await readBounded(file, room);
  const bytes = content.length;
  const decoded = decodeText(content);
  if (!decoded.ok) throw new CodedError('invalid-inputs', verbatim(`${file} ${decoded.problem}${path.extname(file).toLowerCase() === '.csv' ? csvRemedy : ''}.`));
  switch (asText ? '' : path.extname(file).toLowerCase()) {
    case '.csv':
    case '.jsonl':
      return { value: await readList(file, content, room), bytes };
    case '.json':
      return { value: parseExactJson(decoded.text, { tellLines: true }), bytes };
    default:
      return { value: decoded.text, bytes };
  }
}

async function readList(file: string, content: Buffer, room: number): Promise<Json[]> {
  const items: Json[] = [];
  let left = room;
  for await (const texts of readItems(pieces(content), path.extname(file).toLowerCase())) {
    for (const text of texts) {
      // Each row of a .csv repeats the names of its columns, so a list can be far larger than its file.
      left -= text.length;
      if (left < 0) throw tooLarge(message('{file} becomes a list of more than {most} characters.', { file, most: room }));
      items.push(JSON.parse(text) as Json);
    }
  }
  return items;
}

/** So that what becomes of it is bounded as it goes. */
async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
}

async function readBounded(file: string, room: number): Promise<Buffer> {
  const read = await readRegularFile(file, room);
  if (read.ok) return read.content;
  if (read.kind === 'too-large') throw tooLarge(message('{file} has more than {most} bytes.', { file, most: room }));
  const remedy = read.kind === 'not-regular' ? message('An input is read from a regular file only.') : undefined;
  throw new CodedError('invalid-inputs', sentences(verbatim(`${file} ${read.problem}.`), remedy));
}

function tooLarge(told: Message): CodedError {
  return new CodedError(
    'too-large',
    sentences(told, message('The input files of a run may have {most} together. Let a step read it: `{code}`.', { most: maxInputBytes, code: 'foreach: { file: ... }' })),
  );
}

function isDeclared(schema: JsonObject, name: string): boolean {
  const { properties } = schema;
  return isJsonObject(properties) && Object.hasOwn(properties, name);
}

function wantsText(schema: JsonObject, name: string): boolean {
  const { properties } = schema;
  const property = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isJsonObject(property) && property['type'] === 'string';
}
