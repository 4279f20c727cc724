import { DateTime, type DateTimeUnit, FixedOffsetZone, IANAZone, type TokenParser, type Zone } from 'luxon';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';

/**
 * Times in zones and calendars, by Luxon. Its clock, its default zone and its default language are never asked: names of months and days
 * are English on every machine.
 */
const locale = 'en-US';

/** UTF-16 units of a text that is parsed, and of a pattern. */
const maxText = 200;
const maxPattern = 100;

/** Kept of what takes long to make. The texts may be data of others, so there is no end to them. */
const maxKept = 200;
const zones = new Map<string, Zone>();
const parsers = new Map<string, TokenParser>();

/** To find out whether there is a zone of a name takes about 50 microseconds. */
const newZoneSteps = 1_000;
const newParserSteps = 1_000;

/** A zone by its name (`Europe/Berlin`) or its offset (`+02:00`, as CEL also writes it: `02:00`). */
export function zoneOf(name: string, run: Evaluation): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  run.charge(newZoneSteps);
  return keep(zones, name, madeZone(name));
}

function madeZone(name: string): Zone {
  if (name === 'UTC') return FixedOffsetZone.utcInstance;
  const [, sign, hours = '', minutes = ''] = /^([+-]?)(\d\d):(\d\d)$/.exec(name) ?? [];
  if (sign !== undefined) {
    const offset = Number(hours) * 60 + Number(minutes);
    if (Number(hours) > 23 || Number(minutes) > 59) throw new ExpressionFault('evaluation', `There is no such offset as '${name}'.`);
    return FixedOffsetZone.instance(sign === '-' ? -offset : offset);
  }
  // `Etc/GMT+2` is one as well. Node takes `+02` and the like too, which nobody means by a name.
  if (name.length > 64 || !/^[A-Za-z]/.test(name) || !IANAZone.isValidZone(name)) throw new ExpressionFault('evaluation', `There is no time zone '${name.slice(0, 64)}': write a name such as 'Europe/Berlin', or an offset such as '+02:00'.`);
  return new IANAZone(name);
}

/** The instant at which clocks of a zone show what `wallMs` is in UTC. Where they are put forward past it, as much later. */
export function calendarTime(wallMs: number, zone: Zone): number {
  return DateTime.fromMillis(wallMs, { zone: FixedOffsetZone.utcInstance }).setZone(zone, { keepLocalTime: true }).toMillis();
}

/** The time that a text says in a pattern. */
export function parsedTime(text: string, pattern: string, zone: Zone, run: Evaluation): number {
  if (text.length > maxText) throw new ExpressionFault('limit', `parseDate() reads texts of at most ${maxText} characters; this one has ${text.length}.`);
  const read = DateTime.fromFormatParser(text, parserOf(pattern, run), { zone, locale });
  if (read.isValid) return read.toMillis();
  const why = read.invalidReason === 'unparsable' ? `it is not written as ${pattern}` : `there is no such date or time`;
  throw new ExpressionFault('evaluation', `parseDate() can't read '${text}': ${why}.`);
}

function parserOf(pattern: string, run: Evaluation): TokenParser {
  const known = parsers.get(pattern);
  if (known !== undefined) return known;
  run.charge(newParserSteps);
  checkPattern(pattern);
  const letters = pattern.replace(/'[^']*'/g, '');
  // Else Luxon would take today's.
  const isWhole = (/y/.test(letters) && ((/[ML]/.test(letters) && /d/.test(letters)) || /o/.test(letters))) || (/k/.test(letters) && /W/.test(letters)) || /[DfF]/.test(letters);
  if (!isWhole) throw new ExpressionFault('evaluation', `The pattern '${pattern}' has to say a year, a month and a day, as in 'yyyy-MM-dd': a part of a date is no point in time.`);
  return keep(parsers, pattern, DateTime.buildFormatParser(pattern, { locale }));
}

/** A time as text in a pattern. */
export function formattedTime(ms: number, pattern: string, zone: Zone): string {
  checkPattern(pattern);
  return DateTime.fromMillis(ms, { zone, locale }).toFormat(pattern);
}

function checkPattern(pattern: string): void {
  if (pattern.length === 0 || pattern.length > maxPattern) throw new ExpressionFault('limit', `A pattern of a date has 1 to ${maxPattern} characters.`);
}

/** The first millisecond of a unit that a time is in, or its last. */
export function startOfUnit(ms: number, unit: CalendarUnit, zone: Zone, isEnd: boolean): number {
  const time = DateTime.fromMillis(ms, { zone });
  return (isEnd ? time.endOf(unit) : time.startOf(unit)).toMillis();
}

export function movedTime(ms: number, amount: number, unit: CalendarUnit, zone: Zone): number {
  return DateTime.fromMillis(ms, { zone }).plus({ [unit]: amount }).toMillis();
}

/** Whole units, cut off. */
export function unitsBetween(startMs: number, endMs: number, unit: CalendarUnit, zone: Zone): number {
  return Math.trunc(DateTime.fromMillis(endMs, { zone }).diff(DateTime.fromMillis(startMs, { zone }), unit).as(unit));
}

export type CalendarUnit = Extract<DateTimeUnit, 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'>;

const units: readonly CalendarUnit[] = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];

/** One or several: 'day' and 'days'. */
export function wordOfUnit(word: string, name: string): CalendarUnit {
  const unit = units.find((one) => word === one || word === `${one}s`);
  if (unit !== undefined) return unit;
  throw new ExpressionFault('evaluation', `'${word.slice(0, 40)}' is no unit of ${name}(): it is one of ${units.map((one) => `'${one}'`).join(', ')}.`);
}

function keep<Kept>(kept: Map<string, Kept>, name: string, made: Kept): Kept {
  const [oldest] = kept.keys();
  if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest);
  kept.set(name, made);
  return made;
}
