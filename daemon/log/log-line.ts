import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';

/** A line is cut down to about this many characters: what is logged may quote what someone sent. */
const maxLineChars = 32 * 1024;
const shownChars = 4 * 1024;

type Mask = (text: string) => string;

/** pino's line without secrets, of a bounded length, and still JSON. */
export function safeLine(line: string, mask: Mask): string {
  let masked: string;
  try {
    masked = mask(line);
    // A secret such as 17 or true can stand in pino's own syntax, and what is left would be no JSON.
    if (masked !== line && parse(masked) === undefined) masked = JSON.stringify(maskedTree(parse(line) ?? { msg: masked }, mask));
  } catch {
    return JSON.stringify({ level: 50, time: timeIn(line), msg: 'a line was left out, because it could not be masked' });
  }
  return masked.length <= maxLineChars ? masked : cutDown(masked);
}

const levelWords: Readonly<Record<number, string>> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };
const ownFields = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/** A line for a person: `10:30:00 WARN  a request was refused  status=403`, with the stack of an error below. */
export function readableLine(line: string): string {
  const entry = parse(line);
  if (entry === undefined) return printable(line);
  const { level, msg, err } = entry;
  const time = new Date(timeIn(line)).toLocaleTimeString('en-GB');
  const word = (typeof level === 'number' ? levelWords[level] : undefined) ?? 'LOG';
  const fields = Object.entries(entry)
    .filter(([name]) => !ownFields.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`);
  const head = `${time} ${word.padEnd(5)} ${[typeof msg === 'string' ? msg : '', ...fields].filter((part) => part !== '').join('  ')}`;
  return [printable(head), ...stackLines(err)].join('\n');
}

function stackLines(error: Json | undefined): string[] {
  if (!isJsonObject(error)) return [];
  const text = [error.stack, error.message].find((part) => typeof part === 'string');
  return typeof text === 'string' ? text.split('\n').map((part) => `  ${printable(part)}`) : [];
}

/** Texts from outside must not move the cursor, set the title, or worse. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}

function cutDown(line: string): string {
  const { level, time, msg } = parse(line) ?? {};
  const text = typeof msg === 'string' ? msg.slice(0, shownChars) : '';
  return JSON.stringify({ level: level ?? 30, time: time ?? timeIn(line), msg: text, cut: { chars: line.length, start: line.slice(0, shownChars) } });
}

function maskedTree(value: Json, mask: Mask): Json {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'number' || typeof value === 'boolean') {
    // Only a value that is the secret: its digits turn up in times and counts by chance.
    const masked = mask(String(value));
    return masked === String(value) || /\d/.test(masked) ? value : masked;
  }
  if (Array.isArray(value)) return value.map((child: Json) => maskedTree(child, mask));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => fixedFields.has(key) && typeof child === 'number' ? [key, child] : [mask(key), maskedTree(child, mask)]));
}

/** What readers of the log rely on, and what no secret gets into. */
const fixedFields = new Set(['level', 'time', 'pid']);

function parse(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function timeIn(line: string): number {
  const time = parse(line)?.time;
  return typeof time === 'number' && Number.isFinite(new Date(time).getTime()) ? time : 0;
}
