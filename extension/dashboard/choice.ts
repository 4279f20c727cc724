import type { SeriesResolution } from '../../schemas/protocol/queue.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';

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

/** A choice from outside: from the page, or from what VS Code kept over a reload; undefined if it is none. */
export function readChoice(value: unknown): Choice | undefined {
  if (!isJsonObject(value) || !isRange(value['range'])) return undefined;
  const folder = readText(value['folder']);
  const queue = readText(value['queue']);
  if (folder === false || queue === false) return undefined;
  return { range: value['range'], ...(folder === undefined ? {} : { folder }), ...(queue === undefined ? {} : { queue }) };
}

/** False if it is there and no text that could be meant. */
function readText(value: unknown): string | undefined | false {
  if (value === undefined) return undefined;
  return typeof value === 'string' && value !== '' && value.length <= maxChars ? value : false;
}

/** How far back the dashboard looks. */
export const ranges = ['15min', '1h', '24h', '30d'] as const;
export type Range = (typeof ranges)[number];

export interface RangePlan {
  readonly spanMs: number;
  /** What the daemon is asked for. */
  readonly resolution: SeriesResolution;
  /** What one point of a picture covers: more would be less than a pixel each. A multiple of the resolution's step. */
  readonly stepMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const rangePlans: Readonly<Record<Range, RangePlan>> = {
  '15min': { spanMs: 15 * minuteMs, resolution: '10s', stepMs: 10_000 },
  '1h': { spanMs: hourMs, resolution: '10s', stepMs: 30_000 },
  '24h': { spanMs: 24 * hourMs, resolution: '5min', stepMs: 5 * minuteMs },
  '30d': { spanMs: 30 * 24 * hourMs, resolution: '5min', stepMs: 2 * hourMs },
};

function isRange(value: unknown): value is Range {
  return ranges.some((range) => range === value);
}
