import { english } from '../../../wording/language.ts';
import { codePointIndex, codePointLength, utf16Offset } from '../../code-points.ts';
import { type FunctionEntry, integerArgument, textArgument } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { ExpressionFault } from '../fault.ts';
import { findsPattern, parsePattern, type Pattern } from '../pattern.ts';
import { booleanType, listOf, numberType, textType } from '../type.ts';
import type { Value } from '../value.ts';

/** CEL's methods of text, with those of its strings extension. Positions count code points from 0, as `size()` does. */
export const textMethods: readonly FunctionEntry[] = [
  ['startsWith', { parameters: ['text', 'start'], takes: [['text'], ['text']], gives: booleanType, description: 'Whether the text starts with another; upper and lower case differ.', example: ["'News'.startsWith('Ne')", true], call: (args) => textArgument(args, 0).startsWith(textArgument(args, 1)) }],
  ['endsWith', { parameters: ['text', 'end'], takes: [['text'], ['text']], gives: booleanType, description: 'Whether the text ends with another; upper and lower case differ.', example: ["'a.pdf'.endsWith('.pdf')", true], call: (args) => textArgument(args, 0).endsWith(textArgument(args, 1)) }],
  ['matches', { parameters: ['text', 'pattern'], takes: [['text'], ['text']], gives: booleanType, description: 'Whether the regular expression is found in the text; ^ and $ anchor it, (?i) ignores case. No backreferences or lookaround.', example: ["'ann1'.matches('^[a-z]+[0-9]$')", true], call: matches }],
  ['lowerAscii', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text with A to Z in lower case; other letters stay as they are.', example: ["'ÄB'.lowerAscii()", 'Äb'], call: (args, run) => made(textArgument(args, 0).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()), run) }],
  ['upperAscii', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text with a to z in upper case; other letters stay as they are.', example: ["'äb'.upperAscii()", 'äB'], call: (args, run) => made(textArgument(args, 0).replace(/[a-z]+/g, (letters) => letters.toUpperCase()), run) }],
  ['lower', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text in lower case, in all alphabets.', example: ["'ÄB'.lower()", 'äb'], call: (args, run) => made(searched(args, run).toLowerCase(), run) }],
  ['upper', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text in upper case, in all alphabets.', example: ["'äb'.upper()", 'ÄB'], call: (args, run) => made(searched(args, run).toUpperCase(), run) }],
  ['trim', { parameters: ['text'], takes: [['text']], gives: textType, description: 'The text without white space at its ends.', example: ["' a b '.trim()", 'a b'], call: (args, run) => made(textArgument(args, 0).trim(), run) }],
  ['charAt', { parameters: ['text', 'position'], takes: [['text'], ['number']], gives: textType, description: 'The character at a position; empty at the end.', example: ["'a😀b'.charAt(1)", '😀'], call: charAt }],
  ['substring', { parameters: ['text', 'start', 'end?'], takes: [['text'], ['number']], gives: textType, description: 'The part from start to before end.', example: ["'a😀b'.substring(1, 2)", '😀'], call: substring }],
  ['indexOf', { parameters: ['text', 'part', 'from?'], takes: [['text'], ['text'], ['number']], gives: numberType, description: 'The first position of the part, at or after `from`; -1 if there is none.', example: ["'tacocat'.indexOf('a', 2)", 5], call: indexOf }],
  ['lastIndexOf', { parameters: ['text', 'part', 'from?'], takes: [['text'], ['text'], ['number']], gives: numberType, description: 'The last position of the part, at or before `from`; -1 if there is none.', example: ["'tacocat'.lastIndexOf('a')", 5], call: lastIndexOf }],
  ['replace', { parameters: ['text', 'part', 'by', 'limit?'], takes: [['text'], ['text'], ['text'], ['number']], gives: textType, description: 'The text with every occurrence of a part replaced, or with the first ones, as many as the limit says.', example: ["'a-b-c'.replace('-', '+', 1)", 'a+b-c'], call: replace }],
  ['split', { parameters: ['text', 'separator', 'limit?'], takes: [['text'], ['text'], ['number']], gives: listOf(textType), description: 'The parts between separators, as a list. With a limit, at most so many; the last one is all that is left.', example: ["'a,b,c'.split(',', 2)", ['a', 'b,c']], call: split }],
  ['padStart', { parameters: ['text', 'length', 'fill?'], takes: [['text'], ['number'], ['text']], gives: textType, description: 'The text, filled up at its start to a length in characters; with spaces, or with `fill`.', example: ["'7'.padStart(3, '0')", '007'], call: (args, run) => padding(args, run) + textArgument(args, 0) }],
  ['padEnd', { parameters: ['text', 'length', 'fill?'], takes: [['text'], ['number'], ['text']], gives: textType, description: 'The text, filled up at its end to a length in characters; with spaces, or with `fill`.', example: ["'a'.padEnd(3, '.')", 'a..'], call: (args, run) => textArgument(args, 0) + padding(args, run) }],
];

function made(text: string, run: Evaluation): string {
  run.chargeText(text.length);
  return text;
}

function searched(args: readonly Value[], run: Evaluation): string {
  const text = textArgument(args, 0);
  run.charge(text.length >>> 3);
  return text;
}

/** Where a search of the text ended: a position, or -1. */
function found(text: string, at: number): Value {
  return BigInt(at < 0 ? at : codePointIndex(text, at));
}

function indexOf(args: readonly Value[], run: Evaluation): Value {
  const text = searched(args, run);
  return found(text, text.indexOf(textArgument(args, 1), args.length < 3 ? 0 : offsetOf(text, integerArgument(args, 2))));
}

function lastIndexOf(args: readonly Value[], run: Evaluation): Value {
  const text = searched(args, run);
  return found(text, text.lastIndexOf(textArgument(args, 1), args.length < 3 ? text.length : offsetOf(text, integerArgument(args, 2))));
}

/** The latest pattern: nearly every expression has one, written out, and uses it for each item of a list. */
let latest: { readonly source: string; readonly pattern: Pattern } | undefined;

function matches(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  const source = textArgument(args, 1);
  if (latest?.source !== source) {
    run.charge(1_000);
    latest = { source, pattern: parsePattern(source) };
  }
  return findsPattern(latest.pattern, text, run);
}

function charAt(args: readonly Value[], run: Evaluation): Value {
  const text = searched(args, run);
  const at = offsetOf(text, integerArgument(args, 1));
  const character = text.codePointAt(at);
  return character === undefined ? '' : String.fromCodePoint(character);
}

function substring(args: readonly Value[], run: Evaluation): Value {
  const text = searched(args, run);
  const start = integerArgument(args, 1);
  const from = offsetOf(text, start);
  if (args.length < 3) return made(text.slice(from), run);
  const end = integerArgument(args, 2);
  const to = offsetOf(text, end);
  if (end < start) throw new ExpressionFault('evaluation', `The part ends at ${end}, before it begins at ${start}.`);
  return made(text.slice(from, to), run);
}

function replace(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  const part = textArgument(args, 1);
  const by = textArgument(args, 2);
  const most = limitOf(args, 3);
  run.charge(text.length);
  // Before it is made: each of n characters could become a megabyte.
  const count = Math.min(most, part === '' ? codePointLength(text) + 1 : text.split(part).length - 1);
  run.charge(count);
  run.chargeText(text.length + count * (by.length - part.length));
  // Between the characters, and not between the halves of one.
  if (part === '') {
    const characters = Array.from(text);
    return characters.map((character, index) => (index < count ? by : '') + character).join('') + (count > characters.length ? by : '');
  }
  return parts(text, part, count + 1).join(by);
}

function split(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  return parts(text, textArgument(args, 1), limitOf(args, 2));
}

/** CEL: a limit that is negative is none. */
function limitOf(args: readonly Value[], index: number): number {
  const limit = args.length > index ? integerArgument(args, index) : -1;
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

/** At most `most` parts, the last of which is all that is left. */
function parts(text: string, separator: string, most: number): readonly string[] {
  if (most === 0) return [];
  const all = separator === '' ? Array.from(text) : text.split(separator);
  return all.length <= most ? all : [...all.slice(0, most - 1), all.slice(most - 1).join(separator)];
}

/** What fills a text up to the length that is asked for. */
function padding(args: readonly Value[], run: Evaluation): string {
  const text = searched(args, run);
  const length = integerArgument(args, 1);
  const fill = args.length > 2 ? textArgument(args, 2) : ' ';
  const missing = length - codePointLength(text);
  if (missing <= 0) return '';
  if (fill === '') throw new ExpressionFault('evaluation', 'The text to fill up with is empty.');
  run.chargeText(text.length + missing);
  const characters = Array.from(fill.slice(0, 2 * missing));
  run.chargeText(missing + text.length + fill.length);
  return Array.from({ length: missing }, (_, index) => characters[index % characters.length] ?? '').join('');
}

/** The UTF-16 offset of a position. */
function offsetOf(text: string, position: number): number {
  const offset = utf16Offset(text, position);
  if (offset !== undefined) return offset;
  const length = codePointLength(text);
  throw new ExpressionFault('evaluation', english.say('{length, plural, one {Position {position} is outside of this text, which has # character.} other {Position {position} is outside of this text, which has # characters.}}', { length, position: String(position) }));
}

