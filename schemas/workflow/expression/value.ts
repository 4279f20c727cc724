import { ExpressionFault } from './fault.ts';
import type { Json, JsonObject } from '../json.ts';

/** The years 1 to 9999, as CEL has them: what is outside has no ISO 8601 text of four digits. */
const earliestMs = -62_135_596_800_000;
const latestMs = 253_402_300_799_999;

/** A point in time, milliseconds since 1970. Its only string-named property is a method, so no path reads into it. */
export class Timestamp {
  readonly #ms: number;

  constructor(ms: number) {
    if (!(ms >= earliestMs && ms <= latestMs)) throw new ExpressionFault('evaluation', 'This point in time is out of range: it lies in the years 1 to 9999.');
    this.#ms = ms;
  }

  valueOf(): number {
    return this.#ms;
  }
}

/** A length of time in milliseconds; may be negative. */
export class TimeSpan {
  readonly #ms: number;

  constructor(ms: number) {
    if (!Number.isFinite(ms)) throw new ExpressionFault('evaluation', 'This duration is out of range.');
    this.#ms = ms;
  }

  valueOf(): number {
    return this.#ms;
  }
}

/**
 * What an expression works on. CEL's `int` is a bigint and its `double` a number, so that `7 / 2` is 3 as CEL says.
 * Lists and maps hold plain JSON only: what is put into one that an expression builds goes through {@link toJson} first.
 */
export type Value = Json | bigint | Timestamp | TimeSpan;

export function isList(value: Value): value is readonly Json[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Timestamp) && !(value instanceof TimeSpan);
}

export function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** With its article, for messages: `a list`, `null`. */
export function describe(value: Value): string {
  if (value === null) return 'null';
  if (isNumeric(value)) return 'a number';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'a boolean';
  if (value instanceof Timestamp) return 'a timestamp';
  if (value instanceof TimeSpan) return 'a duration';
  return isList(value) ? 'a list' : 'a map';
}

/**
 * The plain JSON of a value: an integer becomes a number, a timestamp its ISO 8601 text, a duration CEL's text (`90s`).
 * Throws a fault for what JSON can't say: NaN, infinity, and integers beyond 2^53 - 1, which would silently change.
 */
export function toJson(value: Value): Json {
  switch (typeof value) {
    case 'number':
      // JSON has no -0.
      if (Number.isFinite(value)) return value + 0;
      throw new ExpressionFault('evaluation', `The result is ${Number.isNaN(value) ? 'not a number (NaN)' : 'infinite'}, which JSON has no value for.`);
    case 'bigint':
      if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
      throw new ExpressionFault('evaluation', `The integer ${value.toString()} is beyond 2^53 - 1, so JSON can't hold it exactly. Use string() to keep its digits.`);
    case 'object':
      if (value instanceof Timestamp) return new Date(value.valueOf()).toISOString();
      if (value instanceof TimeSpan) return `${value.valueOf() / 1_000}s`;
      return value;
    default:
      return value;
  }
}

/** How a value reads inside text: null is empty, text stays as it is, anything else is its JSON. */
export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'bigint') return value.toString();
  const json = toJson(value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}
