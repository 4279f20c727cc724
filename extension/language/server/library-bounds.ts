import type { LanguageFile } from '../../../schemas/language/language-file.ts';
import { limits } from './limits.ts';

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
