import { Environment, ParseError, type ASTNode } from '@marcbachmann/cel-js';
import type { SourceRange } from '../diagnostic.ts';
import { limits } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { globalFunctions } from './function.ts';
import { visibleText } from '../visible-text.ts';

export type { ASTNode };

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 5_000, maxDepth: limits.nesting, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 32 },
});

/**
 * The syntax tree of a CEL expression, by cel-js. Only its parser is used: its evaluator has no budget, knows no `int + double`,
 * and runs `matches()` on an unbounded RegExp. Throws an {@link ExpressionFault}.
 */
export function parseTree(source: string): ASTNode {
  const whole = { start: 0, end: source.length };
  if (source.length > limits.sourceLength) {
    throw new ExpressionFault('limit', `An expression has at most ${limits.sourceLength.toLocaleString('en')} characters; this one has ${source.length.toLocaleString('en')}.`, whole);
  }
  if (source.trim() === '') throw new ExpressionFault('syntax', 'The expression is empty.', whole);
  let tree: ASTNode;
  try {
    tree = environment.parse(source).ast;
  } catch (error) {
    throw asFault(error, source);
  }
  refuseDeepTree(tree);
  nameNamespaced(tree);
  return tree;
}

/**
 * Makes calls of functions in a namespace what they are: `math.round(x)` is read as a method of whatever `math` is. Only names that exist are
 * taken so, and no method has one of them: a path that begins with `math` or `url` stays a path.
 */
function nameNamespaced(root: ASTNode): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.op === 'rcall' && node.args[1].op === 'id') {
      const [name, holder, args] = node.args;
      const full = `${holder.args}.${name}`;
      if (globalFunctions.has(full)) Object.assign(node, { op: 'call', args: [full, args] });
    }
    open.push(...childrenOf(node));
  }
}

/** The operands of a node, in source order. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

export interface Segment {
  readonly key: string;
  /** The access that reads this key. */
  readonly node: ASTNode;
}

/** A path as far as it is written out: `a.b['c'][i].d` is the base `a`, `.b`, `['c']`, and ends there. */
export interface WrittenPath {
  /** What the path starts at: an identifier, or any other expression. */
  readonly base: ASTNode;
  readonly segments: readonly Segment[];
}

/** Reads a node that ends in `.name` or `['name']` as a path; any other node is a path without segments. */
export function writtenPath(node: ASTNode): WrittenPath {
  const segments: Segment[] = [];
  let base = node;
  for (;;) {
    if (base.op === '.') {
      segments.push({ key: base.args[1], node: base });
    } else if (base.op === '[]' && base.args[1].op === 'value' && typeof base.args[1].args === 'string') {
      segments.push({ key: base.args[1].args, node: base });
    } else {
      return { base, segments: segments.reverse() };
    }
    base = base.args[0];
  }
}

/** Where the key of a segment stands, without its quotes. */
export function keyRangeOf({ key, node }: Segment): SourceRange {
  if (node.op !== '[]') return { start: node.end - key.length, end: node.end };
  const { start, end } = node.args[1];
  // Otherwise it has escapes, or three quotes.
  return end - start === key.length + 2 ? { start: start + 1, end: end - 1 } : { start, end };
}

/** A call that binds names: `list.filter(x, x > 1)` binds `x` to each element, `cel.bind(x, value, body)` to one value. */
export interface Binding {
  readonly macro: keyof typeof comprehensions | 'bind';
  /** The names that it binds. Of two, the first is the position in a list, or the key of a map. */
  readonly names: readonly string[];
  /** Evaluated outside of the binding. */
  readonly over: ASTNode;
  /** Evaluated with the names bound. */
  readonly bodies: readonly ASTNode[];
}

/** By the count of names, the most bodies that each takes; the least is one. */
const comprehensions = {
  all: { 1: 1, 2: 1 },
  exists: { 1: 1, 2: 1 },
  exists_one: { 1: 1, 2: 1 },
  filter: { 1: 1, 2: 0 },
  map: { 1: 2, 2: 0 },
  sortBy: { 1: 1, 2: 0 },
  groupBy: { 1: 1, 2: 0 },
  transformList: { 1: 0, 2: 2 },
  transformMap: { 1: 0, 2: 2 },
  transformMapEntry: { 1: 0, 2: 2 },
} as const;

/** Macros that are called on a list or a map. */
export const comprehensionNames = Object.keys(comprehensions) as readonly (keyof typeof comprehensions)[];

