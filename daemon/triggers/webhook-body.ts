import { message, type Message } from '../../schemas/wording/message.ts';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { quoteInexactNumbers } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import type { WebhookLimits } from './webhook-limits.ts';

const decoders: Readonly<Record<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** What all bodies in memory may have together. */
export class BodyBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

export type ReadBody =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  /** Its sender has gone, or was too slow. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'too-large' }
  /** All bodies together. */
  | { readonly kind: 'no-room' }
  | { readonly kind: 'undecodable'; readonly coding: string };

export interface Reading {
  /** How much of the budget is to be given back. */
  readonly held: { bytes: number };
  /** Called before anything is read. */
  readonly begin: () => void;
}

/** Reads a body and undoes its content coding, both bounded. */
export async function readBody(request: IncomingMessage, budget: BodyBudget, { bodyBytes }: Pick<WebhookLimits, 'bodyBytes'>, { held, begin }: Reading): Promise<ReadBody> {
  const coding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const decoder = decoders[coding];
  if (decoder === undefined && coding !== 'identity' && coding !== '') return { kind: 'undecodable', coding };
  if (Number(request.headers['content-length'] ?? 0) > bodyBytes) return { kind: 'too-large' };
  const take = (bytes: number): boolean => {
    const hasRoom = budget.take(bytes);
    if (hasRoom) held.bytes += bytes;
    return hasRoom;
  };
  begin();
  const read = await collect(request, (chunk, size) => (size > bodyBytes ? 'too-large' : take(chunk.length) ? undefined : 'no-room'));
  if (read.kind !== 'read') return read;
  const packed = read.bytes;
  if (decoder === undefined || packed.length === 0) return read;
  // Nobody knows beforehand how much it becomes.
  if (!take(bodyBytes)) return { kind: 'no-room' };
  try {
    const bytes = await decoder(packed, { maxOutputLength: bodyBytes });
    return { kind: 'read', bytes };
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? { kind: 'too-large' } : { kind: 'undecodable', coding };
  }
}

/**
 * By events: an iterator over the request costs as much as verifying it. Where `refuse` ends it, what follows is left unread, so that it can still be answered.
 * `size`: of all that has come, with the chunk.
 */
function collect(request: IncomingMessage, refuse: (chunk: Buffer, size: number) => 'too-large' | 'no-room' | undefined): Promise<ReadBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (read: ReadBody): void => {
      request.off('data', onData).off('end', onEnd).off('close', onLost);
      resolve(read);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      const trouble = refuse(chunk, size);
      if (trouble === undefined) chunks.push(chunk);
      else done({ kind: trouble });
    };
    const onEnd = (): void => {
      const [only] = chunks;
      done({ kind: 'read', bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size) });
    };
    const onLost = (): void => done({ kind: 'aborted' });
    request.on('data', onData).on('end', onEnd).on('close', onLost);
  });
}

export type ParsedBody =
  | { readonly ok: true; readonly value: Json }
  /** `text`: as far as it can be shown. */
  | { readonly ok: false; readonly status: 415 | 422; readonly reason: Message; readonly text: string };

/** Deeper JSON is refused: what walks trees later (masking, storing) recurses. */
const maxDepth = 100;
/** A body of 5 MiB may have millions, and each takes its time in the event loop. A batch of SendGrid's events of that size has some 170,000. */
const maxValues = 250_000;
const maxFields = 1_000;

/**
 * What expressions see as `trigger.body`: JSON as it is, a form as a map of texts (lists of texts for fields that it has several times), any
 * other text as text, nothing as null. Whole numbers beyond 2^53 are texts, digit by digit, as in the outputs of `http/request`.
 */
export function parseWebhookBody(bytes: Buffer, contentType: string | undefined): ParsedBody {
  if (bytes.length === 0) return { ok: true, value: null };
  const text = textOf(bytes);
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/x-www-form-urlencoded') return parseForm(text);
  if (/^(?:[^\s/]+\/)?(?:[^\s]+\+)?json$/.test(type) || (type === '' && /^\s*[[{]/.test(text))) return parseJson(text);
  if (type === '' || type.startsWith('text/')) return { ok: true, value: text };
  return { ok: false, status: 415, reason: message("A body of the type {type} can't be read: JSON, a form (application/x-www-form-urlencoded) or text can.", { type: type.slice(0, 80) }), text };
}

function textOf(bytes: Buffer): string {
  // A byte order mark is not part of the text.
  return bytes.toString('utf8', bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
}

function parseJson(text: string): ParsedBody {
  const invalid = (reason: Message): ParsedBody => ({ ok: false, status: 422, reason, text });
  try {
    // Before it is parsed: what is too deep for the parser is far beyond the bound.
    const { deepest, values } = measured(text);
    if (deepest > maxDepth) return invalid(message('{max, plural, one {The body is nested deeper than # level.} other {The body is nested deeper than # levels.}}', { max: maxDepth }));
    if (values > maxValues) return invalid(message('{max, plural, one {The body has more than # value.} other {The body has more than # values.}}', { max: maxValues }));
    // First as it is: only what is valid JSON can be quoted.
    const value = JSON.parse(text) as Json;
    const quoted = quoteInexactNumbers(text).text;
    return { ok: true, value: quoted === text ? value : (JSON.parse(quoted) as Json) };
  } catch {
    return invalid(message('The body is not valid JSON, which its content-type says it is.'));
  }
}

/** Levels of lists and objects in a JSON text, and about how many values it has; of a text that is none, anything. */
function measured(text: string): { readonly deepest: number; readonly values: number } {
  let [depth, deepest, values, isText] = [0, 0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) {
      isText = true;
    } else if (code === 0x7b || code === 0x5b) {
      deepest = Math.max(deepest, ++depth);
      values++;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code === 0x2c) {
      values++;
    }
  }
  return { deepest, values };
}

function parseForm(text: string): ParsedBody {
  const fields = new URLSearchParams(text);
  if (fields.size > maxFields) return { ok: false, status: 422, reason: message('{max, plural, one {The form has more than # field.} other {The form has more than # fields.}}', { max: maxFields }), text };
  return { ok: true, value: fieldsOf(fields) };
}

/** Fields by name, in a map without a prototype's names. */
export function fieldsOf(fields: URLSearchParams): Record<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of fields) {
    const known = values.get(name);
    // Added to: a copy for each of thousands that have one name would take a tenth of a second.
    if (Array.isArray(known)) known.push(value);
    else values.set(name, known === undefined ? value : [known, value]);
  }
  return Object.fromEntries(values);
}

/** The text at a path of a body, as a scheme's own id; undefined if there is none. */
export function textAt(body: Json, path: readonly string[]): string | undefined {
  let value: Json | undefined = body;
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
