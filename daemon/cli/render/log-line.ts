import { isJsonObject, type JsonObject } from '../../../schemas/workflow/json.ts';
import type { Format, View } from '../terminal.ts';
import { formatTime, indent, oneLine, printable } from './format.ts';

/** A line of the log as an object; a line that isn't one becomes its message. */
export function parseLogLine(line: string): JsonObject {
  try {
    const value: unknown = JSON.parse(line);
    if (isJsonObject(value)) return value;
  } catch {
    // Something else wrote into the log, or the daemon died within the line.
  }
  return { msg: line };
}

const levels: readonly (readonly [least: number, word: string, format: Format | undefined])[] = [
  [60, 'FATAL', 'red'],
  [50, 'ERROR', 'red'],
  [40, 'WARN', 'yellow'],
  [30, 'INFO', undefined],
  [20, 'DEBUG', 'dim'],
  [0, 'TRACE', 'dim'],
];

/** What each line has anyway, or what stands elsewhere in it. */
const ownFields = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'err', 'v']);

/** A line of pino's JSON for a person: `10:30:00 WARN  queue is full  queue=erp depth=5000`. */
export function renderLogLine(line: string, view: View): string {
  const entry = parseLogLine(line);
  if (typeof entry.level !== 'number' && typeof entry.level !== 'string') return printable(line);
  const [word, format] = levelOf(entry.level);
  const fields = Object.entries(entry)
    .filter(([name]) => !ownFields.has(name))
    .map(([name, value]) => `${oneLine(name)}=${valueText(value)}`);
  const parts = [
    view.style('dim', timeText(entry.time, view)),
    view.style(format, word.padEnd(5)),
    typeof entry.msg === 'string' ? oneLine(entry.msg) : '',
    ...(fields.length === 0 ? [] : [view.style('dim', fields.join(' '))]),
  ];
  return [parts.filter((part) => part !== '').join('  '), ...errorLines(entry.err)].join('\n');
}

function levelOf(level: number | string): readonly [string, Format | undefined] {
  const found = levels.find(([least, word]) => (typeof level === 'number' ? level >= least : word === level.toUpperCase()));
  return found === undefined ? [oneLine(String(level)), undefined] : [found[1], found[2]];
}

function timeText(time: unknown, view: View): string {
  if (typeof time === 'number' && Number.isFinite(new Date(time).getTime())) return formatTime(new Date(time).toISOString(), view);
  return typeof time === 'string' ? formatTime(oneLine(time), view) : '';
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return oneLine(value);
  return oneLine(JSON.stringify(value));
}

function errorLines(error: unknown): string[] {
  if (!isJsonObject(error)) return [];
  const text = [error.stack, error.message].find((part) => typeof part === 'string');
  return typeof text === 'string' ? [indent(printable(text))] : [];
}
