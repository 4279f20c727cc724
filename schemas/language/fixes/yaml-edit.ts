import type { SourceRange } from '../../workflow/diagnostic.ts';
import type { DocumentNode, ListNode, MapEntry, MapNode } from '../../workflow/document.ts';
import { lineStart } from '../../workflow/line-map.ts';
import { insertion, type TextChange } from './fix.ts';

/**
 * Changes to YAML by its text, so that comments, quotes and layout stay as their author has them. Each answers with undefined if the
 * text is not as plain as it would have to be, such as behind an alias: then a person has to do it.
 */

/** How many spaces a level has in this file; two where it has no example. */
function indentStep(text: string): number {
  const [, spaces = '  '] = /^[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n( +)[^\s#]/m.exec(text) ?? [];
  return Math.min(spaces.length, 8);
}

/** What a new entry says: `value` in one line, or `block`, the lines below its key, without indentation. */
export interface NewEntry {
  readonly key: string;
  /** As it is in a flow map as well; a block map takes `block` where there is one. */
  readonly value: string;
  readonly block?: readonly string[];
}

/** Adds an entry to the map below `holder`, which may be empty (`queues:`). */
export function addEntry(text: string, holder: MapEntry, entry: NewEntry): TextChange | undefined {
  const { value } = holder;
  if (value.kind === 'map') return addToMap(text, value, entry, holder.keyRange);
  if (value.kind !== 'scalar' || value.value !== null || value.range.end > value.range.start) return undefined;
  const indent = columnOf(text, holder.keyRange.start) + indentStep(text);
  return insertion(lineEnd(text, holder.keyRange.end), `\n${written(entry, indent, indentStep(text))}`);
}

function addToMap(text: string, map: MapNode, entry: NewEntry, holder: SourceRange): TextChange | undefined {
  if (text[map.range.start] === '{') {
    const last = lastEntry(map);
    if (last === undefined) return { range: map.range, text: `{ ${entry.key}: ${entry.value} }` };
    return insertion(valueEnd(last), `, ${entry.key}: ${entry.value}`);
  }
  const [first] = ownEntries(map);
  // Behind an alias, or with keys taken over by `<<` only.
  if (first === undefined || text[map.range.start] === '*' || first.keyRange.start < holder.start) return undefined;
  const end = contentEnd(text, map.range);
  return insertion(lineEnd(text, end), `\n${written(entry, columnOf(text, first.keyRange.start), indentStep(text))}`);
}

/** Adds an entry to the file's root map, before the entry `before` where it is there, else at the end. */
export function addRootEntry(text: string, root: DocumentNode | undefined, entry: NewEntry, before: string): TextChange | undefined {
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) {
    const gap = text === '' || text.endsWith('\n') ? '' : '\n';
    return insertion(text.length, `${gap}${written(entry, 0, 2)}\n`);
  }
  if (root.kind !== 'map' || text[root.range.start] === '{') return undefined;
  const next = root.entries.find(({ key }) => key === before);
  if (next === undefined) return insertion(lineEnd(text, contentEnd(text, root.range)), `\n\n${written(entry, 0, indentStep(text))}`);
  return insertion(aboveComments(text, lineStart(text, next.keyRange.start)), `${written(entry, 0, indentStep(text))}\n\n`);
}

/** Takes an entry out of a map, with its line where it has one of its own. */
export function removeEntry(text: string, map: MapNode, entry: MapEntry): TextChange | undefined {
  const own = ownEntries(map);
  const index = own.indexOf(entry);
  if (index < 0) return undefined;
  const whole = { start: entry.keyRange.start, end: valueEnd(entry) };
  if (text[map.range.start] === '{') return { range: withComma(text, whole, own.length > 1), text: '' };
  // The only entry: without it there would be no map.
  if (own.length === 1 || columnOf(text, whole.start) !== indentationAt(text, whole.start)) return undefined;
  return { range: wholeLines(text, whole), text: '' };
}

/** Takes an item out of a list that has others. */
export function removeItem(text: string, list: ListNode, index: number): TextChange | undefined {
  const item = list.items[index];
  if (item === undefined || list.items.length < 2) return undefined;
  if (text[list.range.start] === '[') return { range: withComma(text, item.range, true), text: '' };
  const dash = text.lastIndexOf('-', item.range.start);
  if (dash < lineStart(text, item.range.start)) return undefined;
  return { range: wholeLines(text, { start: dash, end: item.range.end }), text: '' };
}

/** Adds an item to a list. */
export function addItem(text: string, list: ListNode, item: string): TextChange | undefined {
  const last = list.items.at(-1);
  if (text[list.range.start] === '[') return last === undefined ? { range: list.range, text: `[${item}]` } : insertion(last.range.end, `, ${item}`);
  if (last === undefined || text[list.range.start] === '*') return undefined;
  const dash = text.lastIndexOf('-', last.range.start);
  return insertion(lineEnd(text, contentEnd(text, last.range)), `\n${' '.repeat(columnOf(text, dash))}- ${item}`);
}

/** Puts another plain text in the place of a scalar or key, in the quotes that it has. */
export function replaceScalar(text: string, range: SourceRange, value: string): TextChange {
  const quote = text.charAt(range.start);
  return { range, text: isQuoted(text, range) ? `${quote}${value}${quote}` : value };
}

export function isQuoted(text: string, { start, end }: SourceRange): boolean {
  const quote = text[start];
  return (quote === '"' || quote === "'") && text[end - 1] === quote && end - start > 1;
}

/** A text in quotes, for a place where it can't stand bare. */
export function inQuotes(value: string): string {
  if (!/["\\]/.test(value)) return `"${value}"`;
  return value.includes("'") ? `"${value.replace(/["\\]/g, '\\$&')}"` : `'${value}'`;
}

function written({ key, value, block }: NewEntry, indent: number, step: number): string {
  const margin = ' '.repeat(indent);
  if (block === undefined) return `${margin}${key}: ${value}`;
  return [`${margin}${key}:`, ...block.map((line) => `${margin}${' '.repeat(step)}${line}`)].join('\n');
}

/** Without those that `<<` brings in, which stand elsewhere; with those whose key appears there twice. */
function ownEntries(map: MapNode): readonly MapEntry[] {
  const own = map.entries.filter(({ keyRange }) => map.range.start <= keyRange.start && keyRange.end <= map.range.end);
  return map.repeated === undefined ? own : [...own, ...map.repeated].sort((a, b) => a.keyRange.start - b.keyRange.start);
}

function lastEntry(map: MapNode): MapEntry | undefined {
  return ownEntries(map).at(-1);
}

function valueEnd({ keyRange, value }: MapEntry): number {
  return Math.max(value.range.end, keyRange.end);
}

/** The end of what can be seen: a block's range continues over blank lines. */
function contentEnd(text: string, { start, end }: SourceRange): number {
  return start + text.slice(start, end).trimEnd().length;
}

/** Before the line break, and before its carriage return. */
function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  const end = found < 0 ? text.length : found;
  return text[end - 1] === '\r' && end > at ? end - 1 : end;
}

function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

function indentationAt(text: string, at: number): number {
  const start = lineStart(text, at);
  return (/^ */.exec(text.slice(start, at))?.[0] ?? '').length;
}

/** From the start of its first line to the line break of its last, comments behind it included. */
function wholeLines(text: string, { start, end }: SourceRange): SourceRange {
  const last = text.indexOf('\n', contentEnd(text, { start, end }));
  return { start: lineStart(text, start), end: last < 0 ? text.length : last + 1 };
}

/** Comments that stand right above a line belong to it. */
function aboveComments(text: string, start: number): number {
  let above = start;
  while (above > 0) {
    const before = lineStart(text, above - 1);
    if (!/^[ \t]*#/.test(text.slice(before, above))) return above;
    above = before;
  }
  // What is at the top of the file is about the file.
  return start;
}

/** With the comma and the space that part it from its neighbour. */
function withComma(text: string, { start, end }: SourceRange, hasOthers: boolean): SourceRange {
  if (!hasOthers) return { start, end };
  const after = /^\s*,[ \t]*/.exec(text.slice(end));
  if (after !== null) return { start, end: end + after[0].length };
  const before = /,\s*$/.exec(text.slice(0, start));
  return { start: before === null ? start : before.index, end };
}
