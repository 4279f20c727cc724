import { parse as parseCsv } from 'csv-parse';
import { finished } from 'node:stream/promises';
import { delimiterName, type CsvFormat, type CsvType } from '../../schemas/workflow/csv-format.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import { announcedDelimiter, findDelimiter } from './csv-delimiter.ts';
import { csvCell } from './csv-cell.ts';
import { ItemFileError } from './item-file-error.ts';

/** What a CSV turned out to be. */
export interface FoundCsv {
  /** One character. */
  readonly delimiter: string;
  /** In the order of the file, without columns that have neither a heading nor a value. */
  readonly columns: readonly string[];
}

/** How much is looked at to find the delimiter, in characters. */
const startLength = 65_536;

/**
 * The rows of a CSV (RFC 4180), each as the JSON text of an object by the file's headings, those of a piece together. Cells are text but for `types`.
 *
 * - A first line `sep=;` names the delimiter, and is no row. Empty lines are left out, and spaces around unquoted cells.
 * - Each row has as many cells as the heading.
 * - Headings differ from each other. A column without one is left out if all its cells are empty.
 *
 * `onFound` is called when the heading is read; not at all if there is none.
 *
 * @throws ItemFileError, CsvError
 */
export async function* readCsv(content: AsyncIterable<string>, format: CsvFormat, maxRecord: number, onFound: (found: FoundCsv) => void): AsyncGenerator<readonly string[]> {
  const texts = content[Symbol.asyncIterator]();
  const { start, isWhole } = await readStart(texts);
  const announced = announcedDelimiter(start);
  const delimiter = delimiterOf(start, isWhole, format.delimiter, announced);
  const rows = new Rows(delimiter, format, onFound);
  const parser = parseCsv({
    delimiter,
    from_line: announced === undefined ? 1 : 2,
    skip_empty_lines: true,
    trim: true,
    max_record_size: maxRecord,
    // Rows says it with both counts.
    relax_column_count: true,
    // Taken here, and not from the stream, which gives out one after the other and takes five times as long.
    on_record: (record: readonly string[], { lines }: { readonly lines: number }) => {
      rows.add(record, lines);
      return null;
    },
  });
  parser.resume();
  const ended = finished(parser);
  // Heard below; until then it is not a rejection that nobody handles.
  ended.catch(() => {});
  try {
    for (let text: string | undefined = start; text !== undefined; text = await nextOf(texts)) {
      await Promise.race([ended, new Promise((resolve) => parser.write(text, resolve))]);
      yield rows.take();
    }
    parser.end();
    await ended;
    yield rows.take();
  } catch (error) {
    // The line that the parser names is the last one of the file.
    if (error instanceof Error && 'code' in error && error.code === 'CSV_QUOTE_NOT_CLOSED') throw new ItemFileError(`a quote that is opened after line ${rows.lastLine} is never closed`);
    throw error;
  } finally {
    parser.destroy();
  }
}

function delimiterOf(start: string, isWhole: boolean, said: string | undefined, announced: string | undefined): string {
  if (said !== undefined && announced !== undefined && said !== announced) throw new ItemFileError(`line 1 says that fields are separated by "${delimiterName(announced)}", and \`csv.delimiter\` is "${delimiterName(said)}"`);
  const known = said ?? announced;
  if (known !== undefined) return known;
  const found = findDelimiter(start, isWhole);
  if ('problem' in found) throw new ItemFileError(`it ${found.problem}`);
  return found.delimiter;
}

async function readStart(texts: AsyncIterator<string>): Promise<{ readonly start: string; readonly isWhole: boolean }> {
  let start = '';
  while (start.length < startLength) {
    const text = await nextOf(texts);
    if (text === undefined) return { start, isWhole: true };
    start += text;
  }
  return { start, isWhole: false };
}

async function nextOf(texts: AsyncIterator<string>): Promise<string | undefined> {
  const next = await texts.next();
  return next.done === true ? undefined : next.value;
}

interface Column {
  readonly name: string;
  /** With its colon, and a comma if it isn't the first. */
  readonly prefix: string;
  readonly type: CsvType;
}

/** Makes JSON texts of records. */
class Rows {
  readonly #delimiter: string;
  readonly #types: Readonly<Record<string, CsvType>>;
  readonly #isLenient: boolean;
  readonly #onFound: (found: FoundCsv) => void;
  /** By their place in a record; `undefined` where there is no heading. */
  #columns: readonly (Column | undefined)[] | undefined;
  #headingLine = 1;
  #items: string[] = [];
  lastLine = 1;

  constructor(delimiter: string, { types = {}, isLenient = false }: CsvFormat, onFound: (found: FoundCsv) => void) {
    this.#delimiter = delimiter;
    this.#types = types;
    this.#isLenient = isLenient;
    this.#onFound = onFound;
  }

  take(): readonly string[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  /** `lastLine`: on which the record ends, from 1. */
  add(record: readonly string[], lastLine: number): void {
    this.lastLine = lastLine;
    if (this.#columns === undefined) {
      this.#headingLine = firstLine(record, lastLine);
      this.#columns = this.#readHeading(record);
      this.#onFound({ delimiter: this.#delimiter, columns: this.#columns.flatMap((column) => (column === undefined ? [] : [column.name])) });
      return;
    }
    const columns = this.#columns;
    if (record.length !== columns.length) {
      throw new ItemFileError(`line ${firstLine(record, lastLine)} has another number of fields (${record.length}) than the heading in line ${this.#headingLine} (${columns.length}), separated by "${delimiterName(this.#delimiter)}"`);
    }
    let item = '{';
    for (const [index, cell] of record.entries()) {
      const column = columns[index];
      if (column === undefined) {
        if (cell !== '') throw new ItemFileError(`line ${firstLine(record, lastLine)} has the value ${JSON.stringify(cell.slice(0, 40))} in column ${index + 1}, which has no name in line ${this.#headingLine}`);
        continue;
      }
      const value = csvCell(cell, column.type);
      if (typeof value !== 'string') throw new ItemFileError(`line ${firstLine(record, lastLine)}, column ${JSON.stringify(column.name)}: ${value.problem}`);
      item += column.prefix + value;
    }
    this.#items.push(`${item}}`);
  }

  #readHeading(names: readonly string[]): readonly (Column | undefined)[] {
    const places = new Map<string, number>();
    for (const [index, name] of names.entries()) {
      const other = places.get(name);
      if (name !== '' && other !== undefined) throw new ItemFileError(`line ${this.#headingLine} names the column ${JSON.stringify(name)} twice, as column ${other + 1} and as column ${index + 1}: rename one of them`);
      places.set(name, index);
    }
    places.delete('');
    if (places.size === 0) throw new ItemFileError(`line ${this.#headingLine} has no name for any column`);
    for (const name of Object.keys(this.#types)) {
      if (this.#isLenient || places.has(name)) continue;
      const near = nearestName(name, [...places.keys()]);
      throw new ItemFileError(`\`csv.types\` names the column ${JSON.stringify(name)}, which line ${this.#headingLine} doesn't have${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`);
    }
    let isFirst = true;
    return names.map((name) => {
      if (name === '') return undefined;
      const prefix = `${isFirst ? '' : ','}${JSON.stringify(name)}:`;
      isFirst = false;
      return { name, prefix, type: (Object.hasOwn(this.#types, name) ? this.#types[name] : undefined) ?? 'text' };
    });
  }
}

/** A record with line breaks in its cells has begun some lines before. */
function firstLine(record: readonly string[], lastLine: number): number {
  return lastLine - record.reduce((sum, cell) => sum + cell.split(/\r\n|\r|\n/).length - 1, 0);
}
