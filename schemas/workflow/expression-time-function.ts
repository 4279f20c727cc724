import { parseDuration } from './duration.ts';
import { textArgument, type ExpressionFunction } from './expression-argument.ts';
import { ExpressionFault } from './expression-fault.ts';
import { describe, isNumeric, TimeSpan, Timestamp, type Value } from './expression-value.ts';
import { english } from '../wording/language.ts';

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
