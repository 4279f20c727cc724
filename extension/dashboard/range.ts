import type { SeriesResolution } from '../../schemas/protocol/queue-series.ts';

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

export function isRange(value: unknown): value is Range {
  return ranges.some((range) => range === value);
}
