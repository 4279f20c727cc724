import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Json } from '../../schemas/workflow/json.ts';
import type { HttpAnswer, HttpHeaders } from './http-client.ts';

const decoders: Readonly<Record<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Deeper JSON is kept as text: what walks trees later (masking, storing) recurses. */
const maxDepth = 256;

export type DecodedBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'undecodable'; readonly message: string };

/**
 * The answer's text: decompressed (compression isn't asked for, but some servers use it regardless) within `maxBytes`,
 * so that a small answer can't unfold into a huge one, and decoded by the charset that `content-type` names, UTF-8
 * where it names none.
 */
export async function decodeBody(answer: HttpAnswer, maxBytes: number): Promise<DecodedBody> {
  if (answer.truncated) return { kind: 'too-large' };
  const encoding = single(answer.headers['content-encoding'])?.toLowerCase();
  const plain = encoding === undefined || encoding === '' || encoding === 'identity' || answer.body.length === 0;
  if (plain) return textOf(answer.body, answer.headers);
  const decoder = decoders[encoding];
  if (decoder === undefined) return { kind: 'undecodable', message: `its content-encoding is ${JSON.stringify(encoding.slice(0, 40))}` };
  try {
    return textOf(await decoder(answer.body, { maxOutputLength: Math.max(maxBytes, 1) }), answer.headers);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too-large' };
    return { kind: 'undecodable', message: `its ${encoding} data is broken` };
  }
}

/**
 * The body as a step's output holds it: parsed where the headers say JSON (or say nothing and it reads as an object or
 * list), `null` where it is empty, text otherwise, also where announced JSON can't be parsed.
 */
export function parseBody(text: string, headers: HttpHeaders): Json {
  if (text === '') return null;
  const type = single(headers['content-type']);
  const looksLikeJson = type === undefined ? /^\s*[[{]/.test(text) : /^\s*[^;\s]*[/+]json\s*(?:;|$)/i.test(type);
  if (!looksLikeJson) return text;
  try {
    const value = JSON.parse(text) as Json;
    return text.length > 2 * maxDepth && isDeeper(value, maxDepth) ? text : value;
  } catch {
    return text;
  }
}

/** The first of a header's values. */
export function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function textOf(body: Buffer, headers: HttpHeaders): DecodedBody {
  const type = single(headers['content-type']);
  const charset = type === undefined ? undefined : /;\s*charset\s*=\s*"?([\w:.-]+)/i.exec(type)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) {
    // A byte order mark is no part of the text.
    const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
    return { kind: 'text', text: body.toString('utf8', start) };
  }
  try {
    return { kind: 'text', text: new TextDecoder(charset).decode(body) };
  } catch {
    return { kind: 'text', text: body.toString('utf8') };
  }
}

function isDeeper(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const child of Object.values(value)) if (isDeeper(child, depth - 1)) return true;
  return false;
}
