import type { Json } from './json.ts';

/**
 * JSON whose numbers stay what they are. A double keeps about 16 digits: of a whole number beyond 2^53, such as a 64-bit id,
 * `JSON.parse` makes another one without a word, and two ids can become the same. Fractions aren't meant: their nearest double prints as
 * it was written, or differs by less than anybody measures.
 */

/** A number that would be rounded. */
export interface InexactNumber {
  /** As it stands in the text. */
  readonly literal: string;
  /** Of its first character, in UTF-16 code units. */
  readonly offset: number;
}

/** The message tells the number, what would become of it, and the remedy, without its place; it is no sentence yet. */
export class InexactNumberError extends Error {
  override readonly name = 'InexactNumberError';
  readonly number: InexactNumber;

  constructor(number: InexactNumber) {
    super(inexactText(number.literal));
    this.number = number;
  }
}

export function inexactText(literal: string): string {
  const shown = literal.length > 40 ? `${literal.slice(0, 40)}...` : literal;
  const becomes = Number(literal);
  return Number.isFinite(becomes)
    ? `the number ${shown} would become ${becomes}, because numbers beyond 2^53 keep about 16 digits: write it as text, in quotes`
    : `the number ${shown} is too large for any number: write it as text, in quotes`;
}

/** @throws SyntaxError, InexactNumberError */
export function parseExactJson(text: string): Json {
  const value = JSON.parse(text) as Json;
  const inexact = findInexactNumber(text);
  if (inexact !== undefined) throw new InexactNumberError(inexact);
  return value;
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
      at = endOfString(text, at);
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

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** `9007199254740993` and `9.007199254740993e15` alike: the digits without zeros around them, and where the point is. */
function digitsOf(literal: string): string {
  const [mantissa = '', exponent = '0'] = literal.replace(/^[-+]/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  const point = all.length - fraction.length + Number(exponent);
  return `${all.replace(/0+$/, '')}@${point}`;
}
