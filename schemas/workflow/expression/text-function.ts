import { english } from '../../wording/language.ts';
import { codePointIndex, codePointLength, utf16Offset } from '../code-points.ts';
import { parseDuration } from '../duration.ts';
import { type ExpressionFunction, integerArgument, textArgument } from './argument.ts';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { findsPattern, parsePattern, type Pattern } from './pattern.ts';
import { describe, isNumeric, TimeSpan, Timestamp, type Value } from './value.ts';

/** CEL's methods of text, with those of its strings extension. Positions count code points from 0, as `size()` does. */
export const textMethods: readonly (readonly [string, ExpressionFunction])[] = [
  ['startsWith', { parameters: ['text', 'start'], description: 'Whether the text starts so; upper and lower case differ.', call: (args) => textArgument(args, 0).startsWith(textArgument(args, 1)) }],
  ['endsWith', { parameters: ['text', 'end'], description: 'Whether the text ends so; upper and lower case differ.', call: (args) => textArgument(args, 0).endsWith(textArgument(args, 1)) }],
  ['matches', { parameters: ['text', 'pattern'], description: 'Whether the regular expression is found in the text; ^ and $ anchor it, (?i) ignores case. No backreferences or lookaround.', call: matches }],
  ['lowerAscii', { parameters: ['text'], description: 'The text with A to Z in lower case; other letters stay as they are.', call: (args, run) => made(textArgument(args, 0).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()), run) }],
  ['upperAscii', { parameters: ['text'], description: 'The text with a to z in upper case; other letters stay as they are.', call: (args, run) => made(textArgument(args, 0).replace(/[a-z]+/g, (letters) => letters.toUpperCase()), run) }],
  ['trim', { parameters: ['text'], description: 'The text without white space at its ends.', call: (args, run) => made(textArgument(args, 0).trim(), run) }],
  ['charAt', { parameters: ['text', 'position'], description: 'The character at a position; empty at the end.', call: charAt }],
  ['substring', { parameters: ['text', 'start', 'end?'], description: 'The part from start to before end.', call: substring }],
  ['indexOf', { parameters: ['text', 'part'], description: 'Where the part first stands, or -1.', call: (args, run) => found(searched(args, run), (text) => text.indexOf(textArgument(args, 1))) }],
  ['lastIndexOf', { parameters: ['text', 'part'], description: 'Where the part last stands, or -1.', call: (args, run) => found(searched(args, run), (text) => text.lastIndexOf(textArgument(args, 1))) }],
  ['replace', { parameters: ['text', 'part', 'by'], description: 'The text with every occurrence of a part replaced.', call: replace }],
  ['split', { parameters: ['text', 'separator'], description: 'The parts between separators, as a list.', call: split }],
];

function made(text: string, run: Evaluation): string {
  run.chargeText(text.length);
  return text;
}

function searched(args: readonly Value[], run: Evaluation): string {
  const text = textArgument(args, 0);
  run.charge(text.length >>> 3);
  return text;
}

/** Where a search of the text ended: a position, or -1. */
function found(text: string, search: (text: string) => number): Value {
  const at = search(text);
  return BigInt(at < 0 ? at : codePointIndex(text, at));
}

/** The latest pattern: nearly every expression has one, written out, and uses it for each item of a list. */
let latest: { readonly source: string; readonly pattern: Pattern } | undefined;

function matches(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  const source = textArgument(args, 1);
  if (latest?.source !== source) {
    run.charge(1_000);
    latest = { source, pattern: parsePattern(source) };
  }
  return findsPattern(latest.pattern, text, run);
}

function charAt(args: readonly Value[], run: Evaluation): Value {
  const text = searched(args, run);
  const at = offsetOf(text, integerArgument(args, 1));
  const character = text.codePointAt(at);
  return character === undefined ? '' : String.fromCodePoint(character);
}

function substring(args: readonly Value[], run: Evaluation): Value {
  const text = searched(args, run);
  const start = integerArgument(args, 1);
  const from = offsetOf(text, start);
  if (args.length < 3) return made(text.slice(from), run);
  const end = integerArgument(args, 2);
  const to = offsetOf(text, end);
  if (end < start) throw new ExpressionFault('evaluation', `The part ends at ${end}, before it begins at ${start}.`);
  return made(text.slice(from, to), run);
}

function replace(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  const part = textArgument(args, 1);
  const by = textArgument(args, 2);
  run.charge(text.length);
  // Before it is made: each of n characters could become a megabyte.
  const count = part === '' ? codePointLength(text) + 1 : text.split(part).length - 1;
  run.charge(count);
  run.chargeText(text.length + count * (by.length - part.length));
  // Between the characters, and not between the halves of one.
  if (part === '') return `${by}${Array.from(text, (character) => character + by).join('')}`;
  return text.replaceAll(part, by.replaceAll('$', '$$$$'));
}

