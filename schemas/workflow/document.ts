import { Composer, Lexer, Parser, type CST, type Node } from 'yaml';
import type { Diagnostic, SourceRange } from './diagnostic.ts';
import { DocumentBuilder, type DocumentNode, type MapEntry, maxDepth } from './document-builder.ts';
import { message, type Message, verbatim } from '../wording/message.ts';
import type { Json } from './json.ts';

export type * from './document-builder.ts';

/** Keys and indexes from the root. */
export type DocumentPath = readonly (string | number)[];

/** A YAML file, read. */
export interface Document {
  readonly text: string;
  /** Undefined if the file is empty or could not be read at all. With syntax errors, as much as could be made out. */
  readonly root: DocumentNode | undefined;
  /** Syntax errors. The tree is not to be trusted behind the first one. */
  readonly diagnostics: readonly Diagnostic[];
}

/** In UTF-16 code units. */
export const maxDocumentLength = 1_048_576;
/** A file of the greatest length with two characters a token; dense rubbish is refused sooner, before it costs seconds. */
const maxTokens = 500_000;
/** Nobody reads more, and rubbish gives one for each character. */
const maxSyntaxErrors = 100;

/**
 * Reads YAML 1.2 (core schema: `on`, `yes` and `no` are text). Anchors, aliases and `<<` are resolved, with a bound. Never
 * throws; takes time in proportion to the text. `isKept`: see `Report.isKept`.
 */
export function parseDocument(text: string, { isKept = false }: { readonly isKept?: boolean } = {}): Document {
  if (text.length > maxDocumentLength) {
    return unreadable(text, 'too-large', { start: 0, end: 1 }, message('The file is too large: 1 MiB is the limit.'));
  }
  const tokens: CST.Token[] = [];
  const refused = tokenise(text, tokens);
  if (refused !== undefined) return { text, root: undefined, diagnostics: [refused] };

  // Unique keys are checked by the builder: the parser's own check takes 45 s for 50,000 keys.
  const composer = new Composer({ version: '1.2', schema: 'core', stringKeys: true, uniqueKeys: false, strict: true, keepSourceTokens: false });
  const [first, second] = composer.compose(tokens, true, text.length);
  if (first === undefined) return { text, root: undefined, diagnostics: [] };

  const diagnostics = [...first.errors, ...first.warnings].sort((a, b) => a.pos[0] - b.pos[0]).map(({ code, pos, message: words }) =>
    indentationProblem(text, code, words, pos[0]) ?? problem('yaml-syntax', within(text, pos), plainMessage(code, words.length > 200 ? `${words.slice(0, 200)}...` : words)));
  if (second !== undefined) {
    const range = within(text, [second.range[0], second.range[0] + 3]);
    diagnostics.push({ severity: 'error', code: 'yaml-syntax', message: message("One file holds one document: take out what follows this '---'."), range });
  }
  const builder = new DocumentBuilder({ isKept });
  const contents = first.contents as Node | null;
  const root = contents === null ? undefined : builder.build(contents, { start: 0, end: text.length });
  // What the parser has said already.
  const added = builder.diagnostics
    .filter(({ code, range }) => code !== 'yaml-syntax' || !diagnostics.some((other) => other.range.start === range.start))
    .map((diagnostic) => ({ ...diagnostic, range: within(text, [diagnostic.range.start, diagnostic.range.end]) }));
  const all = firstCause([...mendExpressions(text, diagnostics), ...added, ...(isKept ? [] : garbledText(text))].sort((a, b) => a.range.start - b.range.start));
  return { text, root, diagnostics: all.slice(0, maxSyntaxErrors) };
}

/** An editor shows a file in another encoding like this; the daemon refuses its bytes. */
function garbledText(text: string): Diagnostic[] {
  const start = text.indexOf('\uFFFD');
  if (start < 0) return [];
  return [problem('unreadable-file', { start, end: start + 1 }, message('Here is U+FFFD, which takes the place of bytes that are not UTF-8: the file is in another encoding, or was saved after it had been read in a wrong one. Save it as UTF-8.'))];
}

/** The entry of a key, or undefined if `node` is not a map or lacks it. */
export function entryOf(node: DocumentNode | undefined, key: string): MapEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined;
}

/** The node at the end of a path. */
export function nodeAt(root: DocumentNode | undefined, path: DocumentPath): DocumentNode | undefined {
  let node = root;
  for (const part of path) {
    if (node?.kind === 'list' && typeof part === 'number') node = node.items[part];
    else node = entryOf(node, String(part))?.value;
  }
  return node;
}

/** The entry at the end of a path whose last part is a key. */
export function entryAt(root: DocumentNode | undefined, path: DocumentPath): MapEntry | undefined {
  const last = path.at(-1);
  return last === undefined ? undefined : entryOf(nodeAt(root, path.slice(0, -1)), String(last));
}

