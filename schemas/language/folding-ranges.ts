import { FoldingRangeKind, type FoldingRange } from 'vscode-languageserver-types';
import type { DocumentNode } from '../workflow/document.ts';
import type { LanguageFile } from './language-file.ts';
import { trimmedRange } from './trimmed-range.ts';

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
