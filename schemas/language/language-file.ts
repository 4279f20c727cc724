import type { Position, Range } from 'vscode-languageserver-types';
import type { AnalysedFile, ProjectFileKind } from '../workflow/analysis/analyse-files.ts';
import type { TemplateSite } from '../workflow/analysis/template-reader.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import type { Document } from '../workflow/document.ts';
import { LineMap } from '../workflow/line-map.ts';
import { fileOccurrences } from './file-occurrences.ts';
import type { SymbolOccurrence } from './language-symbol.ts';

/** One file of a {@link LanguageProject}: its text, what the analysis found in it, and its positions as editors count them. Immutable. */
export class LanguageFile {
  readonly analysed: AnalysedFile;
  #lines: LineMap | undefined;
  #occurrences: readonly SymbolOccurrence[] | undefined;
  #sites: readonly TemplateSite[] | undefined;

  constructor(analysed: AnalysedFile) {
    this.analysed = analysed;
  }

  /** From the project's folder, with forward slashes. */
  get path(): string {
    return this.analysed.file.path;
  }

  get text(): string {
    return this.analysed.file.text;
  }

  get kind(): ProjectFileKind {
    return this.analysed.kind;
  }

  get document(): Document {
    return this.analysed.analysis.document;
  }

  get lines(): LineMap {
    return (this.#lines ??= new LineMap(this.text));
  }

  /** Where symbols are named, in the order of the text. */
  get occurrences(): readonly SymbolOccurrence[] {
    return (this.#occurrences ??= fileOccurrences(this.analysed));
  }

  /** Where expressions stand, or may stand. */
  get sites(): readonly TemplateSite[] {
    return (this.#sites ??= sitesOf(this.analysed));
  }

  /** Of a position as LSP counts it: lines and UTF-16 code units from 0. What lies outside of the text counts as its nearest place. */
  offsetAt({ line, character }: Position): number {
    return this.lines.offsetAt({ line: line + 1, column: character + 1 });
  }

  positionAt(offset: number): Position {
    const { line, column } = this.lines.positionAt(offset);
    return { line: line - 1, character: column - 1 };
  }

  rangeOf({ start, end }: SourceRange): Range {
    return { start: this.positionAt(start), end: this.positionAt(end) };
  }
}

function sitesOf({ kind, analysis }: AnalysedFile): readonly TemplateSite[] {
  switch (kind) {
    case 'workflow':
      return [...analysis.sites, ...[...analysis.steps.values()].flatMap(({ sites }) => sites)];
    case 'connections':
    case 'config':
      return analysis.sites;
    case 'queues':
      return [];
  }
}
