import { CsvError, parse as parseCsv } from 'csv-parse';
import { isUtf8 } from 'node:buffer';
import { finished } from 'node:stream/promises';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { badByteProblem, csvRemedy, firstBadByte, markProblem, nulProblem, placeOf } from '../../schemas/workflow/text-encoding.ts';
import { JsonListSplitter } from './json-list-splitter.ts';

export const itemFileExtensions = ['.csv', '.jsonl', '.json'] as const;

/** Longest line of a `.jsonl`, record of a `.csv` or element of a `.json`, in characters. */
const maxRecord = 1_048_576;

/** What is wrong with a file of items, and where in it; the rest of a sentence that begins with the file's name and a colon. */
export class ItemFileError extends Error {
  override readonly name = 'ItemFileError';
}

/** The message is the rest of a sentence that begins with the file's name. */
class EncodingError extends Error {
  override readonly name = 'EncodingError';
}

/**
 * The items of a file as JSON texts without line breaks, those of a piece of it together, in memory that doesn't grow with the file: the rows of a `.csv` as
 * objects of texts by its header, the lines of a `.jsonl`, the elements of the list that a `.json` holds. `extension`: in lower case.
 *
 * @throws ItemFileError, also after some items, where the file can't be read any further: it isn't UTF-8, or no CSV or JSON, or has a
 *   number that would be rounded
 */
export async function* readItems(content: AsyncIterable<Buffer>, extension: string): AsyncGenerator<readonly string[]> {
  try {
    switch (extension) {
      case '.csv':
        yield* readCsv(content);
        return;
      case '.jsonl':
        yield* readJsonLines(content);
        return;
      case '.json':
        yield* readJsonList(content);
        return;
      default:
        throw new ItemFileError(`items are read from ${itemFileExtensions.join(', ')} files`);
    }
  } catch (error) {
    if (error instanceof EncodingError) throw new ItemFileError(`it ${error.message}${extension === '.csv' ? csvRemedy : ''}`);
    if (error instanceof ItemFileError) throw error;
    if (error instanceof CsvError) throw new ItemFileError(error.message.replace(/\.$/, ''));
    throw error;
  }
}

async function* readCsv(content: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let lastLine = 1;
  let items: string[] = [];
  const rows = parseCsv({
    columns: headerOf,
    skip_empty_lines: true,
    trim: true,
    max_record_size: maxRecord,
    // Taken here, and not from the stream, which gives out one after the other and takes five times as long.
    on_record: (record: unknown, { lines }) => {
      lastLine = lines;
      items.push(JSON.stringify(record));
      return null;
    },
  });
  rows.resume();
  const ended = finished(rows);
  // Heard below; until then it is not a rejection that nobody handles.
  ended.catch(ignore);
  try {
    for await (const text of readText(content)) {
      await Promise.race([ended, new Promise((resolve) => rows.write(text, resolve))]);
      yield items;
      items = [];
    }
    rows.end();
    await ended;
    yield items;
  } catch (error) {
    // The line that the parser names is the last one of the file.
    if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') throw new ItemFileError(`a quote that is opened after line ${lastLine} is never closed`);
    throw error;
  }
}

function headerOf(names: readonly string[]): string[] {
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice !== undefined) throw new ItemFileError(`line 1 names the column ${JSON.stringify(twice)} twice`);
  return [...names];
}

async function* readJsonLines(content: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
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
  for await (const text of readText(content)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield itemsOf(lines);
    // It has no end in sight: told by the check.
    if (rest.length > 2 * maxRecord) itemsOf([rest]);
  }
  yield itemsOf([rest]);
}

async function* readJsonList(content: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  const splitter = new JsonListSplitter(maxRecord);
  for await (const text of readText(content)) {
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

/**
 * The text, checked and without its byte order mark, in pieces. What a file's bytes mean is never guessed: see `decodeText`.
 *
 * @throws EncodingError
 */
async function* readText(content: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  // Of the next piece's first character.
  let line = 1;
  let column = 1;
  for await (const chunk of content) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (isFirst && bytes.length < 4) {
      rest = bytes;
      continue;
    }
    const whole = bytes.subarray(0, wholeCharacters(bytes));
    rest = bytes.subarray(whole.length);
    const text = textOf(whole, isFirst, line, column);
    isFirst = false;
    yield text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line++;
    const lineStart = text.lastIndexOf('\n') + 1;
    column = lineStart === 0 ? column + text.length : 1 + text.length - lineStart;
  }
  if (rest.length > 0) yield textOf(rest, isFirst, line, column);
}

function textOf(bytes: Buffer, isFirst: boolean, line: number, column: number): string {
  const problem = isFirst ? markProblem(bytes) : undefined;
  if (problem !== undefined) throw new EncodingError(problem);
  if (!isUtf8(bytes)) {
    const { offset, byte } = firstBadByte(bytes) ?? { offset: 0, byte: 0 };
    const within = placeOf(bytes, offset);
    throw new EncodingError(badByteProblem(byte, { line: line + within.line - 1, column: within.line === 1 ? column + within.column - 1 : within.column }));
  }
  const text = bytes.toString('utf8', isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
  const nul = text.indexOf('\0');
  if (nul >= 0) throw new EncodingError(nulProblem(line + text.slice(0, nul).split('\n').length - 1));
  return text;
}

/** How many of the bytes are whole characters of UTF-8: the last one may continue in the next piece. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function ignore(): void {}