function split(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  const separator = textArgument(args, 1);
  return separator === '' ? Array.from(text) : text.split(separator);
}

/** The UTF-16 offset of a position. */
function offsetOf(text: string, position: number): number {
  const offset = utf16Offset(text, position);
  if (offset !== undefined) return offset;
  const length = codePointLength(text);
  throw new ExpressionFault('evaluation', english.say('{length, plural, one {Position {position} is outside of this text, which has # character.} other {Position {position} is outside of this text, which has # characters.}}', { length, position: String(position) }));
}

type Entry = readonly [string, ExpressionFunction];

export const timeFunctions: readonly Entry[] = [
  ['timestamp', { parameters: ['value'], description: 'A point in time of an ISO 8601 text with its zone, or of seconds since 1970. Points in time can be compared and subtracted.', call: timestamp }],
  ['duration', { parameters: ['text'], description: "A length of time, such as duration('1h30m') or duration('30d'), to add to a timestamp.", call: duration }],
];

/** CEL's accessors, in UTC. */
export const timeMethods: readonly Entry[] = [
  dateMethod('getFullYear', 'The year.', (date) => date.getUTCFullYear()),
  dateMethod('getMonth', 'The month, 0 to 11.', (date) => date.getUTCMonth()),
  dateMethod('getDate', 'The day of the month, from 1.', (date) => date.getUTCDate()),
  dateMethod('getDayOfMonth', 'The day of the month, from 0.', (date) => date.getUTCDate() - 1),
  dateMethod('getDayOfWeek', 'The day of the week, 0 (Sunday) to 6.', (date) => date.getUTCDay()),
  dateMethod('getDayOfYear', 'The day of the year, from 0.', (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000)),
  eitherMethod('getHours', 'The hour of a timestamp (UTC), or all hours of a duration.', (date) => date.getUTCHours(), 3_600_000),
  eitherMethod('getMinutes', 'The minute of a timestamp (UTC), or all minutes of a duration.', (date) => date.getUTCMinutes(), 60_000),
  eitherMethod('getSeconds', 'The second of a timestamp (UTC), or all seconds of a duration.', (date) => date.getUTCSeconds(), 1_000),
  eitherMethod('getMilliseconds', 'The millisecond of a timestamp (UTC), or all milliseconds of a duration.', (date) => date.getUTCMilliseconds(), 1),
];

function timestamp([value = null]: readonly Value[]): Value {
  if (value instanceof Timestamp) return value;
  if (isNumeric(value)) return new Timestamp(Number(value) * 1_000);
  if (typeof value !== 'string') throw new ExpressionFault('type', `timestamp() takes ISO 8601 text or seconds since 1970, not ${describe(value)}.`);
  return new Timestamp(timeOf(value));
}

/** Milliseconds since 1970 of RFC 3339 text: finer digits are cut off. `Date.parse` alone would roll impossible days over into the next month. */
function timeOf(text: string): number {
  // With a zone: without one, the text would mean another moment on each machine.
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-](\d\d):(\d\d))$/i.exec(text);
  if (parts === null) throw new ExpressionFault('evaluation', "timestamp() takes ISO 8601 text with a zone, such as '2025-03-01T09:00:00Z'.");
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = parts.slice(1).map((part: string | undefined) => Number(part ?? 0));
  const days = month < 1 || month > 12 ? 0 : new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (day < 1 || day > days) throw new ExpressionFault('evaluation', `There is no such day as ${text.slice(0, 10)}.`);
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) throw new ExpressionFault('evaluation', `There is no such time as '${text.slice(11)}'.`);
  return Date.parse(text.toUpperCase());
}

function duration(args: readonly Value[]): Value {
  const [value = null] = args;
  if (value instanceof TimeSpan) return value;
  const text = textArgument(args, 0);
  const parsed = parseDuration(text.replace(/^[+-]/, ''));
  if (!parsed.ok) throw new ExpressionFault('evaluation', english.textOf(parsed.message));
  return new TimeSpan(text.startsWith('-') ? -parsed.ms : parsed.ms);
}

function dateMethod(name: string, description: string, read: (date: Date) => number): Entry {
  return [name, { parameters: ['timestamp'], description: `${description} In UTC.`, call: ([value = null]) => readDate(name, value, read) }];
}

function eitherMethod(name: string, description: string, read: (date: Date) => number, unitMs: number): Entry {
  const call = ([value = null]: readonly Value[]): Value => (value instanceof TimeSpan ? BigInt(Math.trunc(value.valueOf() / unitMs)) : readDate(name, value, read));
  return [name, { parameters: ['time'], description, call }];
}

function readDate(name: string, value: Value, read: (date: Date) => number): Value {
  if (!(value instanceof Timestamp)) throw new ExpressionFault('type', `${name}() needs a timestamp, but this is ${describe(value)}. Write timestamp(text).${name}().`);
  return BigInt(read(new Date(value.valueOf())));
}
