import type { Diagnostic } from 'vscode-languageserver-types';
import { diagnosticsOf } from '../../../schemas/language/diagnostics.ts';
import type { LanguageProject } from '../../../schemas/language/language-project.ts';

/** What is wrong with a file, and what is advised about it: all that is shown, from one place. */
export function diagnose(project: LanguageProject, path: string): readonly Diagnostic[] {
  return diagnosticsOf(project, path);
}
