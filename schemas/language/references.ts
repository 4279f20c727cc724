import { type DocumentHighlight, DocumentHighlightKind, type Location, type LocationLink } from 'vscode-languageserver-types';
import type { LanguageProject } from './language-project.ts';
import type { SymbolOccurrence } from './language-symbol.ts';

/** Every place of the project that names what is named at an offset, declarations first where they are asked for. */
export function findReferences(project: LanguageProject, path: string, offset: number, includeDeclaration: boolean): Location[] {
  const symbol = project.symbols.at(path, offset);
  if (symbol === undefined) return [];
  return [...(includeDeclaration ? symbol.declarations : []), ...symbol.references].flatMap((occurrence) => locationOf(project, occurrence) ?? []);
}

function locationOf(project: LanguageProject, { path, range }: Pick<SymbolOccurrence, 'path' | 'range'>): Location | undefined {
  const file = project.files.get(path);
  return file && { uri: project.uriOf(path), range: file.rangeOf(range) };
}

/** Where what is named at an offset is declared. Empty if nothing is, or where it has no place in a file, as secrets. */
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

/** Every place of a file that names what is named at an offset of it; `Write` where it is declared. */
export function highlight(project: LanguageProject, path: string, offset: number): DocumentHighlight[] {
  const symbol = project.symbols.at(path, offset);
  const file = project.files.get(path);
  if (symbol === undefined || file === undefined) return [];
  return [...symbol.declarations, ...symbol.references]
    .filter((occurrence) => occurrence.path === path)
    .sort((a, b) => a.range.start - b.range.start)
    .map(({ range, role }) => ({ range: file.rangeOf(range), kind: role === 'declaration' ? DocumentHighlightKind.Write : DocumentHighlightKind.Read }));
}
