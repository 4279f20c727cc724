import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type FunctionEntry, textArgument } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { ExpressionFault } from '../fault.ts';
import { textType } from '../type.ts';
import type { Value } from '../value.ts';

/** Encodings of text, as UTF-8. CEL's `base64` works on bytes, which JSON has none of. */
export const encodingFunctions: readonly FunctionEntry[] = [
  ['base64.encode', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The UTF-8 bytes of the text in base64.', example: ["base64.encode('Zoë')", 'Wm/Dqw=='], call: (args, run) => encodeBase64(bytesOf(args, 0, run), run) }],
  ['base64.decode', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text whose UTF-8 bytes stand there in base64, with or without padding.', example: ["base64.decode('Wm/Dqw==')", 'Zoë'], call: (args, run) => decodeBase64('base64.decode()', textArgument(args, 0), run) }],
  ['base64url.encode', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The UTF-8 bytes of the text in the base64 of addresses and tokens: with - and _, without padding.', example: ["base64url.encode('a?>')", 'YT8-'], call: (args, run) => toUrlAlphabet(encodeBase64(bytesOf(args, 0, run), run)) }],
  ['base64url.decode', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text whose UTF-8 bytes stand there in the base64 of addresses and tokens.', example: ["base64url.decode('YT8-')", 'a?>'], call: (args, run) => decodeBase64('base64url.decode()', fromUrlAlphabet(textArgument(args, 0)), run) }],
  ['url.encode', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text as it stands in one part of an address: all but A to Z, digits and -_.!~*\'() is percent-encoded. `query` of http/request does this by itself.', example: ["url.encode('a b&c')", 'a%20b%26c'], call: encodeUrl }],
  ['url.decode', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text of a percent-encoded part of an address.', example: ["url.decode('a%20b')", 'a b'], call: decodeUrl }],
  ['html.escape', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text as it stands in HTML: & < > " and \' are written as entities.', example: ["html.escape('<b>')", '&lt;b&gt;'], call: escapeHtml }],
  ['sha256', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The SHA-256 hash of the UTF-8 bytes of the text, in hexadecimal digits.', example: ["sha256('a').substring(0, 8)", 'ca978112'], call: (args, run) => bytesToHex(sha256(hashedBytes(args, 0, run))) }],
  ['hmac', { parameters: ['text', 'key', 'algorithm?', 'encoding?'], takes: [['text'], ['text'], ['text'], ['text']], gives: textType, description: "The HMAC of a text under a key, to sign it: 'sha256' (default), 'sha512' or 'sha1', written in 'hex' (default), 'base64' or 'base64url'.", example: ["hmac('a', 'key').substring(0, 8)", '780c3db4'], call: sign }],
  ['uuid', { parameters: ['name'], takes: [['text']], gives: textType, description: 'A UUID (version 5) made of the run, the key of the item in a step with foreach, and the name: the same in every attempt and wherever the run asks for this name again.', example: ["uuid('invoice')"], call: uuid }],
];

/** The SHA-256 hash of a text's UTF-8 bytes, in hexadecimal digits. */
export function sha256OfText(text: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(text)));
}

const algorithms = { sha256, sha512, sha1 } as const;

/** Strict: what is no UTF-8 is an error, and a byte order mark is a character like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesOf(args: readonly Value[], index: number, run: Evaluation): Uint8Array {
  const text = textArgument(args, index);
  run.charge(text.length);
  return new TextEncoder().encode(text);
}

/** Hashing a byte takes about as long as two steps. */
function hashedBytes(args: readonly Value[], index: number, run: Evaluation): Uint8Array {
  run.charge(100 + textArgument(args, index).length);
  return bytesOf(args, index, run);
}

function sign(args: readonly Value[], run: Evaluation): Value {
  const algorithm = choice(args, 2, ['sha256', 'sha512', 'sha1'], 'algorithm');
  const encoding = choice(args, 3, ['hex', 'base64', 'base64url'], 'encoding');
  const made = hmac(algorithms[algorithm], hashedBytes(args, 1, run), hashedBytes(args, 0, run));
  if (encoding === 'hex') return bytesToHex(made);
  return encoding === 'base64' ? encodeBase64(made, run) : toUrlAlphabet(encodeBase64(made, run));
}

/** The namespace of RFC 9562 that UUIDs of runs are in; made up once. */
const uuidNamespace = Uint8Array.from([0x6c, 0x1d, 0x0f, 0x8e, 0x52, 0x3b, 0x4a, 0x77, 0x9e, 0x04, 0xb1, 0x2c, 0x7a, 0x60, 0xd5, 0x19]);

function uuid(args: readonly Value[], run: Evaluation): Value {
  const { run: current, job } = run.scope;
  const id = fieldOf(current, 'id');
  if (id === undefined) throw new ExpressionFault('evaluation', 'uuid() is not known here: it is made of the run, which has not begun.');
  run.charge(200);
  const name = new TextEncoder().encode(JSON.stringify([id, fieldOf(job, 'key') ?? fieldOf(job, 'index') ?? null, textArgument(args, 0)]));
  const bytes = sha1(Uint8Array.from([...uuidNamespace, ...name])).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A text or number of an object of the scope. */
function fieldOf(holder: unknown, name: string): string | number | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const value: unknown = Reflect.get(holder, name);
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** One of a few words, the first of which is the default. */
function choice<Word extends string>(args: readonly Value[], index: number, words: readonly [Word, ...Word[]], what: string): Word {
  const [fallback] = words;
  const given = args.length > index ? textArgument(args, index) : fallback;
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  throw new ExpressionFault('evaluation', `'${given.slice(0, 40)}' is no ${what} of hmac(): it is one of ${words.map((word) => `'${word}'`).join(', ')}.`);
}

function encodeBase64(bytes: Uint8Array, run: Evaluation): string {
  run.chargeText(Math.ceil(bytes.length / 3) * 4);
  const pieces: string[] = [];
  // Spread over its arguments, a long list would overflow the stack.
  for (let start = 0; start < bytes.length; start += 8_192) pieces.push(String.fromCharCode(...bytes.subarray(start, start + 8_192)));
  return btoa(pieces.join(''));
}

function decodeBase64(name: string, text: string, run: Evaluation): string {
  run.charge(text.length);
  const bare = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) throw new ExpressionFault('evaluation', `${name} was given a text that is not base64.`);
  const bytes = Uint8Array.from(atob(bare), (character) => character.charCodeAt(0));
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ExpressionFault('evaluation', `${name} gives bytes that are not text in UTF-8.`);
  }
}

function toUrlAlphabet(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromUrlAlphabet(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/');
}

function encodeUrl(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  // Each unit may become three times three characters.
  run.charge(text.length);
  try {
    const encoded = encodeURIComponent(text);
    run.chargeText(encoded.length);
    return encoded;
  } catch {
    throw new ExpressionFault('evaluation', 'url.encode() was given half of a character (a lone surrogate), which UTF-8 can\'t hold.');
  }
}

function decodeUrl(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ExpressionFault('evaluation', "url.decode() was given a text that is not percent-encoded: after each '%' stand two hexadecimal digits, and together they are UTF-8.");
  }
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  const escaped = text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
  run.chargeText(escaped.length);
  return escaped;
}
