import { nearestName } from '../nearest-name.ts';
import { message, type Message, sentences } from '../../wording/message.ts';
import { quoted } from './report.ts';

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names for the numbers from `min` on. */
  readonly names: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of the month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
  { name: 'day of the week', min: 0, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

/** The days that each month has at most; the 30th of February never comes. */
const monthLengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What is wrong with a cron expression, or undefined. Five fields as in POSIX crontab: numbers, names, `*`, ranges `1-5`, lists `1,3` and
 * steps of ranges (every fifth: `0-30/5`).
 */
export function cronProblem(text: string): Message | undefined {
  const parts = text.trim().split(/\s+/);
  if (text.length > 200) return message('This cron expression is too long to be one.');
  if (text.trim().startsWith('@')) return message('Write five fields instead of {text}, such as "0 9 * * MON".', { text: quoted(text) });
  if (parts.length !== fields.length) {
    const hint = parts.length === 6 ? message('Seconds are not possible.') : undefined;
    return sentences(message('A cron expression has five fields (minute, hour, day of the month, month, day of the week), such as "0 9 * * MON"; this one has {count}.', { count: parts.length }), hint);
  }
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field);
    if (problem !== undefined) return problem;
  }
  return neverProblem(parts[2] ?? '', parts[3] ?? '', parts[4] ?? '');
}

/** What other crons take and this one doesn't. */
const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The five fields that were meant by what is none: nicknames, names that are written out, steps without a range, seconds of 0. */
export function likelyCron(text: string): string | undefined {
  const written = text.trim();
  if (written.startsWith('@')) return Object.hasOwn(nicknames, written.toLowerCase()) ? nicknames[written.toLowerCase()] : undefined;
  if (cronProblem(text) === undefined) return undefined;
  const parts = written.split(/\s+/);
  const five = parts.length === fields.length + 1 && parts[0] === '0' ? parts.slice(1) : parts;
  const fixed = five.map((part) => part.replace(/^0\//, '*/').replace(/[A-Za-z]{4,}/g, (name) => name.slice(0, 3).toUpperCase())).join(' ');
  return cronProblem(fixed) === undefined ? fixed : undefined;
}

function fieldProblem(text: string, field: Field): Message | undefined {
  for (const part of text.split(',')) {
    const problem = partProblem(part, field);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function partProblem(part: string, field: Field): Message | undefined {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0) return message("The {field} {part} has more than one '/'.", { field: field.name, part: quoted(part) });
  if (step !== undefined && !(/^\d{1,3}$/.test(step) && Number(step) >= 1 && Number(step) <= field.max)) {
    return message('The {field} {part} is stepped by {step}: a step is a whole number from 1 to {max}.', { field: field.name, part: quoted(part), step: quoted(step), max: field.max });
  }
  if (range === '*') return undefined;
  const [from = '', to, ...rest] = range.split('-');
  const start = numberOf(from, field);
  const end = to === undefined ? start : numberOf(to, field);
  if (start === undefined || end === undefined || rest.length > 0) {
    const told = { range: quoted(range), field: field.name, min: field.min, max: field.max, example: `${field.min}-${field.min + 1}` };
    const [first, last] = [field.names[0], field.names.at(-1)];
    return first === undefined || last === undefined
      ? message("{range} is not a valid {field}: it is {min} to {max}, '*', a range such as {example}, or a list.", told)
      : message("{range} is not a valid {field}: it is {min} to {max} or {first} to {last}, '*', a range such as {example}, or a list.", { ...told, first, last });
  }
  if (end < start) return message('The {field} {range} runs backwards: write the smaller one first.', { field: field.name, range: quoted(range) });
  if (step !== undefined && to === undefined) return message("The {field} {part} steps from nowhere: write '*/{step}' or a range.", { field: field.name, part: quoted(part), step });
  return undefined;
}

function numberOf(text: string, field: Field): number | undefined {
  const name = field.names.indexOf(text.toUpperCase());
  if (name >= 0) return field.min + name;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : undefined;
}

/** Such as the 30th of February. A given day of the week would count as well, so then it does come. */
function neverProblem(day: string, month: string, weekday: string): Message | undefined {
  const [, , dayField, monthField] = fields;
  if (weekday !== '*' || dayField === undefined || monthField === undefined) return undefined;
  const first = Math.min(...numbersOf(day, dayField));
  const isEver = numbersOf(month, monthField).some((one) => first <= (monthLengths[one - 1] ?? 0));
  return isEver ? undefined : message('Day {day} of month {month} never comes.', { day, month });
}

/** The numbers that a field which is right stands for. */
function numbersOf(text: string, field: Field): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to = from] = range === '*' ? [String(field.min), String(field.max)] : range.split('-');
    const [start = field.min, end = field.max] = [numberOf(from, field), numberOf(to, field)];
    return Array.from({ length: Math.floor((end - start) / Number(step)) + 1 }, (_, index) => start + index * Number(step));
  });
}

let known: ReadonlySet<string> | undefined;

/** Whether it is a time zone of the IANA database, aliases such as `UTC` or `Asia/Calcutta` included. */
export function isTimeZone(name: string): boolean {
  if (zones().has(name)) return true;
  // An offset such as `+02:00` is taken as well by newer engines; it knows no summer time, which is why it is refused.
  if (!/^[A-Za-z]/.test(name) || name.length > 60) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export function nearestTimeZone(name: string): string | undefined {
  const city = [...zones()].find((zone) => zone.toLowerCase().endsWith(`/${name.toLowerCase().replace(/ /g, '_')}`));
  return city ?? nearestName(name, zones());
}

/** Every name that the engine lists, and UTC. */
export function timeZones(): readonly string[] {
  return [...zones()].sort();
}

function zones(): ReadonlySet<string> {
  known ??= new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);
  return known;
}
