import type { SourceRange } from './diagnostic.ts';
import { isJsonObject, type Json } from './json.ts';

/** A stretch of a text: literal, or the source between `${{` and `}}`. */
export type TextPart =
  | { readonly kind: 'literal'; readonly text: string }
  /** `start` is where `source`, with its spaces trimmed, is in the text; `range` includes the braces. */
  | { readonly kind: 'expression'; readonly source: string; readonly start: number; readonly range: SourceRange };

export type SplitResult =
  | { readonly ok: true; readonly parts: readonly TextPart[] }
  /** `range` is the opening without its end. What could be split before it is in `parts`. */
  | { readonly ok: false; readonly parts: readonly TextPart[]; readonly message: string; readonly range: SourceRange };

const opening = '${{';

/**
 * Splits a text into literal parts and expressions. `$${{` stands for a literal `${{`. Inside an expression, a `}}` in a string, in
 * a comment up to its line's end, or after an open brace doesn't end it: `${{ {'a': {'b': '}}'}} }}` is one expression.
 */
export function splitTemplateText(text: string): SplitResult {
  const parts: TextPart[] = [];
  let literal = '';
  let position = 0;
  while (position < text.length) {
    const next = text.indexOf(opening, position);
    if (next === -1) break;
    if (next > position && text.charAt(next - 1) === '$') {
      literal += text.slice(position, next - 1) + opening;
      position = next + opening.length;
      continue;
    }
    literal += text.slice(position, next);
    if (literal !== '') parts.push({ kind: 'literal', text: literal });
    literal = '';

    const close = findClose(text, next + opening.length);
    if (!close.found) return { ok: false, parts, message: close.message, range: { start: next, end: next + opening.length } };
    const raw = text.slice(next + opening.length, close.at);
    const start = next + opening.length + (raw.length - raw.trimStart().length);
    parts.push({ kind: 'expression', source: raw.trim(), start: raw.trim() === '' ? next + opening.length : start, range: { start: next, end: close.at + 2 } });
    position = close.at + 2;
  }
  literal += text.slice(position);
  if (literal !== '') parts.push({ kind: 'literal', text: literal });
  return { ok: true, parts };
}

/** Text in which {@link splitTemplateText} finds no expression: every `${{` is escaped. */
export function escapeTemplateText(text: string): string {
  return text.replaceAll(opening, () => `$${opening}`);
}

type Close = { readonly found: true; readonly at: number } | { readonly found: false; readonly message: string };

function findClose(text: string, from: number): Close {
  let depth = 0;
  let position = from;
  while (position < text.length) {
    const character = text.charAt(position);
    if (character === '"' || character === "'") {
      const end = endOfString(text, position);
      if (end === undefined) return { found: false, message: `A text in this expression is opened with ${character} and not closed.` };
      position = end;
    } else if (character === '/' && text.startsWith('//', position)) {
      position = endOfComment(text, position);
    } else if (character === '}' && depth === 0 && text.startsWith('}}', position)) {
      return { found: true, at: position };
    } else {
      if (character === '{') depth += 1;
      else if (character === '}') depth = Math.max(0, depth - 1);
      position += 1;
    }
  }
  return { found: false, message: "'${{' has no '}}' after it. (A literal '${{' is written '$${{'.)" };
}

/** After the closing quote; CEL's strings have one or three quotes, and a backslash hides the next character. */
function endOfString(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  const triple = quote.repeat(3);
  const fence = text.startsWith(triple, start) ? triple : quote;
  for (let position = start + fence.length; position < text.length; position += 1) {
    if (text.charAt(position) === '\\') position += 1;
    else if (text.startsWith(fence, position)) return position + fence.length;
  }
  return undefined;
}

/** A comment runs to the end of its line, or of its expression. */
function endOfComment(text: string, start: number): number {
  const line = text.indexOf('\n', start);
  const close = text.indexOf('}}', start);
  const ends = [line, close].filter((end) => end !== -1);
  return ends.length === 0 ? text.length : Math.min(...ends);
}

/** What is filled in when an attempt starts: the value of a secret, or the link that answers a signal of that name. */
export type FilledPart = { readonly secret: string } | { readonly signal: string };

/**
 * A place in a rendered payload that holds a secret, or a link that is as good as one. The payload's text there shows the reference
 * (`Bearer ${{ secrets.TOKEN }}`); only these places are ever filled in, so data that merely looks like a reference stays data.
 */
export interface SecretUse {
  /** Keys and indexes from the payload's root. */
  readonly path: readonly (string | number)[];
  readonly parts: readonly (string | FilledPart)[];
}

export interface Rendered {
  readonly value: Json;
  readonly secrets: readonly SecretUse[];
}

/** The text of a place that holds secrets, as it is stored and shown. */
export function shownText(parts: SecretUse['parts']): string {
  return parts.map((part) => (typeof part === 'string' ? part : referenceText(part))).join('');
}

/**
 * A copy of a payload with its secrets filled in; parts without secrets are shared with the original. A place is filled only while its
 * text is still the one that was rendered: what somebody has written over it stays as it is. `lookup` throws where it has no such secret, or can make no link.
 */
export function fillSecrets(rendered: Rendered, lookup: (part: FilledPart) => string): Json {
  return rendered.secrets.reduce((value, use) => fill(value, use, 0, lookup), rendered.value);
}

function fill(value: Json, use: SecretUse, depth: number, lookup: (part: FilledPart) => string): Json {
  const key = use.path[depth];
  if (key === undefined) {
    if (value !== shownText(use.parts)) return value;
    return use.parts.map((part) => (typeof part === 'string' ? part : lookup(part))).join('');
  }
  if (typeof key === 'number') {
    if (!Array.isArray(value)) return value;
    const list: readonly Json[] = value;
    return list.map((item, index) => (index === key ? fill(item, use, depth + 1, lookup) : item));
  }
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return value;
  // Not by assignment, because a key may be `__proto__`.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, name === key ? fill(item, use, depth + 1, lookup) : item]));
}

function referenceText(part: FilledPart): string {
  return 'secret' in part ? `\${{ secrets.${part.secret} }}` : `\${{ signalUrl('${part.signal.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}') }}`;
}
