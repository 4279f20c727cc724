import type { RunDetail } from '../../../schemas/protocol/run.ts';
import { formatShortDuration } from '../../../schemas/wording/amount.ts';
import { formatNumber } from './format.ts';

/** How far a run is, at one moment. */
export interface ProgressSample {
  readonly atMs: number;
  readonly total: number;
  readonly done: number;
  readonly dead: number;
  /** Steps are still to come or to be expanded, so `total` will grow. */
  readonly growing: boolean;
}

export function progressOf(run: RunDetail, atMs: number): ProgressSample {
  const { total, open, dead } = run.jobs;
  const growing = run.steps.some(({ state, expanded, onFailure }) => !onFailure && (state === 'waiting' || (state === 'running' && !expanded)));
  return { atMs, total, done: total - open, dead, growing };
}

/** The speed is that of the last while, so that a queue that was resumed shows at once. */
const windowMs = 30_000;

/** Jobs ended per second over the samples of the last half minute; undefined as long as that says nothing. */
export function speedOf(samples: readonly ProgressSample[]): number | undefined {
  const last = samples.at(-1);
  const first = samples.find(({ atMs }) => last !== undefined && atMs >= last.atMs - windowMs);
  if (last === undefined || first === undefined || last.atMs - first.atMs < 1000) return undefined;
  return (last.done - first.done) / ((last.atMs - first.atMs) / 1000);
}

/** `1,200/5,000+ jobs, 16/s, 3 dead, 4m left` */
export function renderProgress(samples: readonly ProgressSample[]): string {
  const last = samples.at(-1);
  if (last === undefined) return '';
  const parts = [`${formatNumber(last.done)}/${formatNumber(last.total)}${last.growing ? '+' : ''} jobs`];
  const speed = speedOf(samples);
  if (speed !== undefined && speed > 0) parts.push(speed >= 1 ? `${formatNumber(Math.round(speed))}/s` : `${formatNumber(Math.round(speed * 60))}/min`);
  if (last.dead > 0) parts.push(`${formatNumber(last.dead)} dead`);
  const left = last.total - last.done;
  if (speed !== undefined && speed > 0 && left > 0) parts.push(`${formatShortDuration((left / speed) * 1000)} left`);
  return parts.join(', ');
}
