import { isJsonObject } from '../../schemas/workflow/json.ts';
import { isRange, type Range } from './range.ts';

/** What the dashboard shows. The page keeps it, so that it is there again after a reload of the window. */
export interface Choice {
  /** The project's folder, as a URI; missing until there is a project. */
  readonly folder?: string;
  /** Missing: all of them. */
  readonly queue?: string;
  readonly range: Range;
}

export const firstChoice: Choice = { range: '1h' };

/** Longer than any folder or queue that there is. */
const maxChars = 4096;

/** A choice from outside: from the page, or from what VS Code kept over a reload; undefined where it is none. */
export function readChoice(value: unknown): Choice | undefined {
  if (!isJsonObject(value) || !isRange(value['range'])) return undefined;
  const folder = readText(value['folder']);
  const queue = readText(value['queue']);
  if (folder === false || queue === false) return undefined;
  return { range: value['range'], ...(folder === undefined ? {} : { folder }), ...(queue === undefined ? {} : { queue }) };
}

/** False where it is there and no text that could be meant. */
function readText(value: unknown): string | undefined | false {
  if (value === undefined) return undefined;
  return typeof value === 'string' && value !== '' && value.length <= maxChars ? value : false;
}
