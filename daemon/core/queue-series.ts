import type { SeriesPoint } from '../../schemas/protocol/queue.ts';

/** What a queue did in one step, with its depths at the end. */
export interface QueueBucket {
  readonly depth: { readonly pending: number; readonly delayed: number; readonly active: number; readonly dead: number };
  readonly arrivals: number;
  readonly completions: number;
  readonly failures: number;
  readonly waiting: TimesSpent;
  readonly running: TimesSpent;
}

interface TimesSpent {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

export interface SeriesStep extends QueueBucket {
  /** When the step began. */
  readonly at: number;
}

/**
 * A point for each step from `from` on and before `to`, from the first of which anything is known. Where nothing happened there is no
 * step: the depths are those of the one before.
 */
export function fillSeries(steps: readonly SeriesStep[], { from, to, stepMs }: { readonly from: number; readonly to: number; readonly stepMs: number }): SeriesPoint[] {
  const points: SeriesPoint[] = [];
  const [first] = steps;
  if (first === undefined) return points;
  let next = 0;
  let depth = first.depth;
  for (let at = Math.max(from, first.at); at < to; at += stepMs) {
    while ((steps[next]?.at ?? Infinity) < at) depth = steps[next++]?.depth ?? depth;
    const step = steps[next]?.at === at ? steps[next++] : undefined;
    depth = step?.depth ?? depth;
    const waiting = step && timeSpent(step.waiting);
    const running = step && timeSpent(step.running);
    points.push({
      at: new Date(at).toISOString(),
      ...depth,
      arrivals: step?.arrivals ?? 0,
      completions: step?.completions ?? 0,
      failures: step?.failures ?? 0,
      ...(waiting === undefined ? {} : { waiting }),
      ...(running === undefined ? {} : { running }),
    });
  }
  return points;
}

function timeSpent({ count, totalMs, maxMs }: TimesSpent): SeriesPoint['waiting'] {
  return count === 0 ? undefined : { meanMs: totalMs / count, maxMs };
}
