import type { AnalysedFile } from '../../../schemas/workflow/analysis/analyse-files.ts';
import { LanguageFile } from '../../../schemas/language/language-file.ts';
import type { SourceRange } from '../../../schemas/workflow/diagnostic.ts';

/** An expression of a workflow file, or the part of one that somebody points at. */
export interface PointedExpression {
  /** All of it. */
  readonly source: string;
  /** The path up to the name that is pointed at, such as `steps.a.output`; the same as `source` where nothing less is pointed at. */
  readonly part: string;
  /** Of `part`, in the file. */
  readonly range: SourceRange;
  /** The step in which it stands; undefined outside of any. */
  readonly step: string | undefined;
  /** It sees the current item. */
  readonly hasItem: boolean;
}

/** The expression at an offset of a workflow file; undefined if none stands. Secrets are none: they have no value that could be shown. */
export function expressionAt(analysed: AnalysedFile | undefined, offset: number): PointedExpression | undefined {
  if (analysed?.kind !== 'workflow') return undefined;
  const steps: ReadonlySet<string> = new Set(analysed.analysis.steps.keys());
  for (const { expressions, place } of new LanguageFile(analysed).sites) {
    for (const { expression, locate } of expressions) {
      const { source, references } = expression;
      const whole = locate({ start: 0, end: source.length });
      if (offset < whole.start || offset > whole.end) continue;
      if (references.some((reference) => reference.path[0] === 'secrets')) return undefined;
      const at = { source, step: steps.has(place.step) ? place.step : undefined, hasItem: place.item !== undefined };
      const reference = references.find(({ range }) => contains(locate(range), offset));
      if (reference === undefined) return { ...at, part: source, range: whole };
      const end = wordEnd(source, reference.range, (position) => locate({ start: position, end: position + 1 }).start >= offset);
      const range = { start: reference.range.start, end };
      return { ...at, part: source.slice(range.start, range.end), range: locate(range) };
    }
  }
  return undefined;
}

function contains({ start, end }: SourceRange, offset: number): boolean {
  return start <= offset && offset <= end;
}

/** The end of the name at the offset, within a path; the end of the path where the offset is within brackets. */
function wordEnd(source: string, { start, end }: SourceRange, isAtOrBehind: (position: number) => boolean): number {
  for (let position = start; position < end; position++) {
    const isEndOfWord = !/\w/.test(source.charAt(position + 1)) || position + 1 === end;
    if (isEndOfWord && isAtOrBehind(position + 1)) return /['"\]]/.test(source.charAt(position + 1)) ? end : position + 1;
  }
  return end;
}
