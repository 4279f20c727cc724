import type { Diagnostic, DiagnosticCode, Severity, SourceRange } from '../diagnostic.ts';

/** Collects the findings about one text. */
export class Report {
  readonly #textLength: number;
  readonly #diagnostics: Diagnostic[];
  readonly #isWorthSaying: (code: DiagnosticCode, range: SourceRange) => boolean;

  constructor(text: string, diagnostics: readonly Diagnostic[] = [], isWorthSaying: (code: DiagnosticCode, range: SourceRange) => boolean = () => true) {
    this.#textLength = text.length;
    this.#diagnostics = [...diagnostics];
    this.#isWorthSaying = isWorthSaying;
  }

  /** In the order of the text. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics.toSorted((a, b) => a.range.start - b.range.start || a.range.end - b.range.end);
  }

  /** Whether exactly this place has an error already. */
  hasErrorAt({ start, end }: SourceRange): boolean {
    return this.#diagnostics.some(({ severity, range }) => severity === 'error' && range.start === start && range.end === end);
  }

  hasErrorWithin({ start, end }: SourceRange): boolean {
    return this.#diagnostics.some(({ severity, range }) => severity === 'error' && start <= range.start && range.end <= end);
  }

  error(code: DiagnosticCode, range: SourceRange, message: string, suggestions: readonly string[] = []): void {
    this.#add('error', code, range, message, suggestions);
  }

  /** A key that has to be there isn't. */
  missing(key: string, range: SourceRange, message: string): void {
    this.#add('error', 'missing-key', range, message, [], key);
  }

  warning(code: DiagnosticCode, range: SourceRange, message: string, suggestions: readonly string[] = []): void {
    this.#add('warning', code, range, message, suggestions);
  }

  #add(severity: Severity, code: DiagnosticCode, range: SourceRange, message: string, suggestions: readonly string[], missing?: string): void {
    if (!this.#isWorthSaying(code, range)) return;
    this.#diagnostics.push({ severity, code, message, range: this.#visible(range), ...(suggestions.length > 0 ? { suggestions } : {}), ...(missing === undefined ? {} : { missing }) });
  }

  /** An editor can't draw an empty range. */
  #visible({ start, end }: SourceRange): SourceRange {
    const last = Math.min(end, this.#textLength);
    if (last > start) return { start, end: last };
    const from = Math.max(0, Math.min(start, this.#textLength - 1));
    return { start: from, end: Math.min(from + 1, this.#textLength) };
  }
}

/** A name out of the file within a message, cut where it is too long to be read. */
export function quoted(name: string): string {
  const line = name.replace(/\s+/g, ' ');
  return `'${line.length > 60 ? `${line.slice(0, 60)}...` : line}'`;
}

/** `'a', 'b' or 'c'`. */
export function anyOf(names: readonly string[]): string {
  const shown = names.map(quoted);
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1) ?? ''}`;
}

/** ` Did you mean 'x'?`, or nothing. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : ` Did you mean ${quoted(name)}?`;
}
