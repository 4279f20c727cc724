import type { JsonObject } from '../../schemas/workflow/json.ts';
import { Masker } from '../secrets/masker.ts';
import { bodyMismatch, type BodyMismatch } from './expected-body.ts';
import { bodyWarning, parseBody, type BodyText, type HttpHeaders } from './http-answer.ts';

/** What a step's output is made of, beside the bytes of the answer's body. */
export interface BodyRequest {
  readonly headers: HttpHeaders;
  /** Who answered, for the warning. */
  readonly host: string;
  readonly secrets: readonly string[];
  /** JSON of an object with all fields of the output but this one, and at least one; masked. */
  readonly output: string;
  /** What the value of the body is called in the output; `body` if omitted. */
  readonly field?: string;
  /** See `expect-body`. */
  readonly expected?: JsonObject;
}

export interface EncodedOutput {
  /** A step's output, as JSON in UTF-8, with secrets masked. */
  readonly json: Uint8Array;
  readonly warning?: string;
  /** The body is not what is expected: then there is no JSON. */
  readonly mismatch?: BodyMismatch;
}

/** Parses, masks and encodes the body of an answer. Its text is asked for, and not given, so that it is garbage as soon as it is parsed. */
export function encodeBody({ headers, host, secrets, output, field = 'body', expected }: BodyRequest, decode: () => BodyText): EncodedOutput {
  const { text, isGarbled } = decode();
  const { value, inexact } = parseBody(text, headers);
  const mismatch = expected && bodyMismatch(expected, value);
  if (mismatch !== undefined) return { json: new Uint8Array(), mismatch };
  const body = JSON.stringify(new Masker(secrets).json(value));
  return { json: utf8(`${output.slice(0, -1)},"${field}":`, body, '}'), ...bodyWarning(host, isGarbled, { inexact }) };
}

/** One after the other, without a text of all of them. */
function utf8(...texts: readonly string[]): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
  texts.reduce((at, text) => at + bytes.write(text, at), 0);
  return bytes;
}
