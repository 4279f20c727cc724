import type { YAMLError } from 'yaml';
import { message, type Message, sentences, verbatim } from '../wording/message.ts';
import type { Diagnostic, SourceRange } from './diagnostic.ts';
import { lineStart } from './line-map.ts';
import { hiddenCharacter } from './visible-text.ts';

/** What the YAML parser found, said so that a person sees what they have written: one mistake is one finding. */

/** Read of a line on either side of an error, in characters: lines of a megabyte can have thousands of errors. */
const maxLook = 1000;

/** Syntax errors of a text as the parser tells them, in the order of their places. */
export function syntaxProblems(text: string, errors: readonly YAMLError[]): readonly Diagnostic[] {
  const found = errors
    .toSorted((a, b) => a.pos[0] - b.pos[0])
    .map(({ code, pos, message: words }) => lineProblem(text, code, words, pos[0]) ?? problem('yaml-syntax', within(text, pos), plainMessage(code, words.length > 200 ? `${words.slice(0, 200)}...` : words)));
  return mendExpressions(text, found);
}

function bareExpression(expression: string): Message {
  return message('Within {braces} or [ ], an expression must be in quotes: "{expression}".', { braces: '{ }', expression });
}

/**
 * Within `{ }` and `[ ]`, the braces of an expression without quotes are those of a map. Everybody makes this mistake once; what
 * the parser says about it, up to four times, names neither the expression nor the quotes.
 */
function mendExpressions(text: string, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const fixed: Diagnostic[] = [];
  let skipTo = -1;
  for (const diagnostic of diagnostics) {
    const { start } = diagnostic.range;
    if (start < skipTo) continue;
    const isExpression = text.startsWith('{{', start) && text[start - 1] === '$';
    if (!isExpression) {
      fixed.push(diagnostic);
      continue;
    }
    const lineEnd = text.indexOf('\n', start);
    skipTo = lineEnd < 0 ? text.length : lineEnd;
    const range = bareValueAround(text, start - 1);
    const source = withoutTypographicQuotes(text.slice(range.start, range.end));
    // In quotes already: they are taken for the other end of a text that has lost its own.
    const [quote] = /^["']/.exec(source) ?? [];
    fixed.push(problem('yaml-syntax', range, quote === undefined ? bareExpression(source.length > 80 || !source.includes('}}') ? '${{ ... }}' : source) : message('Before this place, a text in quotes has no end: a {quote} is missing.', { quote })));
  }
  return fixed;
}

/** The text that stands as one value in a map or list of one line, around the expression at `at`: `Dear ${{ item.name }}`, up to the comma. */
function bareValueAround(text: string, at: number): SourceRange {
  const before = text.slice(Math.max(lineStart(text, at), at - maxLook), at);
  const colon = before.lastIndexOf(': ');
  const own = before.slice(Math.max(before.lastIndexOf('{') + 1, before.lastIndexOf('[') + 1, before.lastIndexOf(',') + 1, colon < 0 ? 0 : colon + 2)).trimStart();
  const after = /^(?:\$\{\{(?:[^}\n]|\}(?!\}))*\}\}|[^,}\]\n])*/.exec(text.slice(at, at + maxLook))?.[0].replace(/\s+#.*$/, '').trimEnd() ?? '';
  return { start: at - own.length, end: Math.min(text.length, at + Math.max(after.length, '${{'.length)) };
}

/** Quotes as word processors make them. YAML knows the straight ones only. */
export function withoutTypographicQuotes(text: string): string {
  return /^[\u201C-\u201F\u2018-\u201B\u00AB].*[\u201C-\u201F\u2018-\u201B\u00BB]$/s.test(text) ? text.slice(1, -1).trim() : text;
}

/**
 * Behind a syntax error, the parser makes of the text what it can, and each line that it misreads is one more error: only the first one is
 * about something that a person has written. Expressions without quotes end on their line, so that each of those counts.
 */
export function firstCause(text: string, sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  const first = sorted.find(({ code }) => code === 'yaml-syntax');
  if (first === undefined) return sorted;
  return sorted.flatMap((one) => {
    if (one === first) return withHidden(text, one);
    return one.range.start < first.range.start || (isBareExpression(first) && isBareExpression(one)) ? one : [];
  });
}

function isBareExpression({ code, message }: Diagnostic): boolean {
  return code === 'yaml-syntax' && message.pattern === bareExpression('').pattern;
}

