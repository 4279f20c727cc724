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

/** Reads a body and undoes its content coding, both bounded. `held` tells how much of the budget is to be given back. */
export async function readBody(request: IncomingMessage, budget: BodyBudget, { bodyBytes }: Pick<WebhookLimits, 'bodyBytes'>, held: { bytes: number }): Promise<ReadBody> {
  const coding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const decoder = decoders[coding];
  if (decoder === undefined && coding !== 'identity' && coding !== '') return { kind: 'undecodable', coding };
  if (Number(request.headers['content-length'] ?? 0) > bodyBytes) return { kind: 'too-large' };
  const take = (bytes: number): boolean => {
    const hasRoom = budget.take(bytes);
    if (hasRoom) held.bytes += bytes;
    return hasRoom;
  };
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Destroyed, it could no longer be answered.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bodyBytes) return { kind: 'too-large' };
      if (!take(chunk.length)) return { kind: 'no-room' };
      chunks.push(chunk);
    }
  } catch {
    return { kind: 'aborted' };
  }
  const packed = Buffer.concat(chunks, size);
  if (decoder === undefined || size === 0) return { kind: 'read', bytes: packed };
  // Nobody knows beforehand how much it becomes.
  if (!take(bodyBytes)) return { kind: 'no-room' };
  try {
    const bytes = await decoder(packed, { maxOutputLength: bodyBytes });
    return { kind: 'read', bytes };
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? { kind: 'too-large' } : { kind: 'undecodable', coding };
  }
}

export type ParsedBody =
  | { readonly ok: true; readonly value: Json }
  /** `text`: as far as it can be shown. */
  | { readonly ok: false; readonly status: 415 | 422; readonly reason: string; readonly text: string };

/** Deeper JSON is refused: what walks trees later (masking, storing) recurses. */
const maxDepth = 100;
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
  return { ok: false, status: 415, reason: `A body of the type ${type.slice(0, 80)} can't be read: JSON, a form (application/x-www-form-urlencoded) or text can.`, text };
}

function textOf(bytes: Buffer): string {
  // A byte order mark is not part of the text.
  return bytes.toString('utf8', bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
}

function parseJson(text: string): ParsedBody {
  const invalid = (reason: string): ParsedBody => ({ ok: false, status: 422, reason, text });
  try {
    // Before it is parsed: what is too deep for the parser is far beyond the bound.
    if (nesting(text) > maxDepth) return invalid(`The body is nested deeper than ${maxDepth} levels.`);
    return { ok: true, value: JSON.parse(quoteInexactNumbers(validJson(text)).text) as Json };
  } catch {
    return invalid('The body is not valid JSON, which its content-type says it is.');
  }
}

/** @throws SyntaxError */
function validJson(text: string): string {
  JSON.parse(text);
  return text;
}

/** Levels of lists and objects in a JSON text; of a text that is none, anything. */
function nesting(text: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) {
      isText = true;
    } else if (code === 0x7b || code === 0x5b) {
      deepest = Math.max(deepest, ++depth);
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return deepest;
}

function parseForm(text: string): ParsedBody {
  const fields = new URLSearchParams(text);
  if (fields.size > maxFields) return { ok: false, status: 422, reason: `The form has more than ${maxFields} fields.`, text };
  return { ok: true, value: fieldsOf(fields) };
}

/** Fields by name, in a map without a prototype's names. */
export function fieldsOf(fields: URLSearchParams): Record<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of fields) {
    const known = values.get(name);
    values.set(name, known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value]);
  }
  return Object.fromEntries(values);
}

/** The text at a path of a body, as a scheme's own id; undefined if there is none. */
export function textAt(body: Json, path: readonly string[]): string | undefined {
  let value: Json | undefined = body;
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
