import { defaultOverMs, type AlertKind, type AlertThresholds, type QueueAlerts } from '../../schemas/workflow/alert.ts';
import type { AlertGauge } from '../core/alert-gauge.ts';
import type { QueueRunner } from './queue/queue-runner.ts';

/** Attempts that must have ended before their share that failed is looked at: one of one is not a trend. */
const leastAttempts = 5;

/** How the attempts of a queue ended that did so lately. */
export interface EndedAttempts {
  readonly succeeded: number;
  readonly failed: number;
}

/** Since when a queue could start something and doesn't, and what it looked like then. */
export interface StuckSince {
  /** Of the monotonic clock. */
  readonly since: number;
  /** Attempts that this daemon had started, and the due time of the job that waits longest; left out after a restart, when nobody knows. */
  readonly at?: { readonly starts: number; readonly dueSince: number | undefined };
}

/** What is known of a queue from look to look. */
interface Valued {
  readonly gauges: ReadonlyMap<AlertKind, AlertGauge>;
  readonly alerts: QueueAlerts;
  readonly filling: { readonly since: number } | undefined;
  readonly stuck: StuckSince | undefined;
}

/** `mayStart`: nothing outside of the queue is in the way. Since when nothing starts although it could; undefined if something does, nothing is due, or something is in the way that has a reason of its own. */
export function stuckSince(
  before: StuckSince | undefined,
  runner: Pick<QueueRunner, 'depth' | 'obstacles' | 'total'>,
  { mayStart, dueSince, now }: { readonly mayStart: boolean; readonly dueSince: number | undefined; readonly now: number },
): StuckSince | undefined {
  const { pending, active } = runner.depth;
  if (!mayStart || pending === 0 || active > 0 || runner.obstacles.length > 0) return undefined;
  const at = { starts: runner.total.waiting.count, dueSince };
  const isSame = before !== undefined && (before.at === undefined || (before.at.starts === at.starts && before.at.dueSince === dueSince));
  return { since: isSame ? before.since : now, at };
}

/** Undefined if it can't be known yet, because the daemon has just started: what was raised before stays so. */
export function valueOf(
  kind: AlertKind,
  { alerts, filling, stuck, gauges }: Valued,
  runner: QueueRunner,
  { now, startedAt, ageMs, ended }: { readonly now: number; readonly startedAt: number; readonly ageMs: number; readonly ended: EndedAttempts | undefined },
): number | undefined {
  switch (kind) {
    case 'depth':
      return runner.depth.pending + runner.depth.delayed;
    case 'oldest':
      return ageMs;
    case 'failure-rate':
      return failureShare(ended, alerts[kind], gauges.get(kind)?.raised === undefined ? Infinity : now - startedAt);
    case 'dead-letters':
      return runner.depth.dead;
    case 'filling':
      return filling === undefined ? 0 : now - filling.since;
    case 'stuck':
      return stuck === undefined ? 0 : now - stuck.since;
  }
}

function failureShare({ succeeded, failed }: EndedAttempts = { succeeded: 0, failed: 0 }, { overMs = defaultOverMs }: AlertThresholds = {}, countedMs: number): number | undefined {
  if (succeeded + failed >= leastAttempts) return failed / (succeeded + failed);
  return countedMs < overMs ? undefined : 0;
}
