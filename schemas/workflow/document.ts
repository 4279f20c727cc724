import { Composer, Lexer, Parser, type CST, type Node } from 'yaml';
import type { Diagnostic, SourceRange } from './diagnostic.ts';
import { DocumentBuilder, type DocumentNode, type MapEntry, maxDepth } from './document-builder.ts';
import { message, type Message } from '../wording/message.ts';
import type { Json } from './json.ts';
import { firstCause, problem, syntaxProblems, within } from './syntax-problem.ts';

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

  const diagnostics = [...syntaxProblems(text, [...first.errors, ...first.warnings])];
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
  const all = firstCause(text, [...diagnostics, ...added, ...(isKept ? [] : garbledText(text))].sort((a, b) => a.range.start - b.range.start));
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

function unreadable(text: string, code: Diagnostic['code'], range: SourceRange, message: Message): Document {
  return { text, root: undefined, diagnostics: [problem(code, range, message)] };
}
