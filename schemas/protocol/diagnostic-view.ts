import type { Diagnostic } from '../workflow/diagnostic.ts';
import { english } from '../wording/language.ts';
import { LineMap } from '../workflow/line-map.ts';
import type { DiagnosticView } from './workflow.ts';

/** The findings of one file as people and messages see them: by line and column. `file` is what they are to be named by. */
export function diagnosticViews(file: string, text: string, diagnostics: readonly (Omit<Diagnostic, 'code'> & { readonly code: string })[]): readonly DiagnosticView[] {
  const lines = new LineMap(text);
  return diagnostics.map(({ severity, code, message, range, suggestions }) => {
    const { line, column } = lines.positionAt(range.start);
    const end = lines.positionAt(range.end);
    return { file, line, column, endLine: end.line, endColumn: end.column, severity, code, message: english.textOf(message), ...(suggestions === undefined ? {} : { suggestions: [...suggestions] }) };
  });
}
