import { DocumentHighlightKind, type DocumentHighlight } from 'vscode-languageserver-types';
import type { LanguageProject } from './language-project.ts';

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