/** YAML takes what can't be seen for a letter, so that the line has another form than the one that is looked at. Within quotes it does no harm. */
function withHidden(text: string, diagnostic: Diagnostic): Diagnostic {
  const { start, end } = diagnostic.range;
  const lineEnd = text.indexOf('\n', Math.max(start, end - 1));
  const lines = text.slice(lineStart(text, start), lineEnd < 0 ? text.length : lineEnd);
  const character = hiddenCharacter(lines.replace(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/g, ''));
  if (character === undefined) return diagnostic;
  return { ...diagnostic, message: sentences(diagnostic.message, message("This line holds {character}, which can't be seen: take it out, or write a plain space.", { character })) };
}

/** The parser's words where they are plain enough, ours where they aren't. */
function plainMessage(code: string, words: string): Message {
  switch (code) {
    case 'MISSING_CHAR': {
      const [, quote] = /^Missing closing (["'])quote/.exec(words) ?? [];
      return quote === undefined ? verbatim(`${words}.`) : message('A text that begins with {quote} has no {quote} at its end.', { quote });
    }
    case 'TAB_AS_INDENT':
      return message('A tab cannot indent YAML: use spaces.');
    case 'BLOCK_AS_IMPLICIT_KEY':
      return message("A second ': ' on this line: put text that holds ': ' in quotes, or begin a new line.");
    case 'BAD_SCALAR_START':
      return message('{problem}: put text that begins with this character in quotes.', { problem: words });
    case 'MULTILINE_IMPLICIT_KEY':
      return message("A key is on one line, with a colon behind it. Is a ':' missing?");
    case 'NON_STRING_KEY':
      return message("A key is plain text. Where a value begins with '{', such as an expression without its '$', put it in quotes.");
    case 'TAG_RESOLVE_FAILED':
      return message("{problem}: tags ('!...') are not used here; put text that begins with '!' in quotes.", { problem: words });
    default:
      return verbatim(/[.?!]$/.test(words) ? words : `${words}.`);
  }
}

/** What the parser says of a line that is indented otherwise than its neighbours is about a place before or behind it, or about a colon. */
function lineProblem(text: string, code: string, words: string, at: number): Diagnostic | undefined {
  if (code === 'BAD_INDENT' && words.startsWith('All mapping items')) return problem('yaml-syntax', lineAt(text, at), message('This line is indented otherwise than the lines beside it: the keys of one map begin at the same column.'));
  const lineEnd = text.indexOf('\n', at);
  const rest = text.slice(at, Math.min(lineEnd < 0 ? text.length : lineEnd, at + maxLook));
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return lineEnd < 0 || /:(?:\s|$)/.test(rest) ? undefined : indentedFurther(text, lineEnd);
  if (code !== 'MULTILINE_IMPLICIT_KEY') return undefined;
  // Behind a key: what stands there is a value, and the next line would make a key of both.
  const before = text.slice(Math.max(lineStart(text, at), at - maxLook), at);
  if (lineEnd >= 0 && /:[ \t]+$/.test(before) && hiddenCharacter(before) === undefined) return indentedFurther(text, lineEnd);
  const [, key, value] = /^([\w-]+):([^\s:/][^:]*|[^\s:]\S*\/\S*)$/.exec(rest.trimEnd()) ?? [];
  return key === undefined || value === undefined ? undefined : problem('yaml-syntax', lineAt(text, at), message("A ':' needs a space behind it: {code}.", { code: `${key}: ${value.trim()}` }));
}

function indentedFurther(text: string, lineEnd: number): Diagnostic {
  return problem('yaml-syntax', lineAt(text, lineEnd + 1), message('This line is indented further than the one above it, which has its value already.'));
}

/** The next line with anything on it, without its indentation. */
function lineAt(text: string, from: number): SourceRange {
  const start = from + Math.max(0, text.slice(from).search(/\S/));
  const length = /^[^\r\n]*/.exec(text.slice(start))?.[0].trimEnd().length ?? 0;
  return within(text, [start, start + length]);
}

export function problem(code: Diagnostic['code'], range: SourceRange, message: Message): Diagnostic {
  return { severity: 'error', code, message, range };
}

/** The parser's positions can lie at or behind the end of the text, and be empty; an editor can't draw those. */
export function within(text: string, [from, to]: readonly [number, number]): SourceRange {
  const start = Math.max(0, Math.min(from, text.length));
  const end = Math.max(start, Math.min(to, text.length));
  return end > start || text.length === 0 ? { start, end } : { start: Math.min(start, text.length - 1), end: Math.min(start, text.length - 1) + 1 };
}

