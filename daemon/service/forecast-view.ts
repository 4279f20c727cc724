import type { Forecast } from '../../schemas/protocol/queue.ts';
import type { QueueRunner } from '../engine/queue/queue-runner.ts';

export interface ForecastOptions {
  /** Whether the store can be written. */
  readonly isStoreOk: boolean;
  /** Wall time in milliseconds. */
  readonly now: number;
  /** Jobs that are about to come, besides those that wait; 0 if omitted. */
  readonly more?: number;
}

/** Whether a queue will clear, as clients see it. */
export function forecastView(runner: QueueRunner, { isStoreOk, now, more = 0 }: ForecastOptions): Forecast {
  const verdict = runner.forecast(isStoreOk, more);
  const heldUntil = runner.hold?.until;
  const at = (time: number): string => new Date(time).toISOString();
  switch (verdict.state) {
    case 'draining':
      return { ...verdict, drainMs: Math.round(verdict.drainMs), clearsAt: at(now + verdict.drainMs) };
    case 'stalled':
      return { ...verdict, ...(verdict.reason === 'held' && heldUntil !== undefined ? { until: at(heldUntil) } : {}) };
    case 'idle':
    case 'steady':
    case 'growing':
    case 'unknown':
      return verdict;
  }
}
