import type { ClockAnchor } from '../../daemon/core/clock.ts';

/** A reading of the clocks of one machine that keeps running, and whose wall clock isn't set. */
export function anchorAt(wallMs: number): ClockAnchor {
  return { wallMs, uptimeMs: wallMs + 3_600_000, bootId: 'boot 1', hostname: 'machine' };
}
