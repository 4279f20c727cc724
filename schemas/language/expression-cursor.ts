import type { ExpressionPlace } from '../workflow/analysis/expression-scope.ts';
import { locator } from '../workflow/analysis/scalar-source.ts';
import type { TemplateSite } from '../workflow/analysis/template-reader.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { type ASTNode, childrenOf, parseTree } from '../workflow/expression/ast.ts';
import { checkExpression, type TypeScope } from '../workflow/expression/checker.ts';
import { type ExpressionType, unknownType } from '../workflow/expression/type.ts';
import { splitTemplateText } from '../workflow/template.ts';
import type { LanguageFile } from './language-file.ts';
import { expressionBrackets, openSigns } from './open-expression.ts';

/** The expression that an offset of a file is in, whether it can be read or not. */
export interface ExpressionCursor {
  /** All between the braces, or all of a condition. */
  readonly source: string;
  /** Within `source`. */
  readonly at: number;
  readonly place: ExpressionPlace;
  readonly form: TemplateSite['form'];
  /** Whether its braces are; a condition without any is. */
  readonly isClosed: boolean;
  /** What the names at the place stand for. */
  readonly scope: TypeScope;
  /** Turns a range of `source` into one of the file. */
  readonly locate: (range: SourceRange) => SourceRange;
}

/** The expression at an offset; undefined if none is there. */
export function expressionCursor(file: LanguageFile, offset: number): ExpressionCursor | undefined {
  const site = siteAt(file, offset);
  if (site === undefined) return undefined;
  const value = String(site.node.value ?? '');
  const locate = locator(file.text, site.node);
  const at = valueOffset(value, locate, offset);
  if (site.form === 'script') return scriptCursor(file, site, value, at, locate);
  const found = site.form === 'condition' && !value.trimStart().startsWith('${{') ? { start: 0, end: value.length, isClosed: true } : partAt(value, at);
  if (found === undefined) return undefined;
  return {
    source: value.slice(found.start, found.end),
    at: at - found.start,
    place: site.place,
    form: site.form,
    isClosed: found.isClosed,
    scope: scopeOf(file, site.place),
    locate: ({ start, end }) => locate({ start: start + found.start, end: end + found.start }),
  };
}

