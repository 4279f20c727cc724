import type { ClockAnchor } from './clock.ts';

/** Differences up to this aren't a change, in milliseconds: some systems give the uptime in whole seconds, and clocks are corrected all the time. */
const toleratedMs = 2000;

/**
 * How far the wall clock was set between two readings of which no process has seen what is between them: forward if positive, in
 * milliseconds; 0 if it wasn't, as far as that can be told.
 *
 * While the machine keeps running, the uptime says exactly how much time has passed. Over a restart of the machine nothing does; but a
 * wall clock that is behind its earlier reading was set back, by that much at least.
 */
export function shiftBetween(before: ClockAnchor, after: ClockAnchor): number {
  const wallMs = after.wallMs - before.wallMs;
  const shiftMs = isSameStart(before, after) ? wallMs - (after.uptimeMs - before.uptimeMs) : Math.min(0, wallMs);
  return Math.abs(shiftMs) <= toleratedMs ? 0 : Math.round(shiftMs);
}

/** Whether the machine has been running all the time between two readings. False if that can't be told. */
function isSameStart(before: ClockAnchor, after: ClockAnchor): boolean {
  if (after.uptimeMs < before.uptimeMs - toleratedMs) return false;
  if (before.bootId !== undefined || after.bootId !== undefined) return before.bootId === after.bootId;
  // A machine that was restarted in between was started after the first reading.
  const startedAt = after.wallMs - after.uptimeMs;
  return before.hostname === after.hostname && startedAt < before.wallMs - toleratedMs;
}
