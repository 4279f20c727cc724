import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { InexactNumberError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { csvRemedy, decodeText } from '../../schemas/workflow/text-encoding.ts';
import { ItemFileError, readItems } from '../engine/item-file.ts';
import { readRegularFile } from '../platform/regular-file.ts';

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
    if (!path.isAbsolute(file)) throw new CodedError('invalid-params', `The file of the input ${name} must be named by an absolute path.`);
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
      if (error instanceof ItemFileError || error instanceof SyntaxError || error instanceof InexactNumberError) throw new CodedError('invalid-inputs', `${file}: ${error.message}`);
      throw new CodedError('invalid-inputs', `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return Object.fromEntries(values);
}

async function readValue(file: string, asText: boolean, room: number): Promise<{ readonly value: Json; readonly bytes: number }> {
  const content = await readBounded(file, room);
  const bytes = content.length;
  const decoded = decodeText(content);
  if (!decoded.ok) throw new CodedError('invalid-inputs', `${file} ${decoded.problem}${path.extname(file).toLowerCase() === '.csv' ? csvRemedy : ''}.`);
  switch (asText ? '' : path.extname(file).toLowerCase()) {
    case '.csv':
    case '.jsonl':
      return { value: await readList(file, content, room), bytes };
    case '.json':
      return { value: parseExactJson(decoded.text), bytes };
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
      if (left < 0) throw tooLarge(`${file} becomes a list of more than ${room} characters`);
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
  if (read.kind === 'too-large') throw tooLarge(`${file} has more than ${room} bytes`);
  const remedy = read.kind === 'not-regular' ? '; an input is read from a regular file only' : '';
  throw new CodedError('invalid-inputs', `${file} ${read.problem}${remedy}.`);
}

function tooLarge(what: string): CodedError {
  return new CodedError('too-large', `${what}, and the input files of a run may have ${maxInputBytes} together. Let a step read it: \`foreach: { file: ... }\`.`);
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
