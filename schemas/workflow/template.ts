import type { SourceRange } from './diagnostic.ts';
import { evaluateExpression, parseExpression, secretMisuses, secretName, signalName, textOfJson, type Expression, type ExpressionError, type ParseResult, type Reference, type Scope } from './expression/expression.ts';
import { maxSignalName } from '../protocol/signal.ts';
import { isJsonObject, type Json } from './json.ts';
import { type FilledPart, type Rendered, type SecretUse, shownText, splitTemplateText, type TextPart } from './template-text.ts';

export { fillSecrets, shownText, type FilledPart, type Rendered, type SecretUse } from './template-text.ts';
export { escapeTemplateText, splitTemplateText, type SplitResult, type TextPart } from './template-text.ts';

/**
 * A JSON value whose strings may hold `${{ }}` expressions.
 * `text` keeps mixed strings as parts; `expression` is a string that is one expression and keeps its type.
 */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Template])[] };

/** Keys and indexes from the root of a value. */
export type ValuePath = readonly (string | number)[];

/** Why a value is not a template. `range` is within the string at `path`. */
export interface TemplateError {
  readonly path: ValuePath;
  readonly kind: 'unclosed' | ExpressionError['kind'];
  readonly message: string;
  readonly range: SourceRange;
}

export type TemplateResult = { readonly ok: true; readonly template: Template } | { readonly ok: false; readonly errors: readonly TemplateError[] };

/** Why a template could not be rendered: which expression at which place, and what was wrong with it. */
export interface RenderError {
  readonly path: ValuePath;
  /** The expression's source. */
  readonly source: string;
  /** In one sentence: the place (`headers.authorization`), the expression and why. */
  readonly message: string;
  readonly error: ExpressionError;
}

export type RenderResult = { readonly ok: true; readonly rendered: Rendered } | { readonly ok: false; readonly error: RenderError };

/**
 * Finds the expressions in the strings of a value (not in its keys). A string that is nothing but one expression keeps the type of its
 * result; line breaks after it, which a YAML block has, don't count. Without any expression the template is `literal` and holds the
 * very same value. All errors are reported, not just the first.
 */
export function parseTemplate(value: Json): TemplateResult {
  const errors: TemplateError[] = [];
  const template = parseValue(value, [], errors);
  return errors.length === 0 ? { ok: true, template } : { ok: false, errors };
}

export type ConditionResult =
  /** `offset` is where the expression's source starts in the text. */
  | { readonly ok: true; readonly expression: Expression; readonly offset: number }
  /** `error.range` is within the text. */
  | { readonly ok: false; readonly error: ExpressionError };

/** Reads what is at `if`: an expression with or without its braces. */
export function parseCondition(text: string): ConditionResult {
  const bare = text.trimStart();
  let source = bare.trimEnd();
  let offset = text.length - bare.length;
  if (source.startsWith('${{')) {
    const split = splitTemplateText(source);
    if (!split.ok) return { ok: false, error: { kind: 'syntax', message: split.message, range: shift(split.range, offset) } };
    const [only, ...others] = split.parts;
    if (only?.kind !== 'expression' || others.length > 0) {
      return { ok: false, error: { kind: 'syntax', message: "A condition is one expression: put all of it between '${{' and '}}', or leave the braces out.", range: { start: offset, end: offset + source.length } } };
    }
    source = only.source;
    offset += only.start;
  }
  const result: ParseResult = parseExpression(source);
  return result.ok ? { ...result, offset } : { ok: false, error: { ...result.error, range: shift(result.error.range, offset) } };
}

/**
 * Fills in a template. In mixed text null is empty, text is itself, anything else its JSON. A secret is not looked up, and no link is made: the
 * reference stays in the text and its place is listed in `secrets`. Stops at the first error. Never throws.
 */
export function renderTemplate(template: Template, scope: Scope): RenderResult {
  const secrets: SecretUse[] = [];
  try {
    return { ok: true, rendered: { value: renderPart(template, scope, [], secrets), secrets } };
  } catch (error) {
    if (error instanceof RenderFault) return { ok: false, error: error.reason };
    throw error;
  }
}

/** Every expression of a template, in its order. */
export function expressionsOf(template: Template): readonly Expression[] {
  switch (template.kind) {
    case 'literal':
      return [];
    case 'expression':
      return [template.expression];
    case 'text':
      return template.parts.filter((part) => typeof part !== 'string');
    case 'list':
      return template.items.flatMap((item) => expressionsOf(item));
    case 'map':
      return template.entries.flatMap(([, item]) => expressionsOf(item));
  }
}

/** Every path that a template reads, secrets included. */
export function referencesOf(template: Template): readonly Reference[] {
  return expressionsOf(template).flatMap(({ references }) => references);
}

/** Names of the secrets that a template uses, each once. */
export function secretsOf(template: Template): readonly string[] {
  return [...new Set(expressionsOf(template).flatMap((expression) => secretName(expression) ?? []))];
}

/** `headers.authorization`, `to[0]`, `headers['content type']`; the root is `value`. */
export function formatPath(path: ValuePath): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : /^[\w-]+$/.test(key) ? `.${key}` : `['${key}']`)).join('');
  return text === '' ? 'value' : text.replace(/^\./, '');
}

class RenderFault extends Error {
  readonly reason: RenderError;

  constructor(reason: RenderError) {
    super(reason.message);
    this.reason = reason;
  }
}

