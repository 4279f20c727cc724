import type { LanguageFile } from '../../../schemas/language/language-file.ts';

/** What bounds the language server, so that no file and no folder can make it slow or large. */
export const limits = {
  /** Longest text that is looked at, in UTF-16 code units; the analysis has a bound of its own below it, with a message. */
  textLength: 4 * 1024 * 1024,
  /** Longest text that the YAML libraries get, in UTF-16 code units. */
  libraryTextLength: 512 * 1024,
  /** Aliases, or what looks like some, in a file that the schema service gets. */
  aliases: 500,
  /** Of what the formatter keeps of what it has laid out, in UTF-16 code units. */
  laidOutLength: 4 * 1024 * 1024,
  /** Shortest and longest wait between a change and its diagnostics, in milliseconds; in between, as long as the last ones took. */
  shortestDelayMs: 5,
  longestDelayMs: 250,
} as const;

/** Whether the formatter gets a file. It knows no bounds: not a long one, and none that our own reader refused to read for its depth or size. */
export function isWithinFormatterBounds({ text, document: { root, diagnostics } }: LanguageFile): boolean {
  const isRefused = root === undefined && diagnostics.some(({ code }) => code === 'too-deep' || code === 'too-large');
  return text.length <= limits.libraryTextLength && !isRefused;
}

/** Whether the schema service gets a file. For each alias, it searches the whole text for its anchor. */
export function isWithinSchemaBounds(file: LanguageFile): boolean {
  return isWithinFormatterBounds(file) && !hasMore(file.text.matchAll(/\*[\w-]/g), limits.aliases);
}

function hasMore(found: Iterator<unknown>, most: number): boolean {
  for (let count = 0; count <= most; count += 1) if (found.next().done === true) return false;
  return true;
}
