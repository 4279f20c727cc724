import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { message, type Message } from '../../../schemas/wording/message.ts';
import { delimiterName } from '../../../schemas/workflow/csv-format.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';

export interface CsvShape {
  /** One character. */
  readonly delimiter: string;
  readonly lineEnd: '\n' | '\r\n';
  /** The columns that are asked for, in their order; undefined: those of the file, or of the first rows. */
  readonly columns: readonly string[] | undefined;
  /** Whether texts that a spreadsheet would take for a formula get a `'` in front. */
  readonly escapesFormulas: boolean;
}

/** What begins a formula, also in the wide forms of East Asian keyboards; OWASP, "CSV Injection". */
const formula = /^[=+\-@\t\r＝＋－＠]/;

/**
 * Rows as lines of a CSV (RFC 4180) that `foreach.file` reads back as they were: quotes where a cell has a delimiter, quotes, line breaks, or spaces at its ends. Texts are written as they are, numbers
 * and booleans as in JSON, `null` and what is missing as nothing, lists and objects as JSON.
 *
 * `heading`: that of the file; undefined if it has none yet, and `text` begins with it. A message says why a row doesn't fit.
 */
export function csvLines(rows: readonly Json[], heading: readonly string[] | undefined, shape: CsvShape): { readonly text: string; readonly heading: readonly string[] } | Message {
  const objects: JsonObject[] = [];
  for (const row of rows) {
    if (!isJsonObject(row)) return message('A row of a CSV must be a map of its columns, such as {example}, and is {what}.', { example: '`{ name: Ada }`', what: JSON.stringify(row).slice(0, 60) });
    objects.push(row);
  }
  const columns = shape.columns ?? heading ?? [...new Set(objects.flatMap((row) => Object.keys(row)))];
  const problem = columnsProblem(columns, heading, shape);
  if (problem !== undefined) return problem;
  if (shape.columns === undefined) {
    const known = new Set(columns);
    const extra = objects.flatMap((row) => Object.keys(row)).find((name) => !known.has(name));
    if (extra !== undefined) return message("The row has the column {name}, and the file has: {columns}. Name the columns of the file in `csv.columns`, or leave this one out.", { name: JSON.stringify(extra), columns: columns.join(', ').slice(0, 300) });
  }
  const cells = objects.map((row) => columns.map((name) => cellOf(Object.hasOwn(row, name) ? row[name] : null, shape)));
  const text = stringify(heading === undefined && columns.length > 0 ? [columns, ...cells] : cells, {
    delimiter: shape.delimiter,
    record_delimiter: shape.lineEnd,
    quoted_match: /^\s|\s$/,
    // Of a single column, an empty cell would be an empty line.
    quoted_empty: columns.length === 1,
  });
  return { text, heading: columns };
}

type CsvHeading = { readonly heading: readonly string[]; readonly lineEnd: '\n' | '\r\n' };

/** The beginning of a file, as far as its heading may go. */
export class CsvBeginning {
  readonly #text: string;
  readonly #isWhole: boolean;
  readonly #headings = new Map<string, CsvHeading | Message | undefined>();

  /** `isWhole`: there is nothing after `text`. */
  constructor(text: string, isWhole: boolean) {
    this.#text = text.replace(/^\ufeff/, '');
    this.#isWhole = isWhole;
  }

  /** The heading, and how the lines end; undefined if the file is empty. A message says why there is none. */
  heading(delimiter: string): CsvHeading | Message | undefined {
    if (!this.#headings.has(delimiter)) this.#headings.set(delimiter, this.#read(delimiter));
    return this.#headings.get(delimiter);
  }

  #read(delimiter: string): CsvHeading | Message | undefined {
    const text = this.#text;
    if (text.trim() === '' && this.#isWhole) return undefined;
    if (text.includes('\0') || text.includes('\ufffd')) return message('The file is not CSV in UTF-8, so no row can be appended.');
    try {
      const [heading] = parse(text, { delimiter, to: 1, trim: true, skip_empty_lines: true, relax_column_count: true });
      if (heading !== undefined) return { heading, lineEnd: /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n' };
    } catch {
      // A quote that is never closed, or a heading that never ends.
    }
    return message('The file has no heading that can be read, so no row can be appended.');
  }
}

function columnsProblem(columns: readonly string[], heading: readonly string[] | undefined, { delimiter }: CsvShape): Message | undefined {
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) return message('The column {name} is there twice.', { name: JSON.stringify(twice) });
  if (columns.some((name) => name.trim() === '')) return message('A column has no name.');
  if (heading === undefined || (columns.length === heading.length && columns.every((name, index) => name === heading[index]))) return undefined;
  return message('The file has the columns {there}, separated by "{delimiter}", and `csv.columns` has {asked}.', { there: heading.join(', ').slice(0, 300), delimiter: delimiterName(delimiter), asked: columns.join(', ').slice(0, 300) });
}

function cellOf(value: Json | undefined, { escapesFormulas }: CsvShape): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return escapesFormulas && formula.test(value) ? `'${value}` : value;
  return JSON.stringify(value);
}
