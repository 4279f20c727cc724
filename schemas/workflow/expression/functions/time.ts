import { english } from '../../../wording/language.ts';
import { parseDuration } from '../../duration.ts';
import { type FunctionEntry, integerArgument, textArgument } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { ExpressionFault } from '../fault.ts';
import { readTime } from '../time-text.ts';
import { type ExpressionType, numberType, textType, type TypeKind } from '../type.ts';
import { describe, isNumeric, TimeSpan, Timestamp, type Value } from '../value.ts';
import { calendarTime, formattedTime, movedTime, parsedTime, startOfUnit, unitsBetween, wordOfUnit, zoneOf } from '../calendar.ts';

const timestampType: ExpressionType = { kind: 'timestamp' };
const durationType: ExpressionType = { kind: 'duration' };
/** A timestamp, or text that says one. */
const moment: readonly TypeKind[] = ['timestamp', 'text'];
const text: readonly TypeKind[] = ['text'];
const exampleTime = "timestamp('2026-03-01T23:30:15.250Z')";

export const timeFunctions: readonly FunctionEntry[] = [
  ['now', { parameters: [], takes: [], gives: textType, description: 'The time as ISO 8601 text, in UTC: when the step started, the same for all items of a foreach. Where a timestamp is needed, it is one: now() - duration(\'1h\').', example: ["now() - duration('1h')"], call: now }],
  ['timestamp', { parameters: ['value', 'zone?'], takes: [['text', 'number', 'timestamp'], text], gives: timestampType, description: 'A point in time from an ISO 8601 text, or from seconds since 1970. A date alone is the start of that day; it, and a time that says no zone, are read in the zone (dates alone in UTC by default).', example: ["timestamp('2026-03-01', 'Europe/Berlin')", '2026-02-28T23:00:00.000Z'], call: timestamp }],
  ['duration', { parameters: ['text'], takes: [['text', 'duration']], gives: durationType, description: "A length of time, such as duration('1h30m') or duration('30d'), to add to a timestamp.", example: ["duration('1h30m')", '5400s'], call: duration }],
  ['parseDate', { parameters: ['text', 'pattern', 'zone?'], takes: [text, text, text], gives: timestampType, description: 'A point in time from a text that is written in a [pattern](#patterns-of-dates), in a zone (by default UTC). Dates that don\'t exist are errors.', example: ["parseDate('31.12.2026', 'dd.MM.yyyy')", '2026-12-31T00:00:00.000Z'], call: parseDate }],
];

