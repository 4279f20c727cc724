import path from 'node:path';
import { readItems, type ItemFormat } from '../engine/item-file.ts';
import { ItemFileError } from '../engine/item-file-error.ts';
import type { FoundItems } from '../../schemas/protocol/run.ts';
import type { CsvFormat, CsvType } from '../../schemas/workflow/csv-format.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { CodedError, messageOfError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';
import { message, type Message, sentences, verbatim } from '../../schemas/wording/message.ts';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import { ValueCheck } from './value-check.ts';

/** Problems that a message names. */
const maxNamed = 5;

/** Errors that `data.problems` has. */
const maxListed = 100;

const checks = new WeakMap<Workflow, ValueCheck>();

/**
 * The inputs with their defaults. `files`: where inputs were read from, by their names.
 *
 * @throws CodedError `invalid-inputs`, which lists the problems, without the values: an input may be a secret
 */
export function checkInputs(workflow: Workflow, given: Readonly<Record<string, unknown>>, files: Readonly<Record<string, string>> = {}): JsonObject {
  let check = checks.get(workflow);
  if (check === undefined) checks.set(workflow, (check = new ValueCheck(workflow.inputs, { useDefaults: true })));
  const inputs = structuredClone(given) as Record<string, Json>;
  const problems = check.problems(inputs, { what: 'the value of `inputs`', areInputs: true, originOf: (path) => originOf(path, files) });
  if (problems.length === 0) return inputs;
  const more = problems.length - maxNamed;
  const told = sentences(
    message("The inputs don't fit the workflow {workflow}.", { workflow: workflow.id }),
    ...problems.slice(0, maxNamed),
    more > 0 ? message('{count, plural, one {There is # more problem.} other {There are # more problems.}}', { count: more }) : undefined,
  );
  throw new CodedError('invalid-inputs', told, { problems: problems.slice(0, maxListed).map(english.textOf) });
}

/** Rows of a list that a file has are found again by their number: `item 4 of leads.csv`. */
function originOf([name = '', index]: readonly string[], files: Readonly<Record<string, string>>): string | undefined {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) return undefined;
  return index !== undefined && /^\d+$/.test(index) ? `item ${Number(index) + 1} of ${path.basename(file)}` : path.basename(file);
}

/** What all input files of a run may have together, in bytes; what is larger belongs into `foreach.file`, which is read as a stream. */
export const maxInputBytes = 64 * 1024 * 1024;
const pieceBytes = 65_536;

export interface InputFilesOptions {
  /** How `.csv` files are read; what isn't said is found in each. */
  readonly csv?: CsvFormat | undefined;
  /** What a file turned out to be that was read as a list. */
  readonly onFound?: (name: string, found: FoundItems) => void;
}

/**
 * Reads inputs that are given as files: `.csv` and `.jsonl` as lists, `.json` as it is, anything else as text, and a text where the
 * workflow wants one. Cells of a `.csv` are text, unless the schema of the input asks for numbers or booleans in a column.
 *
 * @throws CodedError `invalid-params`, `invalid-inputs` or `too-large`
 */
export async function readInputFiles(files: Readonly<Record<string, string>>, schema: JsonObject, { csv, onFound }: InputFilesOptions = {}): Promise<Record<string, Json>> {
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
      const { value, bytes } = await readValue(file, wantsText(schema, name), room, { csv: { ...csv, ...cellTypes(schema, name) }, onFound: (found) => onFound?.(name, found) });
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

async function readValue(file: string, asText: boolean, room: number, format: Omit<ItemFormat, 'extension'>): Promise<{ readonly value: Json; readonly bytes: number }> {
  const content = await readBounded(file, room);
  const bytes = content.length;
  const extension = asText ? '' : path.extname(file).toLowerCase();
  if (extension === '.csv' || extension === '.jsonl') return { value: await readList(file, content, room, { ...format, extension }), bytes };
  const decoded = decodeText(content);
  if (!decoded.ok) throw new CodedError('invalid-inputs', verbatim(`${file} ${decoded.problem}.`));
  return { value: extension === '.json' ? parseExactJson(decoded.text, { tellLines: true }) : decoded.text, bytes };
}

async function readList(file: string, content: Buffer, room: number, format: ItemFormat): Promise<Json[]> {
  const items: Json[] = [];
  let left = room;
  for await (const texts of readItems(pieces(content), format)) {
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

/** The types of columns that the schema of an input's items asks for. Where text fits as well, it stays text. */
function cellTypes(schema: JsonObject, name: string): Pick<CsvFormat, 'types' | 'isLenient'> {
  const { properties } = schema;
  const property = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  const items = isJsonObject(property) ? property['items'] : undefined;
  const columns = isJsonObject(items) ? items['properties'] : undefined;
  if (!isJsonObject(columns)) return {};
  const types = Object.entries(columns).flatMap(([column, one]): [string, CsvType][] => {
    const type = isJsonObject(one) ? cellType(one['type']) : undefined;
    return type === undefined ? [] : [[column, type]];
  });
  return types.length === 0 ? {} : { types: Object.fromEntries(types), isLenient: true };
}

function cellType(type: Json | undefined): CsvType | undefined {
  const all: readonly (Json | undefined)[] = Array.isArray(type) ? (type as readonly Json[]) : [type];
  const [wanted, ...others] = all.filter((one) => one !== 'null');
  if (others.length > 0) return undefined;
  return wanted === 'integer' || wanted === 'number' || wanted === 'boolean' ? wanted : undefined;
}

function wantsText(schema: JsonObject, name: string): boolean {
  const { properties } = schema;
  const property = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isJsonObject(property) && property['type'] === 'string';
}
