import type { SourceRange } from '../workflow/diagnostic.ts';
import type { Document, DocumentNode } from '../workflow/document.ts';
import { lineStart } from '../workflow/line-map.ts';

/** A part of a file, of whole lines, that says the same by itself; below some key where it is nested. */
export interface TextPiece {
  readonly range: SourceRange;
  readonly isNested: boolean;
}

/**
 * What a line can mean to lines far from it: marks of documents, blank lines that are text, keys that are not plain text, a word to
 * the formatter. So can a lone CR, which only some readers take for the end of a line.
 */
const reachesFar = /^(?:---|\.\.\.|%)|[|>]\d?\+|\r(?!\n)|^ *[?:](?:\s|$)|# *prettier-ignore/m;

/** A comment, which could belong to either side, and the head of a block of text that is empty, to which blank lines belong. */
const endsUnclearly = /^\s*#|[|>][-\d]*\s*(?:#.*)?$/;

/**
 * A file in pieces that can be laid out one by one: the entries of its map, and those of the maps in it. One piece for the whole file where
 * it has faults, or where its parts can't be told from each other by their lines. Anchors are left to the reader: an alias in another
 * piece than its anchor can't be read by itself.
 */
export function textPieces({ text, root, diagnostics }: Document): readonly TextPiece[] {
  const cuts: { readonly at: number; readonly isNested: boolean }[] = [{ at: 0, isNested: false }];
  if (root?.kind === 'map' && diagnostics.length === 0 && !reachesFar.test(text)) {
    for (const [index, { keyRange, value }] of root.entries.entries()) {
      const start = index === 0 ? undefined : startOfEntry(text, keyRange.start, 0);
      if (start !== undefined) cuts.push({ at: start, isNested: false });
      // What an alias stands for stands elsewhere.
      if (value.range.start > keyRange.end) for (const at of cutsWithin(text, value)) cuts.push({ at, isNested: true });
    }
  }
  cuts.sort((one, other) => one.at - other.at);
  return cuts.map(({ at, isNested }, index) => ({ range: { start: at, end: cuts[index + 1]?.at ?? text.length }, isNested }));
}

/** Where the second entry of a map that is indented begins, and all behind it. */
function cutsWithin(text: string, node: DocumentNode): readonly number[] {
  if (node.kind !== 'map' || text[node.range.start] === '{') return [];
  const { start, end } = node.range;
  const column = start - lineStart(text, start);
  // What `<<` brings in stands elsewhere.
  const own = node.entries.filter(({ keyRange }) => keyRange.start > start && keyRange.start < end);
  return own.flatMap(({ keyRange }) => startOfEntry(text, keyRange.start, column) ?? []);
}

/** Where the lines of an entry begin: comments right above it, as far in as it, are its own. Undefined if that can't be told. */
function startOfEntry(text: string, keyStart: number, column: number): number | undefined {
  let start = lineStart(text, keyStart);
  if (keyStart - start !== column || text.slice(start, keyStart).trim() !== '') return undefined;
  let above = lineAbove(text, start);
  while (above?.trimStart().startsWith('#') === true && above.indexOf('#') === column) {
    start = lineStart(text, start - 1);
    above = lineAbove(text, start);
  }
  let content = start;
  while (above === '') {
    content = lineStart(text, content - 1);
    above = lineAbove(text, content);
  }
  return above === undefined || above.trim() === '' || endsUnclearly.test(above) ? undefined : start;
}

/** The line that ends before a line's start, without its break. */
function lineAbove(text: string, start: number): string | undefined {
  return start === 0 ? undefined : text.slice(lineStart(text, start - 1), start - 1).replace(/\r$/, '');
}

/** A range without the white space at its end: that of a block reaches to the beginning of what follows it. */
export function trimmedRange(text: string, { start, end }: SourceRange): SourceRange {
  let last = end;
  while (last > start && /\s/.test(text.charAt(last - 1))) last -= 1;
  return { start, end: last };
}