export function bindingOf(node: ASTNode): Binding | undefined {
  if (node.op !== 'rcall') return undefined;
  const [method, receiver, [variable, ...others]] = node.args;
  if (variable?.op !== 'id') return undefined;
  if (method === 'bind' && receiver.op === 'id' && receiver.args === 'cel') {
    const [over, body] = others;
    return over === undefined || body === undefined || others.length > 2 ? undefined : { macro: 'bind', names: [variable.args], over, bodies: [body] };
  }
  // The two-variable form has a name in camel case in CEL.
  const macro = method === 'existsOne' ? 'exists_one' : comprehensionNames.find((name) => name === method);
  if (macro === undefined) return undefined;
  const most = comprehensions[macro];
  if (others.length >= 1 && others.length <= most[1]) return { macro, names: [variable.args], over: receiver, bodies: others };
  const [second, ...bodies] = others;
  return second?.op === 'id' && second.args !== variable.args && bodies.length >= 1 && bodies.length <= most[2] ? { macro, names: [variable.args, second.args], over: receiver, bodies } : undefined;
}

/** The nodes of a tree, itself included. */
export function sizeOf(node: ASTNode): number {
  let size = 0;
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    size += 1;
    open.push(...childrenOf(next));
  }
  return size;
}

/** Everything after this may recurse over the tree. */
function refuseDeepTree(root: ASTNode): void {
  let level: readonly ASTNode[] = [root];
  for (let depth = 1; level.length > 0; depth += 1) {
    const [first] = level;
    if (depth > limits.treeDepth && first !== undefined) {
      throw new ExpressionFault('limit', `The expression has more than ${limits.treeDepth} levels. Split it, or join a list instead of adding texts.`, { start: root.start, end: root.end });
    }
    level = level.flatMap((node) => childrenOf(node));
  }
}

const tokenNames: Readonly<Record<string, string>> = {
  EOF: 'the end', NUMBER: 'a number', STRING: 'text in quotes', BOOLEAN: 'a boolean', NULL: 'null', IDENTIFIER: 'a name', PLUS: "'+'", MINUS: "'-'",
  MULTIPLY: "'*'", DIVIDE: "'/'", MODULO: "'%'", EQ: "'=='", NE: "'!='", LT: "'<'", LE: "'<='", GT: "'>'", GE: "'>='", AND: "'&&'", OR: "'||'",
  NOT: "'!'", IN: "'in'", LPAREN: "'('", RPAREN: "')'", LBRACKET: "'['", RBRACKET: "']'", LBRACE: "'{'", RBRACE: "'}'", DOT: "'.'", COMMA: "','",
  COLON: "':'", QUESTION: "'?'", BYTES: 'bytes',
};

const straightQuotes = ' Text is in straight quotes: \'text\' or "text".';

const characterHints: Readonly<Record<string, string>> = {
  '=': " To compare, write '=='.",
  '&': " 'and' is written '&&'.",
  '|': " 'or' is written '||'.",
  '`': ' Text is in single or double quotes.', '‘': straightQuotes, '’': straightQuotes, '“': straightQuotes, '”': straightQuotes,
};

function asFault(error: unknown, source: string): ExpressionFault {
  const whole = { start: 0, end: source.length };
  if (error instanceof RangeError) return new ExpressionFault('limit', 'The expression is nested too deeply.', whole);
  if (!(error instanceof ParseError)) return new ExpressionFault('syntax', `This is not a CEL expression: ${String(error)}`, whole);

  const range = clamp(error.range ?? error.node ?? whole, source.length);
  if (/exceeded|limit/i.test(error.code)) return new ExpressionFault('limit', `The expression is too large: ${error.summary}.`, range);
  return new ExpressionFault('syntax', `${wordingOf(error, source.slice(range.start, range.end))}${wordHint(source, range)}`, range);
}

function wordingOf(error: ParseError, found: string): string {
  if (error.code === 'unexpected_character') return `Unexpected '${visibleText(found)}'.${(Object.hasOwn(characterHints, found) ? characterHints[found] : undefined) ?? ''}`;
  if (error.summary === 'Unexpected token: EOF') return 'The expression ends where something must follow.';
  return `${error.summary.replace(/\b[A-Z]{2,}\b/g, (name) => (Object.hasOwn(tokenNames, name) ? tokenNames[name] : undefined) ?? name).replace(/\.$/, '')}.`;
}

/** For who writes `not a` or `a and b`: the error is at the word or at what follows it. */
function wordHint(source: string, range: { readonly start: number; readonly end: number }): string {
  const before = source.slice(Math.max(0, range.start - 20), range.start);
  const field = /^(?:in|null|true|false)$/.exec(source.slice(range.start, range.end))?.[0];
  if (field !== undefined && /\.\s*$/.test(before)) return ` Behind a dot, '${field}' is a word of expressions: read it in brackets, ['${field}'].`;
  const word = /^(?:and|or)$/.exec(source.slice(range.start, range.end))?.[0] ?? /\b(not)\s+$/.exec(before)?.[1];
  if (word === undefined) return '';
  return ` '${word}' is written '${word === 'and' ? '&&' : word === 'or' ? '||' : '!'}'.`;
}

/** At least one character wide where there is one, so that an editor has something to underline. */
function clamp(range: { readonly start: number; readonly end: number }, length: number): { start: number; end: number } {
  const end = Math.min(Math.max(range.end, range.start + 1), length);
  return { start: Math.max(0, Math.min(range.start, end - 1)), end };
}
