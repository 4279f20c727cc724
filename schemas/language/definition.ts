import type { LocationLink } from 'vscode-languageserver-types';
import type { LanguageProject } from './language-project.ts';

/** Where what is named at an offset is declared. Empty where nothing is, or where it has no place in a file, as secrets. */
export function findDefinition(project: LanguageProject, path: string, offset: number): LocationLink[] {
  const occurrence = project.symbols.occurrenceAt(path, offset);
  const origin = project.files.get(path);
  if (occurrence === undefined || origin === undefined) return [];
  return (project.symbols.get(occurrence)?.declarations ?? []).flatMap(({ path: target, range }) => {
    const file = project.files.get(target);
    if (file === undefined) return [];
    const targetRange = file.rangeOf(range);
    return [{ originSelectionRange: origin.rangeOf(occurrence.range), targetUri: project.uriOf(target), targetRange, targetSelectionRange: targetRange }];
  });
}
