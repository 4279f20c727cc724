import type { SettleParams } from './store.ts';

/** An outcome that was made before the wall clock was set by that much: the waits in it move, what has happened keeps its time. */
export function shiftedOutcome(params: SettleParams, byMs: number): SettleParams {
  if (byMs === 0) return params;
  const { outcome, hold } = params;
  return {
    ...params,
    ...(outcome.kind === 'wait' && 'until' in outcome.wait ? { outcome: { ...outcome, wait: { ...outcome.wait, until: outcome.wait.until + byMs } } } : {}),
    ...(outcome.kind === 'retry' ? { outcome: { ...outcome, dueAt: outcome.dueAt + byMs } } : {}),
    ...(hold === undefined ? {} : { hold: { ...hold, until: hold.until + byMs } }),
  };
}