/** Names that a script reads, with dots between them, or one between the braces of its function's argument: they are what they are in an expression. */
function scriptCursor(file: LanguageFile, { place, form }: TemplateSite, value: string, at: number, locate: (range: SourceRange) => SourceRange): ExpressionCursor | undefined {
  const before = value.slice(0, at);
  const [chain] = /(?<![\w.$])(?:[A-Za-z_]\w*\??\.)+\w*$/.exec(before) ?? (/export\s+default\s+(?:async\s+)?(?:function\b\s*\w*\s*)?\(\s*\{[^{}]*$/.test(before) ? /\w*$/.exec(before) : null) ?? [];
  if (chain === undefined) return undefined;
  const head = chain.replaceAll('?.', '.');
  const [tail = ''] = /^\w*/.exec(value.slice(at)) ?? [];
  const shift = at - head.length;
  return {
    source: head + tail,
    at: head.length,
    place,
    form,
    isClosed: true,
    scope: scopeOf(file, place),
    locate: ({ start, end }) => locate({ start: start + shift, end: end + shift }),
  };
}

/** The scalar at an offset in which expressions may stand. Where several do, because of an anchor, the first. */
export function siteAt(file: LanguageFile, offset: number): TemplateSite | undefined {
  return file.sites.find(({ node: { source } }) => source.start <= offset && offset <= source.end && source.start < source.end);
}

function scopeOf({ analysed }: LanguageFile, place: ExpressionPlace): TypeScope {
  return analysed.kind === 'workflow' ? analysed.analysis.types.scopeAt(place) : () => undefined;
}

/** The last offset of the value that is not behind an offset of the file. */
function valueOffset(value: string, locate: (range: SourceRange) => SourceRange, offset: number): number {
  let low = 0;
  let high = value.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (locate({ start: middle, end: middle }).start <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What is between the braces around an offset; behind braces that aren't closed, all the rest. */
function partAt(value: string, at: number): (SourceRange & { readonly isClosed: boolean }) | undefined {
  const split = splitTemplateText(value);
  for (const part of split.parts) {
    if (part.kind !== 'expression') continue;
    const [start, end] = [part.range.start + 3, part.range.end - 2];
    if (start <= at && at <= end) return { start, end, isClosed: true };
  }
  if (split.ok || at < split.range.end) return undefined;
  return { start: split.range.end, end: value.length, isClosed: false };
}

/** What is at the cursor of an expression that is being typed. */
export interface Probe {
  /** The word, or the text of a literal, that the cursor is in: what a completion replaces. */
  readonly range: SourceRange;
  readonly kind: 'name' | 'member' | 'text';
  /** The node at the cursor, and those around it, the innermost first. */
  readonly around: readonly ASTNode[];
  /** Variables of macros in sight. */
  readonly locals: ReadonlyMap<string, ExpressionType>;
  /** For a member: what it would be a member of. */
  readonly receiver: ExpressionType;
  /** Where the receiver ends: the dot stands from here to the word. */
  readonly receiverEnd: number;
  readonly typeOf: (node: ASTNode) => ExpressionType;
}

/** Stands for what is about to be typed. No name of CEL, so nobody's own. */
const placeholder = 'sluice__cursor__';

/**
 * Reads an expression around its cursor, finished or not: what is typed so far is completed by a name at the cursor and by whatever
 * closes the brackets. Undefined if that doesn't help.
 */
export function probeExpression(source: string, at: number, scope: TypeScope): Probe | undefined {
  const text = openText(source, at);
  const range = text ?? wordAt(source, at);
  const inserted = text === undefined ? placeholder : `'${placeholder}'`;
  const [start, end] = text === undefined ? [range.start, range.end] : [text.start - 1, closedText(source, text)];
  const [head, tail] = [source.slice(0, start), source.slice(end)];
  const closing = closers(head);
  // Of what isn't finished, what follows the cursor may belong to anything, so it is left out; a condition may lack its other half.
  for (const candidate of [head + inserted + tail, head + inserted + closing, `${head}${inserted} : null${closing}`]) {
    const tree = parsed(candidate);
    if (tree !== undefined) return readProbe(tree, range, text === undefined ? undefined : 'text', scope);
  }
  return undefined;
}

function readProbe(tree: ASTNode, range: SourceRange, kind: 'text' | undefined, scope: TypeScope): Probe | undefined {
  const types = new Map<ASTNode, { readonly type: ExpressionType; readonly locals: ReadonlyMap<string, ExpressionType> }>();
  checkExpression(tree, { scope, onNode: (node, type, locals) => types.set(node, { type, locals }) });
  const around = pathTo(tree, isPlaceholder);
  const [node] = around;
  if (node === undefined) return undefined;
  const typeOf = (of: ASTNode): ExpressionType => types.get(of)?.type ?? unknownType;
  const receiver = node.op === '.' ? node.args[0] : node.op === 'rcall' ? node.args[1] : undefined;
  return {
    range,
    kind: kind ?? (receiver === undefined ? 'name' : 'member'),
    around,
    locals: types.get(node)?.locals ?? new Map(),
    receiver: receiver === undefined ? unknownType : typeOf(receiver),
    receiverEnd: receiver?.end ?? range.start,
    typeOf,
  };
}

function parsed(source: string): ASTNode | undefined {
  try {
    return parseTree(source);
  } catch {
    return undefined;
  }
}

/** A name, a member, a function or method that is called, or a text. */
function isPlaceholder(node: ASTNode): boolean {
  switch (node.op) {
    case 'id':
      return node.args === placeholder;
    case 'value':
      return node.args === placeholder;
    case '.':
      return node.args[1] === placeholder;
    case 'call':
    case 'rcall':
      return node.args[0] === placeholder;
    default:
      return false;
  }
}

/** The innermost node that is wanted, and those around it, from the inside out. */
function pathTo(node: ASTNode, isWanted: (node: ASTNode) => boolean): readonly ASTNode[] {
  for (const child of childrenOf(node)) {
    const path = pathTo(child, isWanted);
    if (path.length > 0) return [...path, node];
  }
  return isWanted(node) ? [node] : [];
}

/** The word around the cursor. */
function wordAt(source: string, at: number): SourceRange {
  const before = /[A-Za-z_]\w*$/.exec(source.slice(0, at))?.[0].length ?? 0;
  const after = before === 0 ? (/^[A-Za-z_]\w*/.exec(source.slice(at))?.[0].length ?? 0) : (/^\w*/.exec(source.slice(at))?.[0].length ?? 0);
  return { start: at - before, end: at + after };
}

/** Where the text that the cursor is in has its content; undefined if it is in none. */
function openText(source: string, at: number): SourceRange | undefined {
  const open = openSigns(source.slice(0, at), expressionBrackets).quoteAt;
  if (open === undefined) return undefined;
  const mark = source.charAt(open);
  const rest = source.slice(at);
  const close = rest.search(mark === '"' ? /["\r\n]/ : /['\r\n]/);
  return { start: open + 1, end: close < 0 ? source.length : at + close };
}

/** Behind the closing quote, where there is one. */
function closedText(source: string, { start, end }: SourceRange): number {
  return source.charAt(end) === source.charAt(start - 1) ? end + 1 : end;
}

/** What closes the brackets that are open. */
function closers(source: string): string {
  return openSigns(source, expressionBrackets).brackets.toReversed().map(({ closer }) => closer).join('');
}
