import { message, sentences, verbatim, type Message } from '../../schemas/wording/message.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';

/** The first place where a body is not what `expect-body` says; its values as JSON, shortened. */
export interface BodyMismatch {
  /** Keys and positions, separated by dots; empty: the whole body. */
  readonly place: string;
  readonly expected: string;
  readonly actual: string;
  /** What the body says about it, where it has a text in one of the usual fields. */
  readonly reason?: string;
}

const reasonFields = ['error', 'message', 'description', 'detail', 'error_description'];
/** Of a value in a message, in characters. */
const maxShown = 200;

/** Undefined if the body has all that is expected. */
export function bodyMismatch(expected: JsonObject, body: Json): BodyMismatch | undefined {
  const place = firstDifference(expected, body, []);
  if (place === undefined) return undefined;
  const reason = isJsonObject(body) ? reasonFields.map((field) => body[field]).find((value) => typeof value === 'string' && value !== '') : undefined;
  return { ...place, ...(typeof reason === 'string' ? { reason: shortened(reason) } : {}) };
}

export function mismatchMessage(host: string, status: number, { place, expected, actual, reason }: BodyMismatch): Message {
  const told = { host, status: String(status), place, expected, actual };
  const difference = place === '' ? message('{host} answered {status}, but its body is {actual} and not {expected}.', told) : message('{host} answered {status}, but `{place}` of its body is {actual} and not {expected}.', told);
  return reason === undefined ? difference : sentences(difference, message('It says: {reason}', { reason: verbatim(reason) }));
}

function firstDifference(expected: Json, actual: Json | undefined, path: readonly string[]): Omit<BodyMismatch, 'reason'> | undefined {
  if (isJsonObject(expected) && isJsonObject(actual)) {
    for (const [key, value] of Object.entries(expected)) {
      const difference = firstDifference(value, Object.hasOwn(actual, key) ? actual[key] : undefined, [...path, key]);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (isSame(expected, actual)) return undefined;
  return { place: path.join('.'), expected: shown(expected), actual: actual === undefined ? 'missing' : shown(actual) };
}

function isSame(expected: Json, actual: Json | undefined): boolean {
  if (expected === null) return actual === null || actual === undefined;
  if (!isList(expected)) return expected === actual;
  return isList(actual) && expected.length === actual.length && expected.every((value, index) => firstDifference(value, actual[index], []) === undefined);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function shown(value: Json): string {
  return shortened(JSON.stringify(value));
}

function shortened(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
