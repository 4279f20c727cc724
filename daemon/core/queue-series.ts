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

/** How long something took, over many times. */
export class SpentTally {
  count = 0;
  totalMs = 0;
  maxMs = 0;

  add(ms: number): void {
    this.count++;
    this.totalMs += ms;
    this.maxMs = Math.max(this.maxMs, ms);
  }

  merge({ count, totalMs, maxMs }: SpentTally): void {
    this.count += count;
    this.totalMs += totalMs;
    this.maxMs = Math.max(this.maxMs, maxMs);
  }
}

/** What a queue did in some time. */
export class ActivityTally {
  /** Jobs that came to wait: made, replayed, or taken up again. */
  arrived = 0;
  /** Jobs that left by an attempt: it succeeded, or was the last. */
  left = 0;
  /** Attempts that succeeded. */
  succeeded = 0;
  /** Attempts that failed and were charged. */
  failed = 0;
  /** From when a job was due until its attempt started. */
  readonly waiting = new SpentTally();
  /** From an attempt's start to its end. */
  readonly running = new SpentTally();

  merge(other: ActivityTally): void {
    this.arrived += other.arrived;
    this.left += other.left;
    this.succeeded += other.succeeded;
    this.failed += other.failed;
    this.waiting.merge(other.waiting);
    this.running.merge(other.running);
  }

  get isEmpty(): boolean {
    return this.arrived + this.left + this.succeeded + this.failed + this.waiting.count + this.running.count === 0;
  }
}
