import { type CompletionItem, InsertTextFormat, type Position, type TextEdit } from 'vscode-languageserver-types';
import { nodeAt, pathAt } from '../workflow/document.ts';
import { lineStart } from '../workflow/line-map.ts';
import type { LanguageFile } from './language-file.ts';
import { snippetText } from './completions.ts';

/**
 * An expression that is being typed on the line of the cursor and that YAML can't see yet: its braces aren't closed, or it stands bare
 * within `{ }` or `[ ]`, where its braces are taken for those of a map.
 */
export interface OpenExpression {
  /** The text as it would be with what is missing. */
  readonly text: string;
  /** The cursor's place in it. */
  readonly offset: number;
  /** What an item has to write so that the expression can be read afterwards. */
  readonly complete: (item: CompletionItem, snippets: boolean) => CompletionItem;
}

/** The expression at an offset; undefined if none is open, or more is behind it than a person would leave there. */
export function openExpression(text: string, offset: number, positionAt: (offset: number) => Position): OpenExpression | undefined {
  const start = lineStart(text, offset);
  const before = text.slice(start, offset);
  const opening = before.lastIndexOf('${{');
  if (opening < 0 || before.includes('}}', opening) || /^\s*#/.test(before)) return undefined;
  const rest = /^[^\r\n]*/.exec(text.slice(offset))?.[0] ?? '';
  const closing = /^(?:(?!\$\{\{).)*?\}\}/.exec(rest)?.[0];
  // Braces of a map around it would be taken for the end of the expression only where they are two.
  if (closing === undefined && !/^\w*[ \t]*(?:["',}\]#].*)?$/.test(rest)) return undefined;
  const word = /^\w*/.exec(rest)?.[0] ?? '';
  const head = before.slice(0, opening);
  const quote = isBare(head) ? quoteFor(before.slice(opening) + (closing ?? '')) : '';
  if (quote === undefined || (closing !== undefined && quote === '')) return undefined;
  const openingAt = start + opening;
  const inner = text.slice(openingAt, offset) + (closing ?? `${word} }}`);
  const behind = offset + (closing ?? word).length;
  const back = ({ line, character }: Position): Position => ({ line, character: character - quote.length });
  const added: TextEdit[] = quote === '' ? [] : [
    { range: { start: positionAt(openingAt), end: positionAt(openingAt) }, newText: quote },
    ...(closing === undefined ? [] : [{ range: { start: positionAt(behind), end: positionAt(behind) }, newText: quote }]),
  ];
  return {
    text: `${text.slice(0, openingAt)}${quote}${inner}${quote}${text.slice(behind)}`,
    offset: offset + quote.length,
    complete: (item, snippets) => {
      const edit = item.textEdit as TextEdit | undefined;
      if (edit === undefined) return item;
      const range = { start: back(edit.range.start), end: back(edit.range.end) };
      const isSnippet = item.insertTextFormat === InsertTextFormat.Snippet;
      const end = closing === undefined ? ` }}${quote}` : '';
      // The cursor stays within the braces, where a person continues.
      const newText = end === '' ? edit.newText : snippets ? `${isSnippet ? edit.newText : snippetText(edit.newText)}$0${end.replaceAll('}', '\\}')}` : `${edit.newText}${end}`;
      return { ...item, textEdit: { range, newText }, ...(snippets && end !== '' ? { insertTextFormat: InsertTextFormat.Snippet } : {}), ...(added.length > 0 ? { additionalTextEdits: added } : {}) };
    },
  };
}

/** Whether what follows on a line stands within brackets and outside of quotes. */
function isBare(line: string): boolean {
  const { brackets, quoteAt } = openSigns(line, flowBrackets);
  return quoteAt === undefined && brackets.length > 0;
}

/** Undefined if the expression has both. */
function quoteFor(expression: string): string | undefined {
  if (!expression.includes('"')) return '"';
  return expression.includes("'") ? undefined : "'";
}

/** A bracket that nothing has closed. */
export interface OpenBracket {
  readonly at: number;
  /** What would close it. */
  readonly closer: string;
  /** Commas behind it that are in no bracket further in. */
  readonly commas: number;
}

/** What is open at the end of a source: brackets, the innermost last, and the quote of a text. */
export interface OpenSigns {
  readonly brackets: readonly OpenBracket[];
  readonly quoteAt: number | undefined;
}

/** Which signs have a meaning. */
interface BracketSyntax {
  readonly closers: Readonly<Record<string, string>>;
  /** Whether a quote there opens a text; else it is a letter like any other. */
  readonly isQuote: (source: string, at: number) => boolean;
  /** Quotes in whose texts a backslash takes away the meaning of what follows it. */
  readonly escaping: string;
}

/** Of expressions in CEL. */
export const expressionBrackets: BracketSyntax = { closers: { '(': ')', '[': ']', '{': '}' }, isQuote: () => true, escaping: `"'` };

/** Of YAML within a line, where a quote counts at the beginning of a value only. */
export const flowBrackets: BracketSyntax = { closers: { '[': ']', '{': '}' }, isQuote: (source, at) => at === 0 || /[\s,:{[]/.test(source.charAt(at - 1)), escaping: '"' };

/** Reads a source that needn't be whole. What closes another bracket than the innermost closes none. */
export function openSigns(source: string, { closers, isQuote, escaping }: BracketSyntax): OpenSigns {
  const brackets: { readonly at: number; readonly closer: string; commas: number }[] = [];
  let quoteAt: number | undefined;
  for (let at = 0; at < source.length; at += 1) {
    const sign = source.charAt(at);
    const innermost = brackets.at(-1);
    if (quoteAt !== undefined) {
      const quote = source.charAt(quoteAt);
      if (sign === '\\' && escaping.includes(quote)) at += 1;
      else if (sign === quote) quoteAt = undefined;
    } else if ((sign === '"' || sign === "'") && isQuote(source, at)) quoteAt = at;
    else if (closers[sign] !== undefined) brackets.push({ at, closer: closers[sign], commas: 0 });
    else if (innermost !== undefined && sign === innermost.closer) brackets.pop();
    else if (innermost !== undefined && sign === ',') innermost.commas += 1;
  }
  return { brackets, quoteAt };
}

/** Whether an offset stands between the `{ }` or `[ ]` of a collection that is written in a line. */
export function isInFlow({ document: { root }, text }: LanguageFile, offset: number): boolean {
  const path = pathAt(root, offset);
  for (let length = 0; length <= path.length; length += 1) {
    const node = nodeAt(root, path.slice(0, length));
    if (node === undefined || node.kind === 'scalar') continue;
    const { start, end } = node.range;
    const close = text.charAt(start) === '{' ? '}' : text.charAt(start) === '[' ? ']' : undefined;
    if (close !== undefined && start < offset && (offset < end || (offset === end && text.charAt(end - 1) !== close))) return true;
  }
  return false;
}
