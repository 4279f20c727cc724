import { CsvError } from 'csv-parse';
import path from 'node:path';
import type { FoundItems } from '../../schemas/protocol/run.ts';
import type { CsvFormat } from '../../schemas/workflow/csv-format.ts';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import type { Foreach } from '../../schemas/workflow/model.ts';
import { csvRemedy } from '../../schemas/workflow/text-encoding.ts';
import { readCsv } from './csv-items.ts';
import { ItemFileError } from './item-file-error.ts';
import { EncodingError, readText } from './item-text.ts';
import { JsonListSplitter } from './json-list-splitter.ts';

export const itemFileExtensions = ['.csv', '.jsonl', '.json'] as const;

/** Longest line of a `.jsonl`, record of a `.csv` or element of a `.json`, in characters. */
const maxRecord = 1_048_576;
/** Columns that are named. */
const maxColumns = 200;

export interface ItemFormat {
  /** In lower case. */
  readonly extension: string;
  /** How a `.csv` is read, as far as it is said. */
  readonly csv?: CsvFormat | undefined;
  /** What the file turned out to be, when all of it is read. */
  readonly onFound?: ((found: FoundItems) => void) | undefined;
}

/** How the file of a `foreach` is read. */
export function itemFormatOf(file: string, foreach: Foreach | undefined): ItemFormat {
  return { extension: path.extname(file).toLowerCase(), csv: foreach?.source.kind === 'file' ? foreach.source.csv : undefined };
}

/**
 * The items of a file as JSON texts without line breaks, those of a piece of it together, in memory that doesn't grow with the file: the rows of a `.csv` as
 * objects by its heading, the lines of a `.jsonl`, the elements of the list that a `.json` holds.
 *
 * @throws ItemFileError, also after some items, where the file can't be read any further: it isn't in its encoding, or no CSV or JSON, or has a
 *   number that would be rounded
 */
export async function* readItems(content: AsyncIterable<Buffer>, { extension, csv = {}, onFound }: ItemFormat): AsyncGenerator<readonly string[]> {
  let found: FoundItems = { encoding: 'utf-8', items: 0 };
  const text = readText(content, csv.encoding, (encoding) => (found = { ...found, encoding }));
  try {
    for await (const items of itemsOf(text, extension, csv, (more) => (found = { ...found, ...more }))) {
      found.items += items.length;
      yield items;
    }
  } catch (error) {
    if (error instanceof EncodingError) throw new ItemFileError(`it ${error.message}${extension === '.csv' && csv.encoding === undefined ? csvRemedy : ''}`);
    if (error instanceof ItemFileError) throw error;
    if (error instanceof CsvError) throw new ItemFileError(error.message.replace(/\.$/, ''));
    throw error;
  }
  onFound?.(found);
}

function itemsOf(text: AsyncIterable<string>, extension: string, csv: CsvFormat, onFound: (found: Partial<FoundItems>) => void): AsyncIterable<readonly string[]> {
  switch (extension) {
    case '.csv':
      return readCsv(text, csv, maxRecord, ({ delimiter, columns }) => onFound({ delimiter, columns: columns.slice(0, maxColumns) }));
    case '.jsonl':
      return readJsonLines(text);
    case '.json':
      return readJsonList(text);
    default:
      throw new ItemFileError(`items are read from ${itemFileExtensions.join(', ')} files`);
  }
}

async function* readJsonLines(content: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let number = 0;
  const itemsOf = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => {
      number++;
      const text = line.trim();
      if (text.length > maxRecord) throw new ItemFileError(`line ${number} is longer than ${maxRecord} characters`);
      if (text !== '') checkJson(text, (problem) => `line ${number} is no JSON: ${problem}`, `line ${number}`);
      return text === '' ? [] : [text];
    });
  let rest = '';
  for await (const text of content) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield itemsOf(lines);
    // It has no end in sight: told by the check.
    if (rest.length > 2 * maxRecord) itemsOf([rest]);
  }
  yield itemsOf([rest]);
}

async function* readJsonList(content: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  const splitter = new JsonListSplitter(maxRecord);
  for await (const text of content) {
    const items: string[] = [];
    for (const { element, line } of splitter.push(text)) {
      const value = checkJson(element, (problem) => `near line ${line} it is no longer a JSON list: ${problem}`, `near line ${line}`);
      items.push(JSON.stringify(value));
    }
    yield items;
    if (splitter.problem !== undefined) throw new ItemFileError(splitter.problem);
  }
  const problem = splitter.end();
  if (problem !== undefined) throw new ItemFileError(problem);
}

function checkJson(text: string, noJson: (problem: string) => string, place: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof LossyJsonError) throw new ItemFileError(`${place}: ${error.message}`);
    throw new ItemFileError(noJson(error instanceof Error ? error.message : String(error)));
  }
}
