import { DiagnosticSeverity, DiagnosticTag, type Diagnostic } from 'vscode-languageserver-types';
import type { Diagnostic as AnalysisFinding, Severity } from '../workflow/diagnostic.ts';
import { english, type Language } from '../wording/language.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';

/** What a diagnostic carries for its quick fixes (`Diagnostic.data`). */
export interface DiagnosticData {
  /** Replacements of the range that would fix it, most likely first. */
  readonly suggestions: readonly string[];
}

/** What the analysis found, or advice. */
type Finding = Omit<AnalysisFinding, 'code'> & { readonly code: string };

const diagnosticSource = 'sluice';

/** The findings about a file, in the order of the text: those of `sluice validate`, told in `language`. Empty for a file that isn't the project's. */
export function diagnosticsOf(project: LanguageProject, path: string, language: Language = english): Diagnostic[] {
  const file = project.files.get(path);
  if (file === undefined) return [];
  const findings = [...(project.analysis.diagnostics.get(path) ?? []), ...(project.advice.get(path) ?? [])];
  return findings.toSorted((a, b) => a.range.start - b.range.start).map((finding) => toDiagnostic(file, finding, language));
}

/** A finding in the shape of LSP, told in `language`. */
export function toDiagnostic(file: LanguageFile, { severity, code, message, range, suggestions, tags }: Finding, language: Language = english): Diagnostic {
  const data: DiagnosticData = { suggestions: suggestions ?? [] };
  return {
    range: file.rangeOf(range),
    severity: severities[severity],
    code,
    source: diagnosticSource,
    message: language.textOf(message),
    data,
    ...(tags?.includes('unnecessary') === true ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};
