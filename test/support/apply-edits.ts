import type { TextEdit } from 'vscode-languageserver/node';
import { LineMap } from '../../schemas/workflow/line-map.ts';

/** A text after edits, as an editor makes them: all at once. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const lines = new LineMap(text);
  const offset = ({ line, character }: TextEdit['range']['start']): number => lines.offsetAt({ line: line + 1, column: character + 1 });
  return [...edits]
    .sort((a, b) => offset(b.range.start) - offset(a.range.start))
    .reduce((changed, { range, newText }) => changed.slice(0, offset(range.start)) + newText + changed.slice(offset(range.end)), text);
}
