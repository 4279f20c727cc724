import { CsvError, parse as parseCsv } from 'csv-parse';
import type { ReadStream } from 'node:fs';
import { extname } from 'node:path';
import { pipeline } from 'node:stream';
import streamArray from 'stream-json/streamers/stream-array.js';
import { lacksResources, MachineTroubleError } from '../core/machine-trouble.ts';
import { openRegularFile } from '../regular-file.ts';

export const itemFileExtensions = ['.csv', '.jsonl', '.json'] as const;

/** Longest line of a `.jsonl` or record of a `.csv`, in characters. */
const maxRecord = 1_048_576;

/** What is wrong with a file of items, and where in it. */
export class ItemFileError extends Error {
  override readonly name = 'ItemFileError';
}

/**
 * The items of a file as JSON texts, one by one, in memory that doesn't grow with the file: the rows of a `.csv` as objects
 * of texts by its header, the lines of a `.jsonl`, the elements of the list that a `.json` holds.
 *
 * @throws ItemFileError, also after some items, where the file can't be read any further
 */
export async function* readItems(file: string): AsyncGenerator<string> {
  try {
    switch (extname(file).toLowerCase()) {
      case '.csv':
        yield* readCsv(file);
        return;
      case '.jsonl':
        yield* readJsonLines(file);
        return;
      case '.json':
        yield* readJsonList(file);
        return;
      default:
        throw new ItemFileError(`items are read from ${itemFileExtensions.join(', ')} files`);
    }
  } catch (error) {
    // What the machine lacks is no fault of the file.
    if (error instanceof ItemFileError || error instanceof MachineTroubleError) throw error;
    if (error instanceof CsvError) throw new ItemFileError(error.message.replace(/\.$/, ''));
    throw new ItemFileError(error instanceof Error ? error.message : String(error));
  }
}

async function* readCsv(file: string): AsyncGenerator<string> {
  let lastLine = 1;
  const rows = parseCsv({ columns: headerOf, bom: true, skip_empty_lines: true, trim: true, max_record_size: maxRecord, info: true });
  // Not `pipe`, which hands no error on: one of the file would end the daemon.
  pipeline(await openStream(file), rows, ignoreEnd);
  try {
    for await (const { record, info } of rows as AsyncIterable<{ readonly record: unknown; readonly info: { readonly lines: number } }>) {
      lastLine = info.lines;
      yield JSON.stringify(record);
    }
  } catch (error) {
    // The line that the parser names is the last one of the file.
    if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') throw new ItemFileError(`a quote that is opened after line ${lastLine} is never closed`);
    throw error;
  }
}

async function openStream(file: string): Promise<ReadStream> {
  const opened = await openRegularFile(file);
  if (!opened.ok && lacksResources(opened.code)) throw new MachineTroubleError('a file of items can\'t be read', opened.code);
  if (!opened.ok) throw new ItemFileError(`the file ${opened.problem}`);
  return opened.handle.createReadStream();
}

function headerOf(names: readonly string[]): string[] {
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice !== undefined) throw new ItemFileError(`line 1 names the column ${JSON.stringify(twice)} twice`);
  return [...names];
}

async function* readJsonLines(file: string): AsyncGenerator<string> {
  let number = 0;
  for await (const line of readLines(file)) {
    number++;
    const text = number === 1 ? line.replace(/^\uFEFF/, '').trim() : line.trim();
    if (text.length > maxRecord) throw new ItemFileError(`line ${number} is longer than ${maxRecord} characters`);
    if (text === '') continue;
    try {
      JSON.parse(text);
    } catch (error) {
      throw new ItemFileError(`line ${number} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    yield text;
  }
}

/**
 * The lines with their line breaks; a long one comes out in pieces, all but the last of them longer than `maxRecord`. Not
 * `readline`, which holds a line of any length, and hands no error of the file on.
 */
async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of (await openStream(file)).setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith('\n') === true ? '' : (lines.pop() ?? '');
    yield* lines;
    if (rest.length > 2 * maxRecord) {
      yield rest;
      rest = '';
    }
  }
  if (rest !== '') yield rest;
}

async function* readJsonList(file: string): AsyncGenerator<string> {
  // One line after the other, so that what is wrong is in the line that the parser was given last.
  const options = { packKeys: true, writableHighWaterMark: 1 };
  const items = streamArray.withParserAsStream(options);
  let line = 1;
  const lines = async function* (): AsyncGenerator<string> {
    for await (const text of readLines(file)) {
      yield text;
      if (text.endsWith('\n')) line++;
    }
  };
  pipeline(lines, items, ignoreEnd);
  try {
    for await (const { value } of items as AsyncIterable<{ readonly value: unknown }>) yield JSON.stringify(value);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ItemFileError(`near line ${line} it is no JSON list any more: ${message.replace(/\.$/, '')}`);
  }
}

/** The loop over the last stream hears of errors itself. */
function ignoreEnd(): void {}
