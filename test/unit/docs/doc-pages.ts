import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../../..');

/** Pages that people read, by their paths from the root, with forward slashes. */
export const pages: ReadonlyMap<string, string> = new Map(
  globSync(['*.md', 'docs/**/*.md', 'examples/*.md'], { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file) => [file, readFileSync(path.join(root, file), 'utf8')]),
);

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export function codeBlocksOf(page: string): readonly CodeBlock[] {
  return [...page.matchAll(/^```([a-z]*)\n([^]*?)^```$/gm)].map(({ 1: language = '', 2: text = '', index }) => ({
    language,
    text,
    line: page.slice(0, index).split('\n').length + 1,
  }));
}

/** The page without its blocks of code, which hold neither links nor headings. */
export function proseOf(page: string): string {
  return page.replace(/^```[^]*?^```$/gm, '');
}

/** The anchors of its headings, as GitHub makes them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...proseOf(page).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, title = '']) => {
    const slug = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
  return new Set(anchors);
}