function parseValue(value: Json, path: ValuePath, errors: TemplateError[]): Template {
  if (typeof value === 'string') return parseText(value, path, errors);
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    const items = list.map((item, index) => parseValue(item, [...path, index], errors));
    const literals = literalValues(items);
    if (literals === undefined) return { kind: 'list', items };
    return { kind: 'literal', value: literals.every((item, index) => item === list[index]) ? value : literals };
  }
  if (!isJsonObject(value)) return { kind: 'literal', value };
  const entries = Object.entries(value).map(([key, item]) => [key, parseValue(item, [...path, key], errors)] as const);
  const literals = literalValues(entries.map(([, item]) => item));
  if (literals === undefined) return { kind: 'map', entries };
  const unchanged = entries.every(([key], index) => literals[index] === value[key]);
  return { kind: 'literal', value: unchanged ? value : Object.fromEntries(entries.map(([key], index) => [key, literals[index] ?? null])) };
}

/** The values where all are literal. */
function literalValues(templates: readonly Template[]): readonly Json[] | undefined {
  const values: Json[] = [];
  for (const template of templates) {
    if (template.kind !== 'literal') return undefined;
    values.push(template.value);
  }
  return values;
}

function parseText(text: string, path: ValuePath, errors: TemplateError[]): Template {
  if (!text.includes('${{')) return { kind: 'literal', value: text };
  const split = splitTemplateText(text);
  if (!split.ok) errors.push({ path, kind: 'unclosed', message: split.message, range: split.range });

  const parts: (string | Expression)[] = [];
  for (const part of split.parts) {
    const parsed = parsePart(part, path, errors);
    if (parsed !== undefined) parts.push(parsed);
  }
  const [first = '', second] = parts;
  if (typeof first === 'string') return parts.length <= 1 ? { kind: 'literal', value: first } : { kind: 'text', parts };
  const alone = parts.length === 1 || (parts.length === 2 && typeof second === 'string' && /^[\r\n]+$/.test(second));
  return alone ? { kind: 'expression', expression: first } : { kind: 'text', parts };
}

function parsePart(part: TextPart, path: ValuePath, errors: TemplateError[]): string | Expression | undefined {
  if (part.kind === 'literal') return part.text;
  const result = parseExpression(part.source);
  if (result.ok) return result.expression;
  // An empty expression has no place of its own.
  const range = part.source === '' ? part.range : shift(result.error.range, part.start);
  errors.push({ path, kind: result.error.kind, message: result.error.message, range });
  return undefined;
}

function renderPart(template: Template, scope: Scope, path: ValuePath, secrets: SecretUse[]): Json {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'expression': {
      const filled = filledPart(template.expression, scope, path);
      if (filled === undefined) return evaluate(template.expression, scope, path);
      secrets.push({ path, parts: [filled] });
      return shownText([filled]);
    }
    case 'text':
      return renderText(template.parts, scope, path, secrets);
    case 'list':
      return template.items.map((item, index) => renderPart(item, scope, [...path, index], secrets));
    case 'map':
      // fromEntries defines keys instead of assigning them, so that `__proto__` is a key like any other.
      return Object.fromEntries(template.entries.map(([key, item]) => [key, renderPart(item, scope, [...path, key], secrets)]));
  }
}

function renderText(parts: readonly (string | Expression)[], scope: Scope, path: ValuePath, secrets: SecretUse[]): string {
  const rendered: (string | FilledPart)[] = [];
  for (const part of parts) {
    const filled = typeof part === 'string' ? undefined : filledPart(part, scope, path);
    if (filled !== undefined) rendered.push(filled);
    else rendered.push(typeof part === 'string' ? part : textOfJson(evaluate(part, scope, path)));
  }
  if (rendered.some((part) => typeof part !== 'string')) secrets.push({ path, parts: joinTexts(rendered) });
  return shownText(rendered);
}

function joinTexts(parts: SecretUse['parts']): SecretUse['parts'] {
  const joined: (string | FilledPart)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}

/** What an expression stands for that is filled in later; undefined if it has a value of its own. */
function filledPart(expression: Expression, scope: Scope, path: ValuePath): FilledPart | undefined {
  const secret = secretName(expression);
  if (secret !== undefined) return { secret };
  const name = signalName(expression, scope);
  if (name === undefined) return undefined;
  if (!name.ok) throw renderFault(expression, path, name.error);
  const signal = name.value;
  if (typeof signal === 'string' && isSignalName(signal)) return { signal };
  throw renderFault(expression, path, { kind: 'evaluation', message: `The name of a signal is text of 1 to ${maxSignalName} characters, on one line.`, range: { start: 0, end: expression.source.length } });
}

function isSignalName(text: string): boolean {
  return text !== '' && text.length <= maxSignalName && !/[\r\n\0]/.test(text);
}

function evaluate(expression: Expression, scope: Scope, path: ValuePath): Json {
  const [misuse] = secretMisuses(expression);
  const result = misuse === undefined
    ? evaluateExpression(expression, scope)
    : { ok: false as const, error: { kind: 'evaluation' as const, message: 'A secret can only stand alone, as in ${{ secrets.NAME }}, never inside an expression.', range: misuse } };
  if (result.ok) return result.value;
  throw renderFault(expression, path, result.error);
}

function renderFault({ source }: Expression, path: ValuePath, error: ExpressionError): RenderFault {
  return new RenderFault({ path, source, error, message: `${formatPath(path)}: \${{ ${shortened(source)} }} has no value. ${error.message}` });
}

function shortened(source: string): string {
  return source.length > 120 ? `${source.slice(0, 119)}…` : source;
}

function shift(range: SourceRange, by: number): SourceRange {
  return { start: range.start + by, end: range.end + by };
}
