import type { SelectionRange } from 'vscode-languageserver-types';
import type { SourceRange } from '../workflow/diagnostic.ts';
import type { DocumentNode } from '../workflow/document.ts';
import type { LanguageFile } from './language-file.ts';
import { trimmedRange } from './trimmed-range.ts';

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
