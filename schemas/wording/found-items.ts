import type { FoundItems } from '../protocol/run.ts';
import { delimiterName, type TextEncoding } from '../workflow/csv-format.ts';
import { message, type Message } from './message.ts';

const encodingNames: Readonly<Record<TextEncoding, string>> = { 'utf-8': 'UTF-8', 'utf-16le': 'UTF-16', 'utf-16be': 'UTF-16 (big-endian)', 'windows-1252': 'Windows-1252' };

/** Headings that are named. */
const maxNamed = 12;

/** What a file of items turned out to be, such as `3 rows of email, name, separated by ";", UTF-8`; a part of a sentence. */
export function foundItemsMessage({ encoding, delimiter, columns, items }: FoundItems): Message {
  const name = encodingNames[encoding];
  if (delimiter === undefined || columns === undefined) return message('{count, plural, one {# item, {encoding}} other {# items, {encoding}}}', { count: items, encoding: name });
  const named = `${columns.slice(0, maxNamed).join(', ')}${columns.length > maxNamed ? ', …' : ''}`;
  return message('{count, plural, one {# row of {columns}, separated by "{delimiter}", {encoding}} other {# rows of {columns}, separated by "{delimiter}", {encoding}}}', { count: items, columns: named, delimiter: delimiterName(delimiter), encoding: name });
}
