/** Texts with marks in them, so that a test shows the place it is about: `‸` is the cursor, `⟦` and `⟧` enclose a range. */
import type { Range } from 'vscode-languageserver-types';
import { LanguageProject, type LanguageOptions } from '../../../../schemas/language/language-project.ts';

export interface Marked {
  readonly project: LanguageProject;
  /** The file that has the cursor; the first one where none has. */
  readonly path: string;
  readonly offset: number;
  /** What is enclosed, file by file in the order of their paths. */
  readonly ranges: readonly MarkedRange[];
}

export interface MarkedRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

export const main = '.sluice/workflows/main.yaml';

/** A project of one workflow, or of files by their paths. */
export function marked(files: string | Readonly<Record<string, string>>, options: LanguageOptions = {}): Marked {
  const ranges: MarkedRange[] = [];
  let cursor: { readonly path: string; readonly offset: number } | undefined;
  const plain = Object.entries(typeof files === 'string' ? { [main]: files } : files).map(([path, source]) => {
    let text = '';
    let start = 0;
    for (const character of source) {
      if (character === '‸') cursor = { path, offset: text.length };
      else if (character === '⟦') start = text.length;
      else if (character === '⟧') ranges.push({ path, start, end: text.length });
      else text += character;
    }
    return { path, text };
  });
  ranges.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start));
  return { project: LanguageProject.of(plain, options), path: cursor?.path ?? plain[0]?.path ?? main, offset: cursor?.offset ?? 0, ranges };
}

/** The same text with what is at a range enclosed. */
export function enclose(text: string, ranges: readonly { readonly start: number; readonly end: number }[]): string {
  let result = text;
  for (const { start, end } of ranges.toSorted((a, b) => b.start - a.start)) result = `${result.slice(0, start)}⟦${result.slice(start, end)}⟧${result.slice(end)}`;
  return result;
}

/** LSP ranges of a file as offsets, in the order of the text. */
export function offsetsOf({ project }: Marked, path: string, ranges: readonly Range[]): readonly MarkedRange[] {
  const file = project.files.get(path);
  if (file === undefined) return [];
  return ranges.map(({ start, end }) => ({ path, start: file.offsetAt(start), end: file.offsetAt(end) })).sort((a, b) => a.start - b.start);
}
