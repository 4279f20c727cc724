import type { Location } from 'vscode-languageserver-types';
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
