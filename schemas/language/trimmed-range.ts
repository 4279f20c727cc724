import type { SourceRange } from '../workflow/diagnostic.ts';

/** A range without the white space at its end: that of a block reaches to the beginning of what follows it. */
export function trimmedRange(text: string, { start, end }: SourceRange): SourceRange {
  let last = end;
  while (last > start && /\s/.test(text.charAt(last - 1))) last -= 1;
  return { start, end: last };
}
