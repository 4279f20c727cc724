import { type DocumentSymbol, type FoldingRange, FoldingRangeKind, type SelectionRange, SymbolKind } from 'vscode-languageserver-types';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { type DocumentNode, entryOf, type MapEntry } from '../workflow/document.ts';
import type { LanguageFile } from './language-file.ts';
import { trimmedRange } from './text-pieces.ts';

/** Symbols of entries, by the top-level key that they stand under. */
const entryKinds: Readonly<Record<string, SymbolKind>> = {
  inputs: SymbolKind.Variable,
  queues: SymbolKind.Interface,
  steps: SymbolKind.Function,
  'on-failure': SymbolKind.Function,
  connections: SymbolKind.Interface,
};

/** The outline of a file: its keys, and what is declared under them, with what each is about in a few words. */
export function documentSymbols(file: LanguageFile): DocumentSymbol[] {
  const { root } = file.document;
  if (root?.kind !== 'map') return [];
  return ownEntries(root).map((section) => {
    const kind = entryKinds[section.key];
    const children = kind === undefined ? [] : ownEntries(section.value).map((entry) => symbolOf(file, entry, kind, aboutEntry(section.key, entry)));
    return { ...symbolOf(file, section, kind === undefined ? SymbolKind.Property : SymbolKind.Namespace, scalarText(section.value)), children };
  });
}

function symbolOf(file: LanguageFile, { key, keyRange, value }: MapEntry, kind: SymbolKind, detail: string): DocumentSymbol {
  const range = file.rangeOf(trimmedRange(file.text, { start: keyRange.start, end: Math.max(keyRange.end, value.range.end) }));
  return { name: key === '' ? '""' : key, kind, range, selectionRange: file.rangeOf(keyRange), ...(detail === '' ? {} : { detail }) };
}

function aboutEntry(section: string, { value }: MapEntry): string {
  const text = (key: string): string => scalarText(entryOf(value, key)?.value);
  switch (section) {
    case 'steps':
    case 'on-failure':
      return [text('uses'), text('queue') === '' ? '' : `in ${text('queue')}`].filter((part) => part !== '').join(' ');
    case 'queues':
      return rateText(entryOf(value, 'rate')?.value);
    case 'connections':
      return text('host');
    default:
      return text('type');
  }
}

/** What aliases and merge keys bring in stands elsewhere in the text, and has its symbols there. */
function ownEntries(node: DocumentNode): readonly MapEntry[] {
  return node.kind === 'map' ? node.entries.filter(({ keyRange }) => keyRange.start >= node.range.start && keyRange.end <= node.range.end) : [];
}

function scalarText(node: DocumentNode | undefined): string {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value).slice(0, 80) : '';
}

/** `20/s, 50000/d`, of one rate or a list of them. */
function rateText(node: DocumentNode | undefined): string {
  return node?.kind === 'list' ? node.items.map(scalarText).filter((text) => text !== '').join(', ') : scalarText(node);
}

/** What can be folded: every entry and item of more than one line, and every block of comments. */
export function foldingRanges(file: LanguageFile): FoldingRange[] {
  const byStart = new Map<number, FoldingRange>();
  const add = (startLine: number, endLine: number, kind?: FoldingRangeKind): void => {
    const known = byStart.get(startLine);
    if (endLine > startLine && (known === undefined || known.endLine < endLine)) byStart.set(startLine, { startLine, endLine, ...(kind === undefined ? {} : { kind }) });
  };
  const visit = (node: DocumentNode, from: number): void => {
    add(file.positionAt(from).line, file.positionAt(trimmedRange(file.text, { start: from, end: node.range.end }).end).line);
    if (node.kind === 'list') for (const item of node.items) if (isWithin(node, item.range.start)) visit(item, item.range.start);
    if (node.kind === 'map') for (const { keyRange, value } of node.entries) if (isWithin(node, keyRange.start)) visit(value, keyRange.start);
  };
  const { root } = file.document;
  if (root?.kind === 'map') for (const { keyRange, value } of root.entries) visit(value, keyRange.start);
  for (const [start, end] of commentBlocks(file.text)) add(start, end, FoldingRangeKind.Comment);
  return [...byStart.values()].sort((a, b) => a.startLine - b.startLine);
}

/** What an alias stands for is folded where it stands. */
function isWithin({ range }: DocumentNode, offset: number): boolean {
  return offset >= range.start && offset < range.end;
}

/** First and last lines of two or more lines of comments, from 0. */
function commentBlocks(text: string): readonly (readonly [start: number, end: number])[] {
  const blocks: [number, number][] = [];
  for (const [line, content] of text.split(/\r\n|\n|\r/).entries()) {
    if (!/^\s*#/.test(content)) continue;
    const last = blocks.at(-1);
    if (last?.[1] === line - 1) last[1] = line;
    else blocks.push([line, line]);
  }
  return blocks.filter(([start, end]) => end > start);
}

/** What a selection grows to from an offset, step by step: the expression, the value, its entry, the map around it, the file. */
export function selectionRange(file: LanguageFile, offset: number): SelectionRange {
  const ranges: SourceRange[] = [{ start: 0, end: file.text.length }];
  if (file.document.root !== undefined) narrow(file.document.root, offset, ranges);
  for (const { expressions } of file.sites) {
    for (const { expression, locate } of expressions) {
      const range = locate({ start: 0, end: expression.source.length });
      if (holds(range, offset)) ranges.push(range);
    }
  }
  return ranges
    .map((range, index) => (index === 0 ? range : trimmedRange(file.text, range)))
    .filter((range, index, all) => index === 0 || isNarrower(range, all[index - 1]))
    .reduce<SelectionRange | undefined>((parent, range) => ({ range: file.rangeOf(range), ...(parent === undefined ? {} : { parent }) }), undefined) ?? { range: file.rangeOf({ start: offset, end: offset }) };
}

function narrow(node: DocumentNode, offset: number, ranges: SourceRange[]): void {
  if (!holds(node.range, offset)) return;
  ranges.push(node.range);
  if (node.kind === 'list') for (const item of node.items) narrow(item, offset, ranges);
  if (node.kind !== 'map') return;
  for (const { keyRange, value } of node.entries) {
    const entry = { start: keyRange.start, end: Math.max(keyRange.end, value.range.end) };
    if (!holds(entry, offset) || !holds(node.range, entry.start)) continue;
    ranges.push(entry);
    if (holds(keyRange, offset)) ranges.push(keyRange);
    else narrow(value, offset, ranges);
  }
}

function holds({ start, end }: SourceRange, offset: number): boolean {
  return offset >= start && offset <= end;
}

function isNarrower({ start, end }: SourceRange, other: SourceRange | undefined): boolean {
  return other !== undefined && start >= other.start && end <= other.end && end - start < other.end - other.start;
}
