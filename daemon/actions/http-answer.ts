import { message, type Message } from '../../schemas/wording/message.ts';
import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { quoteInexactNumbers } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';

/** Headers of an answer. Names in lower case; a list where a header came several times. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: HttpHeaders;
  /** As it came, not decompressed. */
  readonly body: Buffer;
  /** This is only the body's beginning: it is longer than `maxBytes` allows, or was cut. */
  readonly truncated: boolean;
  /**
   * Why the rest of the answer didn't come, or couldn't be read: `headers` and `body` are what came before. The status is what the
   * receiver said all the same. The call's signal may have aborted.
   */
  readonly cutBy?: Error;
  /** Why the file to which the body should go didn't take it. */
  readonly unsavedBy?: Error;
}

const decoders: Readonly<Record<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

export interface ParsedBody {
  readonly value: Json;
  /** Numbers that would have been rounded, and are texts in `value`. */
  readonly inexact: readonly string[];
}

/** Deeper JSON is kept as text: what walks trees later (masking, storing) recurses. */
const maxDepth = 256;

export interface BodyText {
  readonly text: string;
  /** The bytes aren't in the encoding that the headers name, and are meant as text. */
  readonly isGarbled: boolean;
}

type UnusableBody = { readonly kind: 'too-large' } | { readonly kind: 'undecodable'; readonly problem: Message };
export type UnpackedBody = { readonly kind: 'bytes'; readonly bytes: Buffer } | UnusableBody;
export type DecodedBody = ({ readonly kind: 'text' } & BodyText) | UnusableBody;

/**
 * The answer's text: decompressed (compression isn't asked for, but some servers use it regardless) within `maxBytes`,
 * so that a small answer can't unfold into a huge one, and decoded by the charset that `content-type` names, UTF-8
 * where it names none.
 */
export async function decodeBody(answer: HttpAnswer, maxBytes: number): Promise<DecodedBody> {
  const unpacked = await unpackBody(answer, maxBytes);
  return unpacked.kind === 'bytes' ? { kind: 'text', ...textOf(unpacked.bytes, answer.headers) } : unpacked;
}

/** The first half of `decodeBody`. */
export async function unpackBody(answer: HttpAnswer, maxBytes: number): Promise<UnpackedBody> {
  if (answer.truncated) return { kind: 'too-large' };
  const encoding = single(answer.headers['content-encoding'])?.toLowerCase();
  const plain = encoding === undefined || encoding === '' || encoding === 'identity' || answer.body.length === 0;
  if (plain) return { kind: 'bytes', bytes: answer.body };
  const decoder = decoders[encoding];
  if (decoder === undefined) return { kind: 'undecodable', problem: unknownEncoding(encoding) };
  try {
    return { kind: 'bytes', bytes: await decoder(answer.body, { maxOutputLength: Math.max(maxBytes, 1) }) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too-large' };
    return { kind: 'undecodable', problem: brokenEncoding(encoding) };
  }
}

export function unknownEncoding(encoding: string): Message {
  return message('its content-encoding is {encoding}, which is not read: ask for gzip, deflate or br by the header accept-encoding', { encoding: JSON.stringify(encoding.slice(0, 40)) });
}

export function brokenEncoding(encoding: string): Message {
  return message('its {encoding} data is broken', { encoding });
}

/**
 * The body as a step's output holds it: parsed where the headers say JSON (or say nothing and it reads as an object or
 * list), `null` where it is empty, text otherwise, also where announced JSON can't be parsed.
 *
 * Whole numbers beyond 2^53 are kept as texts, digit by digit: the call has had its effect, so it is too late to refuse them.
 */
export function parseBody(text: string, headers: HttpHeaders): ParsedBody {
  if (text === '') return { value: null, inexact: [] };
  const type = single(headers['content-type']);
  const looksLikeJson = type === undefined ? /^\s*[[{]/.test(text) : /^\s*[^;\s]*[/+]json\s*(?:;|$)/i.test(type);
  if (!looksLikeJson) return { value: text, inexact: [] };
  try {
    const value = JSON.parse(text) as Json;
    if (text.length > 2 * maxDepth && isDeeper(value, maxDepth)) return { value: text, inexact: [] };
    const quoted = quoteInexactNumbers(text);
    return quoted.numbers.length === 0 ? { value, inexact: [] } : { value: JSON.parse(quoted.text) as Json, inexact: quoted.numbers };
  } catch {
    return { value: text, inexact: [] };
  }
}

/** What a person should know of the body of an answer that was taken. */
export function bodyWarning(host: string, isGarbled: boolean, { inexact }: Pick<ParsedBody, 'inexact'>): { readonly warning?: string } {
  const [first, ...others] = inexact;
  const parts = [
    ...(first === undefined ? [] : [`${host} answered with ${others.length === 0 ? `the number ${first.slice(0, 40)}` : `${inexact.length} numbers such as ${first.slice(0, 40)}`}, beyond 2^53: the output has ${others.length === 0 ? 'it' : 'them'} as text, digit by digit.`]),
    ...(isGarbled ? [`The answer of ${host} is not in the encoding that its headers name: characters of it were replaced by U+FFFD.`] : []),
  ];
  return parts.length === 0 ? {} : { warning: parts.join(' ') };
}

/** The first of a header's values. */
export function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The second half of `decodeBody`. */
export function textOf(body: Buffer, headers: HttpHeaders): BodyText {
  const type = single(headers['content-type']);
  const charset = type === undefined ? undefined : /;\s*charset\s*=\s*"?([\w:.-]+)/i.exec(type)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) {
    // A byte order mark is not part of the text.
    const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
    return { text: body.toString('utf8', start), isGarbled: isMeantAsText(type) && !isUtf8(body) };
  }
  try {
    return { text: new TextDecoder(charset, { fatal: true }).decode(body), isGarbled: false };
  } catch {
    // Either such bytes aren't in that charset, or nobody knows it.
    return { text: lenientText(body, charset), isGarbled: true };
  }
}

function lenientText(body: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString('utf8');
  }
}

function isMeantAsText(type: string | undefined): boolean {
  return type === undefined || /^\s*(?:text\/|[^;]*[/+](?:json|xml)\s*(?:;|$))/i.test(type);
}

/** Without lists of values: of an answer of 50 MB those would take ten times as long as the walk. */
function isDeeper(value: Json | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  if (isJsonObject(value)) {
    for (const key in value) if (isDeeper(value[key], depth - 1)) return true;
    return false;
  }
  for (const child of value) if (isDeeper(child, depth - 1)) return true;
  return false;
}
