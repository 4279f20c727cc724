import fc from 'fast-check';
import type { Rate } from '../../schemas/workflow/rate.ts';

/** Any rate, with any burst. */
export const rates: fc.Arbitrary<Rate> = fc
  .record({ limit: fc.integer({ min: 1, max: 40 }), perMs: fc.integer({ min: 100, max: 100_000 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ limit, perMs, share }) => ({ limit, perMs, burst: Math.max(1, Math.round(limit * share)) }));

/** More calls than this arrived in one window, or `undefined`. Windows are half open: what is `perMs` apart isn't in one. */
export function overfull(arrivals: readonly number[], { limit, perMs }: Rate): string | undefined {
  const sorted = [...arrivals].sort((one, other) => one - other);
  for (let index = limit; index < sorted.length; index++) {
    const spread = (sorted[index] ?? 0) - (sorted[index - limit] ?? 0);
    if (spread < perMs - 1e-6) return `${limit + 1} calls arrived within ${spread} ms`;
  }
  return undefined;
}