/** CEL's accessors, and what calendars need beyond them. A zone is a name such as Europe/Berlin, or an offset such as +02:00; by default UTC. */
export const timeMethods: readonly FunctionEntry[] = [
  ['formatDate', { parameters: ['time', 'pattern', 'zone?'], takes: [moment, text, text], gives: textType, description: 'The time as text in a [pattern](#patterns-of-dates), in a zone.', example: ["'2026-03-01T23:30:00Z'.formatDate('dd.MM.yyyy HH:mm', 'Europe/Berlin')", '02.03.2026 00:30'], call: formatDate }],
  ['startOf', { parameters: ['time', 'unit', 'zone?'], takes: [moment, text, text], gives: timestampType, description: "The start of the 'hour', 'day', 'week' (Monday), 'month', 'quarter' or 'year' that the time is in, in a zone.", example: ["'2026-03-18T10:00:00Z'.startOf('week')", '2026-03-16T00:00:00.000Z'], call: (args, run) => bound(args, run, false) }],
  ['endOf', { parameters: ['time', 'unit', 'zone?'], takes: [moment, text, text], gives: timestampType, description: 'The last millisecond of the unit that the time is in; units as for startOf().', example: ["'2026-02-10'.endOf('month')", '2026-02-28T23:59:59.999Z'], call: (args, run) => bound(args, run, true) }],
  ['plus', { parameters: ['time', 'amount', 'unit', 'zone?'], takes: [moment, ['number'], text, text], gives: timestampType, description: "The time that many 'minutes', 'hours', 'days', 'weeks', 'months', 'quarters' or 'years' later. Days and longer units keep the time of day in the zone; the 31st becomes the last day of a shorter month.", example: ["'2026-01-31'.plus(1, 'month')", '2026-02-28T00:00:00.000Z'], call: (args, run) => moved('plus', args, run) }],
  ['minus', { parameters: ['time', 'amount', 'unit', 'zone?'], takes: [moment, ['number'], text, text], gives: timestampType, description: 'The time that much earlier; units as for plus().', example: ["'2026-03-01'.minus(14, 'days')", '2026-02-15T00:00:00.000Z'], call: (args, run) => moved('minus', args, run) }],
  ['until', { parameters: ['time', 'end', 'unit', 'zone?'], takes: [moment, moment, text, text], gives: numberType, description: 'How many whole units lie between two times; less than 0 if the end is before. Units as for plus().', example: ["'2026-03-01'.until('2026-04-15', 'months')", 1], call: until }],
  dateMethod('getFullYear', 'The year of a time.', 'year', 2026),
  dateMethod('getMonth', 'The month, 0 to 11.', 'month', 2, -1),
  dateMethod('getDate', 'The day of the month, from 1.', 'day', 1),
  dateMethod('getDayOfMonth', 'The day of the month, from 0.', 'day', 0, -1),
  dateMethod('getDayOfWeek', 'The day of the week, 0 (Sunday) to 6.', 'weekday', 0),
  dateMethod('getDayOfYear', 'The day of the year, from 0.', 'ordinal', 59, -1),
  eitherMethod('getHours', 'The hour of a timestamp, or all hours of a duration.', 'hour', 3_600_000, 23),
  eitherMethod('getMinutes', 'The minute of a timestamp, or all minutes of a duration.', 'minute', 60_000, 30),
  eitherMethod('getSeconds', 'The second of a timestamp, or all seconds of a duration.', 'second', 1_000, 15),
  eitherMethod('getMilliseconds', 'The millisecond of a timestamp, or all milliseconds of a duration.', 'millisecond', 1, 250),
];

/** What an operation of the calendar costs: about ten microseconds. */
const calendarSteps = 200;

function now(_args: readonly Value[], run: Evaluation): Value {
  const ms = run.scope['$now'];
  if (typeof ms !== 'number' || !Number.isFinite(ms)) throw new ExpressionFault('evaluation', 'now() is not known here.');
  return new Date(ms).toISOString();
}

function timestamp(args: readonly Value[], run: Evaluation): Value {
  const [value = null] = args;
  const zone = args.length > 1 ? textArgument(args, 1) : undefined;
  // Also where it isn't needed: what is wrong is wrong for every value.
  if (zone !== undefined) zoneOf(zone, run);
  if (value instanceof Timestamp) return value;
  if (isNumeric(value)) return new Timestamp(Number(value) * 1_000);
  if (typeof value !== 'string') throw new ExpressionFault('type', `timestamp() takes ISO 8601 text or seconds since 1970, not ${describe(value)}.`);
  return new Timestamp(momentOfText(value, zone, run));
}

/** Text that says a time; what says no zone is read in `zone`. */
function momentOfText(value: string, zone: string | undefined, run: Evaluation): number {
  const read = readTime(value);
  if (read.hasZone) return read.ms;
  if (read.isDate && zone === undefined) return read.ms;
  if (zone === undefined) throw new ExpressionFault('evaluation', "timestamp() takes ISO 8601 text with a zone, such as '2025-03-01T09:00:00Z'; or say the zone: timestamp(text, 'Europe/Berlin').");
  run.charge(calendarSteps);
  return calendarTime(read.ms, zoneOf(zone, run));
}

function parseDate(args: readonly Value[], run: Evaluation): Value {
  run.charge(calendarSteps);
  return new Timestamp(parsedTime(textArgument(args, 0), textArgument(args, 1), zoneAt(args, 2, run), run));
}

function formatDate(args: readonly Value[], run: Evaluation): Value {
  const written = formattedTime(momentAt('formatDate', args, 0, 2, run), textArgument(args, 1), zoneAt(args, 2, run));
  run.chargeText(written.length);
  return written;
}

function bound(args: readonly Value[], run: Evaluation, isEnd: boolean): Value {
  const name = isEnd ? 'endOf' : 'startOf';
  return new Timestamp(startOfUnit(momentAt(name, args, 0, 2, run), wordOfUnit(textArgument(args, 1), name), zoneAt(args, 2, run), isEnd));
}

