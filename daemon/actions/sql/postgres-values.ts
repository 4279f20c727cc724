import { parse as parseArray } from 'postgres-array';
import { isExactDecimal, quoteInexactNumbers } from '../../../schemas/workflow/exact-json.ts';

/**
 * Values of Postgres as JSON, from the text that the server sends: nothing is lost on the way. A number is a number if it is exactly that one once it is read, and otherwise
 * text with all of its digits.
 *
 * The numbers of types are those of `pg_type.dat`.
 */

type Encode = (text: string) => string;

const arrays: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1016, 20],
  [1005, 21],
  [1007, 23],
  [1028, 26],
  [199, 114],
  [1021, 700],
  [1022, 701],
  [1182, 1082],
  [1115, 1114],
  [1185, 1184],
  [1231, 1700],
  [3807, 3802],
  // Texts in their forms, times, intervals, UUIDs.
  ...[1002, 1003, 1009, 1014, 1015, 1183, 1270, 1187, 2951].map((oid) => [oid, 25] as const),
]);

const encoders: ReadonlyMap<number, Encode> = new Map<number, Encode>([
  [16, (text) => (text === 't' ? 'true' : 'false')],
  [17, bytes],
  ...[20, 21, 23, 26, 700, 701, 1700].map((oid) => [oid, number] as const),
  ...[114, 3802].map((oid) => [oid, (text: string) => quoteInexactNumbers(text).text] as const),
  [1114, (text) => JSON.stringify(text.replace(' ', 'T'))],
  [1184, instant],
]);

/** How a value of that type is encoded, which isn't null. */
export function encoderOf(oid: number): Encode {
  const element = arrays.get(oid);
  if (element === undefined) return encoders.get(oid) ?? JSON.stringify;
  const encode = encoderOf(element);
  return (text) => list(parseArray(text, encode));
}

type Encoded = string | null | readonly Encoded[];

function list(items: readonly Encoded[]): string {
  return `[${items.map((item) => (item === null ? 'null' : typeof item === 'string' ? item : list(item))).join(',')}]`;
}

/** `NaN` and `Infinity` are texts too. */
function number(text: string): string {
  return isExactDecimal(text) ? String(Number(text)) : JSON.stringify(text);
}

/** `bytea_output` is `hex`. */
function bytes(text: string): string {
  return JSON.stringify(Buffer.from(text.slice(2), 'hex').toString('base64'));
}

const zoned = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;

/** In UTC, with all of its digits: `DateStyle` is `ISO`, and the offset is that of the session's time zone. What ISO 8601 can't say stays as it is: `infinity`, years BC. */
function instant(text: string): string {
  const found = zoned.exec(text);
  if (found === null) return JSON.stringify(text);
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours, minutes = 0, seconds = 0] = found;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  at.setUTCHours(Number(hour), Number(minute), Number(second) - (sign === '-' ? -offset : offset));
  return JSON.stringify(`${at.toISOString().replace(/\.000Z$/, '')}${fraction}Z`);
}
