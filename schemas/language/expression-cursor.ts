import type { ExpressionPlace } from '../workflow/analysis/expression-scope.ts';
import { locator } from '../workflow/analysis/scalar-source.ts';
import type { TemplateSite } from '../workflow/analysis/template-reader.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import type { TypeScope } from '../workflow/expression-checker.ts';
import { splitTemplateText } from '../workflow/template.ts';
import type { LanguageFile } from './language-file.ts';

/** The expression that an offset of a file stands in, whether it can be read or not. */
export interface ExpressionCursor {
  /** All between the braces, or all of a condition. */
  readonly source: string;
  /** Within `source`. */
  readonly at: number;
  readonly place: ExpressionPlace;
  readonly form: TemplateSite['form'];
  /** Whether its braces are; a condition without any is. */
  readonly isClosed: boolean;
  /** What the names at the place stand for. */
  readonly scope: TypeScope;
  /** Turns a range of `source` into one of the file. */
  readonly locate: (range: SourceRange) => SourceRange;
}

/** The expression at an offset; undefined where none stands there. */
export function expressionCursor(file: LanguageFile, offset: number): ExpressionCursor | undefined {
  const site = siteAt(file, offset);
  if (site === undefined) return undefined;
  const value = String(site.node.value ?? '');
  const locate = locator(file.text, site.node);
  const at = valueOffset(value, locate, offset);
  const found = site.form === 'condition' && !value.trimStart().startsWith('${{') ? { start: 0, end: value.length, isClosed: true } : partAt(value, at);
  if (found === undefined) return undefined;
  return {
    source: value.slice(found.start, found.end),
    at: at - found.start,
    place: site.place,
    form: site.form,
    isClosed: found.isClosed,
    scope: scopeOf(file, site.place),
    locate: ({ start, end }) => locate({ start: start + found.start, end: end + found.start }),
  };
}

/** The scalar at an offset in which expressions may stand. Where several do, because of an anchor, the first. */
export function siteAt(file: LanguageFile, offset: number): TemplateSite | undefined {
  return file.sites.find(({ node: { source } }) => source.start <= offset && offset <= source.end && source.start < source.end);
}

function scopeOf({ analysed }: LanguageFile, place: ExpressionPlace): TypeScope {
  return analysed.kind === 'workflow' ? analysed.analysis.types.scopeAt(place) : () => undefined;
}

/** The last offset of the value that doesn't stand behind an offset of the file. */
function valueOffset(value: string, locate: (range: SourceRange) => SourceRange, offset: number): number {
  let low = 0;
  let high = value.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (locate({ start: middle, end: middle }).start <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What is between the braces around an offset; behind braces that aren't closed, all the rest. */
function partAt(value: string, at: number): (SourceRange & { readonly isClosed: boolean }) | undefined {
  const split = splitTemplateText(value);
  for (const part of split.parts) {
    if (part.kind !== 'expression') continue;
    const [start, end] = [part.range.start + 3, part.range.end - 2];
    if (start <= at && at <= end) return { start, end, isClosed: true };
  }
  if (split.ok || at < split.range.end) return undefined;
  return { start: split.range.end, end: value.length, isClosed: false };
}