/** The deepest path whose key or value is at `offset`. */
export function pathAt(root: DocumentNode | undefined, offset: number): DocumentPath {
  const path: (string | number)[] = [];
  let node = root;
  while (node !== undefined && node.kind !== 'scalar') {
    const next = childAt(node, offset);
    if (next === undefined) break;
    path.push(next.part);
    node = next.value;
  }
  return path;
}

/** The plain JSON value of a node. */
export function toJson(node: DocumentNode): Json {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toJson);
    case 'map':
      // Not by assignment: a key `__proto__` would set the prototype.
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, toJson(value)]));
  }
}

function childAt(node: Exclude<DocumentNode, { kind: 'scalar' }>, offset: number): { part: string | number; value: DocumentNode } | undefined {
  if (node.kind === 'list') {
    const index = node.items.findIndex(({ range }) => contains(range, offset));
    const value = node.items[index];
    return value && { part: index, value };
  }
  const entry = node.entries.find(({ keyRange, value }) => contains(keyRange, offset) || contains(value.range, offset));
  return entry && { part: entry.key, value: entry.value };
}

function contains({ start, end }: SourceRange, offset: number): boolean {
  return start <= offset && offset <= end;
}

/** Fills `tokens`; an answer says why the text is refused. Depth is bounded here, because the composer is recursive. */
function tokenise(text: string, tokens: CST.Token[]): Diagnostic | undefined {
  const parser = new Parser();
  let count = 0;
  let errors = 0;
  const take = (produced: Iterable<CST.Token>): void => {
    for (const token of produced) {
      if (token.type !== 'error') tokens.push(token);
      else if ((errors += 1) <= maxSyntaxErrors) tokens.push(token);
    }
  };
  for (const lexeme of new Lexer().lex(text)) {
    take(parser.next(lexeme));
    count += 1;
    const at = { start: Math.min(parser.offset, text.length - 1), end: Math.min(parser.offset + 1, text.length) };
    if (count > maxTokens) return problem('too-large', at, message('The file is too large: it has more than {count} words and signs up to here.', { count: maxTokens }));
    if (parser.stack.length > maxDepth) return problem('too-deep', at, message('Lists and maps may be nested {maxDepth} deep at most.', { maxDepth }));
  }
  take(parser.end());
  return undefined;
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
    const close = text.indexOf('}}', start);
    const end = close < 0 || (lineEnd >= 0 && close > lineEnd) ? start + 2 : close + 2;
    skipTo = lineEnd < 0 ? text.length : lineEnd;
    const source = text.slice(start - 1, end);
    fixed.push(problem('yaml-syntax', { start: start - 1, end }, bareExpression(source.length > 80 ? '${{ ... }}' : source)));
  }
  return fixed;
}

/**
 * Behind a syntax error, the parser makes of the text what it can, and each line that it misreads is one more error: only the first one is
 * about something that a person has written. Expressions without quotes end on their line, so that each of those counts.
 */
function firstCause(sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  const first = sorted.find(({ code }) => code === 'yaml-syntax');
  if (first === undefined) return sorted;
  return sorted.filter((one) => one.range.start < first.range.start || one === first || (isBareExpression(first) && isBareExpression(one)));
}

function isBareExpression({ code, message }: Diagnostic): boolean {
  return code === 'yaml-syntax' && message.pattern === bareExpression('').pattern;
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
function indentationProblem(text: string, code: string, words: string, at: number): Diagnostic | undefined {
  if (code === 'BAD_INDENT' && words.startsWith('All mapping items')) return problem('yaml-syntax', lineAt(text, at), message('This line is indented otherwise than the lines beside it: the keys of one map begin at the same column.'));
  if (code !== 'BLOCK_AS_IMPLICIT_KEY') return undefined;
  const lineEnd = text.indexOf('\n', at);
  const hasOwnColon = lineEnd < 0 || /:(?:\s|$)/.test(text.slice(at, lineEnd));
  return hasOwnColon ? undefined : problem('yaml-syntax', lineAt(text, lineEnd + 1), message('This line is indented further than the one above it, which has its value already.'));
}

/** The next line with anything on it, without its indentation. */
function lineAt(text: string, from: number): SourceRange {
  const start = from + Math.max(0, text.slice(from).search(/\S/));
  const length = /^[^\r\n]*/.exec(text.slice(start))?.[0].trimEnd().length ?? 0;
  return within(text, [start, start + length]);
}

function unreadable(text: string, code: Diagnostic['code'], range: SourceRange, message: Message): Document {
  return { text, root: undefined, diagnostics: [problem(code, range, message)] };
}

function problem(code: Diagnostic['code'], range: SourceRange, message: Message): Diagnostic {
  return { severity: 'error', code, message, range };
}

/** The parser's positions can lie at or behind the end of the text, and be empty; an editor can't draw those. */
function within(text: string, [from, to]: readonly [number, number]): SourceRange {
  const start = Math.max(0, Math.min(from, text.length));
  const end = Math.max(start, Math.min(to, text.length));
  return end > start || text.length === 0 ? { start, end } : { start: Math.min(start, text.length - 1), end: Math.min(start, text.length - 1) + 1 };
}

