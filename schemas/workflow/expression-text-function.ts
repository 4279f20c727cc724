import { codePointIndex, codePointLength, utf16Offset } from './code-points.ts';
import { integerArgument, textArgument, type ExpressionFunction } from './expression-argument.ts';
import type { Evaluation } from './expression-evaluation.ts';
import { ExpressionFault } from './expression-fault.ts';
import { findsPattern, parsePattern, type Pattern } from './expression-pattern.ts';
import type { Value } from './expression-value.ts';
import { english } from '../wording/language.ts';

/** CEL's methods of text, with those of its strings extension. Positions count code points from 0, as `size()` does. */
export const textMethods: readonly (readonly [string, ExpressionFunction])[] = [
  ['startsWith', { parameters: ['text', 'start'], description: 'Whether the text starts so; upper and lower case differ.', call: (args) => textArgument(args, 0).startsWith(textArgument(args, 1)) }],
  ['endsWith', { parameters: ['text', 'end'], description: 'Whether the text ends so; upper and lower case differ.', call: (args) => textArgument(args, 0).endsWith(textArgument(args, 1)) }],
  ['matches', { parameters: ['text', 'pattern'], description: 'Whether the regular expression is found in the text; ^ and $ anchor it, (?i) ignores case. No backreferences or lookaround.', call: matches }],
  ['lowerAscii', { parameters: ['text'], description: 'The text with A to Z in lower case; other letters stay as they are.', call: (args, run) => made(textArgument(args, 0).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()), run) }],
  ['upperAscii', { parameters: ['text'], description: 'The text with a to z in upper case; other letters stay as they are.', call: (args, run) => made(textArgument(args, 0).replace(/[a-z]+/g, (letters) => letters.toUpperCase()), run) }],
  ['trim', { parameters: ['text'], description: 'The text without white space at its ends.', call: (args, run) => made(textArgument(args, 0).trim(), run) }],
  ['charAt', { parameters: ['text', 'position'], description: 'The character at a position; empty at the end.', call: charAt }],
  ['substring', { parameters: ['text', 'start', 'end?'], description: 'The part from start to before end.', call: substring }],
  ['indexOf', { parameters: ['text', 'part'], description: 'Where the part first stands, or -1.', call: (args, run) => found(searched(args, run), (text) => text.indexOf(textArgument(args, 1))) }],
  ['lastIndexOf', { parameters: ['text', 'part'], description: 'Where the part last stands, or -1.', call: (args, run) => found(searched(args, run), (text) => text.lastIndexOf(textArgument(args, 1))) }],
  ['replace', { parameters: ['text', 'part', 'by'], description: 'The text with every occurrence of a part replaced.', call: replace }],
  ['split', { parameters: ['text', 'separator'], description: 'The parts between separators, as a list.', call: split }],
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
function found(text: string, search: (text: string) => number): Value {
  const at = search(text);
  return BigInt(at < 0 ? at : codePointIndex(text, at));
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
  run.charge(text.length);
  // Before it is made: each of n characters could become a megabyte.
  const count = part === '' ? codePointLength(text) + 1 : text.split(part).length - 1;
  run.charge(count);
  run.chargeText(text.length + count * (by.length - part.length));
  // Between the characters, and not between the halves of one.
  if (part === '') return `${by}${Array.from(text, (character) => character + by).join('')}`;
  return text.replaceAll(part, by.replaceAll('$', '$$$$'));
}

function split(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  const separator = textArgument(args, 1);
  return separator === '' ? Array.from(text) : text.split(separator);
}

/** The UTF-16 offset of a position. */
function offsetOf(text: string, position: number): number {
  const offset = utf16Offset(text, position);
  if (offset !== undefined) return offset;
  const length = codePointLength(text);
  throw new ExpressionFault('evaluation', english.say('{length, plural, one {Position {position} is outside of this text, which has # character.} other {Position {position} is outside of this text, which has # characters.}}', { length, position: String(position) }));
}
