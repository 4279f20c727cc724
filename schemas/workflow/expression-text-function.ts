import { integerArgument, textArgument, type ExpressionFunction } from './expression-argument.ts';
import type { Evaluation } from './expression-evaluation.ts';
import { ExpressionFault } from './expression-fault.ts';
import { findsPattern, parsePattern, type Pattern } from './expression-pattern.ts';
import type { Value } from './expression-value.ts';

/** CEL's methods of text, with those of its strings extension. Positions count UTF-16 units from 0. */
export const textMethods: readonly (readonly [string, ExpressionFunction])[] = [
  ['startsWith', { parameters: ['text', 'start'], description: 'Whether the text starts so; upper and lower case differ.', call: (args) => textArgument(args, 0).startsWith(textArgument(args, 1)) }],
  ['endsWith', { parameters: ['text', 'end'], description: 'Whether the text ends so; upper and lower case differ.', call: (args) => textArgument(args, 0).endsWith(textArgument(args, 1)) }],
  ['matches', { parameters: ['text', 'pattern'], description: 'Whether the regular expression is found in the text; ^ and $ anchor it, (?i) ignores case. No backreferences or lookaround.', call: matches }],
  ['lowerAscii', { parameters: ['text'], description: 'The text in lower case.', call: (args, run) => made(textArgument(args, 0).toLowerCase(), run) }],
  ['upperAscii', { parameters: ['text'], description: 'The text in upper case.', call: (args, run) => made(textArgument(args, 0).toUpperCase(), run) }],
  ['trim', { parameters: ['text'], description: 'The text without white space at its ends.', call: (args, run) => made(textArgument(args, 0).trim(), run) }],
  ['charAt', { parameters: ['text', 'position'], description: 'The character at a position; empty at the end.', call: charAt }],
  ['substring', { parameters: ['text', 'start', 'end?'], description: 'The part from start to before end.', call: substring }],
  ['indexOf', { parameters: ['text', 'part'], description: 'Where the part first stands, or -1.', call: (args, run) => BigInt(searched(args, run).indexOf(textArgument(args, 1))) }],
  ['lastIndexOf', { parameters: ['text', 'part'], description: 'Where the part last stands, or -1.', call: (args, run) => BigInt(searched(args, run).lastIndexOf(textArgument(args, 1))) }],
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

function charAt(args: readonly Value[]): Value {
  const text = textArgument(args, 0);
  const position = integerArgument(args, 1);
  if (position < 0 || position > text.length) throw outOfRange(position, text);
  return text.charAt(position);
}

function substring(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  const start = integerArgument(args, 1);
  const end = args.length > 2 ? integerArgument(args, 2) : text.length;
  if (start < 0 || start > text.length) throw outOfRange(start, text);
  if (end < start || end > text.length) throw outOfRange(end, text);
  return made(text.substring(start, end), run);
}

function replace(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  const part = textArgument(args, 1);
  const by = textArgument(args, 2);
  run.charge(text.length);
  // Before it is made: each of n characters could become a megabyte.
  const count = part === '' ? text.length + 1 : text.split(part).length - 1;
  run.charge(count);
  run.chargeText(text.length + count * (by.length - part.length));
  return text.replaceAll(part, by.replaceAll('$', '$$$$'));
}

function split(args: readonly Value[], run: Evaluation): Value {
  const text = textArgument(args, 0);
  run.charge(text.length);
  return text.split(textArgument(args, 1));
}

function outOfRange(position: number, text: string): ExpressionFault {
  return new ExpressionFault('evaluation', `Position ${position} is outside of this text, which has ${text.length} characters.`);
}
