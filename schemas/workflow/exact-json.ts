import type { Json } from './json.ts';

/**
 * JSON of which reading loses nothing. `JSON.parse` loses two things without a word: all values but the last of a key that an object has
 * twice, and the last digits of whole numbers beyond 2^53, such as 64-bit ids, of which two can become the same. Fractions aren't meant: their
 * nearest double prints as it was written, or differs by less than anybody measures.
 */

/** Of a number or key in a message, in characters. */
const maxShown = 40;

/** A number that would be rounded. */
export interface InexactNumber {
  /** As it is in the text. */
  readonly literal: string;
  /** Of its first character, in UTF-16 code units. */
  readonly offset: number;
}

/** Valid JSON that says more than its value would hold. The message tells what would be lost, and the remedy; it is not a sentence yet. */
export class LossyJsonError extends Error {
  override readonly name = 'LossyJsonError';
  /** Of what would be lost, in UTF-16 code units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** `place` follows the number. */
export function inexactText(literal: string, place = ''): string {
  const shown = literal.length > maxShown ? `${literal.slice(0, maxShown)}...` : literal;
  const becomes = Number(literal);
  return Number.isFinite(becomes)
    ? `the number ${shown}${place} would become ${becomes}, because numbers beyond 2^53 keep about 16 digits: write it as text, in quotes`
    : `the number ${shown}${place} is too large for any number: write it as text, in quotes`;
}

/** `places` follows: lines, or nothing. */
export function repeatedText({ key }: RepeatedKey, places = ''): string {
  const shown = JSON.stringify(key.length > maxShown ? `${key.slice(0, maxShown)}...` : key);
  return `the key ${shown} is in the same object twice${places}, and only the last value would be kept: remove or rename one of them`;
}

/**
 * `tellLines`: whether messages name lines, of a text of several that a person sees as a file or document.
 *
 * @throws SyntaxError, LossyJsonError
 */
export function parseExactJson(text: string, { tellLines = false }: { readonly tellLines?: boolean } = {}): Json {
  const value = JSON.parse(text) as Json;
  const hasLines = tellLines && text.trimEnd().includes('\n');
  const inexact = findInexactNumber(text);
  if (inexact !== undefined) throw new LossyJsonError(inexactText(inexact.literal, hasLines ? ` (line ${lineOf(text, inexact.offset)})` : ''), inexact.offset);
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined) {
    const [first, second] = repeated.offsets;
    throw new LossyJsonError(repeatedText(repeated, hasLines ? ` (lines ${lineOf(text, first)} and ${lineOf(text, second)})` : ''), second);
  }
  return value;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** The first of a JSON text that is known to be valid. */
export function findInexactNumber(text: string): InexactNumber | undefined {
  return inexactNumbers(text, 1)[0];
}

/** JSON that a text can be kept as where a refusal comes too late: such numbers are texts in it, digit by digit. `numbers`: as they stood. */
export function quoteInexactNumbers(text: string): { readonly text: string; readonly numbers: readonly string[] } {
  const found = inexactNumbers(text, Infinity);
  if (found.length === 0) return { text, numbers: [] };
  let quoted = '';
  let end = 0;
  for (const { literal, offset } of found) {
    quoted += `${text.slice(end, offset)}"${literal}"`;
    end = offset + literal.length;
  }
  return { text: quoted + text.slice(end), numbers: found.map(({ literal }) => literal) };
}

/** Whether a decimal literal, such as JSON's, is still the same number once it has been read and written again. */
export function isExactNumber(literal: string): boolean {
  const value = Math.abs(Number(literal));
  if (value < 2 ** 53) return true;
  return Number.isFinite(value) && digitsOf(literal) === digitsOf(String(value));
}

/** The same for a fraction as well: `0.1` and `12.50` are, `0.12345678901234567890` isn't. */
export function isExactDecimal(literal: string): boolean {
  const value = Number(literal);
  return Number.isFinite(value) && digitsOf(literal) === digitsOf(String(value));
}

/** What no exact number needs: most texts have none of it, and are done with that. */
const suspicious = /[\d.]{16}|\d[eE]\+?\d{2}/;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Those of a JSON text that is known to be valid. */
function inexactNumbers(text: string, most: number): InexactNumber[] {
  if (!suspicious.test(text)) return [];
  const found: InexactNumber[] = [];
  for (let at = 0; at < text.length && found.length < most;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfJsonString(text, at);
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      number.lastIndex = at;
      const literal = number.exec(text)?.[0] ?? '-';
      if (literal.length > 4 && !isExactNumber(literal)) found.push({ literal, offset: at });
      at += literal.length;
    } else {
      at++;
    }
  }
  return found;
}

/** `9007199254740993` and `9.007199254740993e15` alike: the digits without zeros around them, and where the point is. */
function digitsOf(literal: string): string {
  const [mantissa = '', exponent = '0'] = literal.replace(/^[-+]/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  const point = all.length - fraction.length + Number(exponent);
  return `${all.replace(/0+$/, '')}@${point}`;
}

/** A key that an object of a JSON text has twice: `JSON.parse` keeps the last value and says nothing of the others. */
export interface RepeatedKey {
  readonly key: string;
  /** Of the first and the second one, in UTF-16 code units. */
  readonly offsets: readonly [first: number, second: number];
}

/** The first of a JSON text that is known to be valid. */
export function findRepeatedKey(text: string): RepeatedKey | undefined {
  /** Of the objects and lists that are open: the keys so far, and undefined for a list. */
  const open: (Map<string, number> | undefined)[] = [];
  let keys: Map<string, number> | undefined;
  let isKeyNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfJsonString(text, at);
        if (isKeyNext && keys !== undefined) {
          const literal = text.slice(at + 1, end - 1);
          const key = literal.includes('\\') ? String(JSON.parse(`"${literal}"`)) : literal;
          const first = keys.get(key);
          if (first !== undefined) return { key, offsets: [first, at] };
          keys.set(key, at);
          isKeyNext = false;
        }
        at = end - 1;
        break;
      }
      case 0x7b:
      case 0x5b:
        open.push(keys);
        isKeyNext = text.charCodeAt(at) === 0x7b;
        keys = isKeyNext ? new Map() : undefined;
        break;
      case 0x7d:
      case 0x5d:
        keys = open.pop();
        isKeyNext = false;
        break;
      case 0x2c:
        isKeyNext = keys !== undefined;
        break;
    }
  }
  return undefined;
}

/** `start`: of its opening quote. After the closing one. */
function endOfJsonString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}
