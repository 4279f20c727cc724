import { CsvError, parse as parseCsv } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import streamArray from 'stream-json/streamers/stream-array.js';

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
    if (error instanceof ItemFileError) throw error;
    if (error instanceof CsvError) throw new ItemFileError(`${error.message.replace(/\.$/, '')}`);
    throw new ItemFileError(error instanceof Error ? error.message : String(error));
  }
}

async function* readCsv(file: string): AsyncGenerator<string> {
  const rows = createReadStream(file).pipe(
    parseCsv({ columns: true, bom: true, skip_empty_lines: true, trim: true, max_record_size: maxRecord }),
  );
  for await (const row of rows) yield JSON.stringify(row);
}

async function* readJsonLines(file: string): AsyncGenerator<string> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let number = 0;
  for await (const line of lines) {
    number++;
    const text = number === 1 ? line.replace(/^\uFEFF/, '').trim() : line.trim();
    if (text === '') continue;
    if (text.length > maxRecord) throw new ItemFileError(`line ${number} is longer than ${maxRecord} characters`);
    try {
      JSON.parse(text);
    } catch (error) {
      throw new ItemFileError(`line ${number} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    yield text;
  }
}

async function* readJsonList(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
  const items = streamArray.withParserAsStream();
  source.on('error', (error) => items.destroy(error));
  for await (const { value } of source.pipe(items) as AsyncIterable<{ readonly value: unknown }>) yield JSON.stringify(value);
}
