import type { SourceRange } from '../../workflow/diagnostic.ts';

/** A range of a text and what is to stand there. An insertion has an empty range. */
export interface TextChange {
  readonly range: SourceRange;
  readonly text: string;
}

export function insertion(at: number, text: string): TextChange {
  return { range: { start: at, end: at }, text };
}

/** Applies changes that don't overlap, whatever their order. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let result = text;
  for (const { range, text: added } of changes.toSorted((a, b) => b.range.start - a.range.start || b.range.end - a.range.end)) {
    result = result.slice(0, range.start) + added + result.slice(range.end);
  }
  return result;
}

/** Those that don't touch an earlier one. */
export function withoutOverlap(changes: readonly TextChange[]): readonly TextChange[] {
  const kept: TextChange[] = [];
  for (const change of changes) {
    if (kept.every(({ range }) => change.range.end < range.start || range.end < change.range.start)) kept.push(change);
  }
  return kept;
}
