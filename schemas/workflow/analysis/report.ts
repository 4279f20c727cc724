import type { Diagnostic, DiagnosticCode, Severity, SourceRange } from '../diagnostic.ts';
import { message, sentences, type Message } from '../../wording/message.ts';
import type { DocumentNode } from '../document.ts';
import { hiddenHint, visibleText } from '../visible-text.ts';
import { withoutFollowUps } from './one-cause.ts';

/** What is longer is text, in which a hidden character is not what a message is about. */
const longestName = 120;

export interface ReportOptions {
  /** What is known to be wrong already. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly isWorthSaying?: (code: DiagnosticCode, range: SourceRange) => boolean;
  readonly isKept?: boolean;
}

/** Collects the findings about one text. */
export class Report {
  /**
   * Whether the text is a version that the store kept. It was accepted by the rules of its day, and runs continue with it: a rule that came
   * later must not make an error of what worked, or its jobs could no longer be read.
   */
  readonly isKept: boolean;
  readonly #text: string;
  readonly #diagnostics: Diagnostic[];
  readonly #isWorthSaying: (code: DiagnosticCode, range: SourceRange) => boolean;

  constructor(text: string, { diagnostics = [], isWorthSaying = () => true, isKept = false }: ReportOptions = {}) {
    this.isKept = isKept;
    this.#text = text;
    this.#diagnostics = [...diagnostics];
    this.#isWorthSaying = isWorthSaying;
  }

  /** In the order of the text, each mistake once. `root`: what was read. */
  conclude(root: DocumentNode | undefined): readonly Diagnostic[] {
    return withoutFollowUps(this.#diagnostics.toSorted((a, b) => a.range.start - b.range.start || a.range.end - b.range.end), root);
  }

  get errorCount(): number {
    return this.#diagnostics.filter(({ severity }) => severity === 'error').length;
  }

  /** Whether exactly this place has an error already. */
  hasErrorAt({ start, end }: SourceRange): boolean {
    return this.#diagnostics.some(({ severity, range }) => severity === 'error' && range.start === start && range.end === end);
  }

  hasErrorWithin({ start, end }: SourceRange): boolean {
    return this.#diagnostics.some(({ severity, range }) => severity === 'error' && start <= range.start && range.end <= end);
  }

  /** @param cause see {@link Diagnostic.cause} */
  error(code: DiagnosticCode, range: SourceRange, message: Message, suggestions: readonly string[] = [], cause?: string): void {
    this.#add('error', code, range, message, suggestions, { ...(cause === undefined ? {} : { cause }) });
  }

  /** As the file has it: `1.10`, where its value is 1.1. */
  textAt({ start, end }: SourceRange): string {
    return this.#text.slice(start, end);
  }

  /** A text has to be there, and something else is, of which quotes would make a text if it `isQuotable`. */
  notText(range: SourceRange, message: Message, isQuotable: boolean): void {
    this.#add('error', 'wrong-type', range, message, [], isQuotable ? { isQuotable } : {});
  }

  /** A key that has to be there isn't. */
  missing(key: string, range: SourceRange, message: Message): void {
    this.#add('error', 'missing-key', range, message, [], { missing: key });
  }

  warning(code: DiagnosticCode, range: SourceRange, message: Message, suggestions: readonly string[] = []): void {
    this.#add('warning', code, range, message, suggestions);
  }

  #add(severity: Severity, code: DiagnosticCode, range: SourceRange, message: Message, suggestions: readonly string[], more: Pick<Diagnostic, 'missing' | 'cause' | 'isQuotable'> = {}): void {
    if (!this.#isWorthSaying(code, range)) return;
    const shown = this.#visible(range);
    const hidden = this.#hidden(shown);
    this.#diagnostics.push({ severity, code, message: hidden === undefined ? message : sentences(message, hidden), range: shown, ...(suggestions.length > 0 ? { suggestions } : {}), ...more });
  }

  /** Who reads `'to' is not a key` must be told what is wrong with a `to` that looks like any other. */
  #hidden({ start, end }: SourceRange): Message | undefined {
    const written = this.#text.slice(start, end);
    return written.length > longestName || /[\r\n]/.test(written) ? undefined : hiddenHint(written);
  }

  /** An editor can't draw an empty range. */
  #visible({ start, end }: SourceRange): SourceRange {
    const { length } = this.#text;
    const last = Math.min(end, length);
    if (last > start) return { start, end: last };
    const from = Math.max(0, Math.min(start, length - 1));
    return { start: from, end: Math.min(from + 1, length) };
  }
}

/** A name out of the file within a message: what can't be seen shows as its code, and it is cut where it is too long to be read. */
export function quoted(name: string): string {
  const line = visibleText(name.slice(0, 200)).replace(/[\t\r\n ]+/g, ' ');
  return `'${line.length > 60 ? `${line.slice(0, 60)}...` : line}'`;
}

/** `'a', 'b' or 'c'`. */
export function anyOf(names: readonly string[]): string {
  const shown = names.map(quoted);
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1) ?? ''}`;
}

/** `Did you mean 'x'?`, or nothing. */
export function didYouMean(name: string | undefined): Message | undefined {
  return name === undefined ? undefined : message('Did you mean {name}?', { name: quoted(name) });
}