function moved(name: 'plus' | 'minus', args: readonly Value[], run: Evaluation): Value {
  const amount = integerArgument(args, 1);
  return new Timestamp(movedTime(momentAt(name, args, 0, 3, run), name === 'minus' ? -amount : amount, wordOfUnit(textArgument(args, 2), name), zoneAt(args, 3, run)));
}

function until(args: readonly Value[], run: Evaluation): Value {
  const unit = wordOfUnit(textArgument(args, 2), 'until');
  return BigInt(unitsBetween(momentAt('until', args, 0, 3, run), momentAt('until', args, 1, 3, run), unit, zoneAt(args, 3, run)));
}

function zoneAt(args: readonly Value[], index: number, run: Evaluation): ReturnType<typeof zoneOf> {
  return zoneOf(args.length > index ? textArgument(args, index) : 'UTC', run);
}

/** A timestamp, or the one that a text says. A date alone begins in the zone at `zoneIndex`. */
function momentAt(name: string, args: readonly Value[], index: number, zoneIndex: number, run: Evaluation): number {
  const value = args[index] ?? null;
  run.charge(calendarSteps);
  if (value instanceof Timestamp) return value.valueOf();
  if (typeof value === 'string') return momentOfText(value, args.length > zoneIndex ? textArgument(args, zoneIndex) : undefined, run);
  throw new ExpressionFault('type', `${name}() needs a timestamp, but this is ${describe(value)}. Write timestamp(text).${name}().`);
}

function duration(args: readonly Value[]): Value {
  const [value = null] = args;
  if (value instanceof TimeSpan) return value;
  const written = textArgument(args, 0);
  const parsed = parseDuration(written.replace(/^[+-]/, ''));
  if (!parsed.ok) throw new ExpressionFault('evaluation', english.textOf(parsed.message));
  return new TimeSpan(written.startsWith('-') ? -parsed.ms : parsed.ms);
}

type Part = 'year' | 'month' | 'day' | 'weekday' | 'ordinal' | 'hour' | 'minute' | 'second' | 'millisecond';

function dateMethod(name: string, description: string, part: Part, example: number, shift = 0): FunctionEntry {
  return [name, { parameters: ['time', 'zone?'], takes: [moment, text], gives: numberType, description, example: [`${exampleTime}.${name}()`, example], call: (args, run) => partOf(name, args, part, shift, run) }];
}

function eitherMethod(name: string, description: string, part: Part, unitMs: number, example: number): FunctionEntry {
  const call = (args: readonly Value[], run: Evaluation): Value => {
    const [value = null] = args;
    if (value instanceof TimeSpan && args.length > 1) throw new ExpressionFault('type', `${name}() of a duration takes no zone.`);
    return value instanceof TimeSpan ? BigInt(Math.trunc(value.valueOf() / unitMs)) : partOf(name, args, part, 0, run);
  };
  return [name, { parameters: ['time', 'zone?'], takes: [['timestamp', 'duration', 'text'], text], gives: numberType, description, example: [`${exampleTime}.${name}()`, example], call }];
}

function partOf(name: string, args: readonly Value[], part: Part, shift: number, run: Evaluation): Value {
  const date = new Date(momentAt(name, args, 0, 1, run));
  // Its UTC parts are those of the wall clock there.
  const local = args.length > 1 ? new Date(date.getTime() + zoneAt(args, 1, run).offset(date.getTime()) * 60_000) : date;
  return BigInt(readPart(local, part) + shift);
}

function readPart(date: Date, part: Part): number {
  switch (part) {
    case 'year':
      return date.getUTCFullYear();
    case 'month':
      return date.getUTCMonth() + 1;
    case 'day':
      return date.getUTCDate();
    case 'weekday':
      return date.getUTCDay();
    case 'ordinal':
      return Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / 86_400_000) + 1;
    case 'hour':
      return date.getUTCHours();
    case 'minute':
      return date.getUTCMinutes();
    case 'second':
      return date.getUTCSeconds();
    case 'millisecond':
      return date.getUTCMilliseconds();
  }
}
