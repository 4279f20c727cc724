import * as l10n from '@vscode/l10n';
import type { Forecast, QueueView } from '../../schemas/protocol/queue.ts';
import type { RunSummary, StepView } from '../../schemas/protocol/run.ts';
import { formatDuration, formatShare, formatShortDuration, formatSpan } from '../../schemas/wording/amount.ts';
import { formatAge, formatNumber, formatRate, say } from './language.ts';
import { isHeld, waitingIn } from './queue-words.ts';
import { stepDescription } from './run-words.ts';
import { lookOfState } from './state-look.ts';

/** `1,204 waiting · 87% of 1,000/min · oldest 3m · 0.4% failing · clears 14:52`; what is zero is left out. `clock` writes a time of the day. */
export function queueLens(queue: QueueView, nowMs: number, clock: (ms: number) => string): string {
  const { depth, rate, rateUsed, oldestPendingAt, failureRate, paused, forecast } = queue;
  const waiting = waitingIn(queue);
  const parts: string[] = [];
  if (paused) parts.push(l10n.t('paused'));
  else if (isHeld(queue, nowMs)) parts.push(l10n.t('held back'));
  if (waiting > 0) parts.push(l10n.t('{0} waiting', formatNumber(waiting)));
  if (depth.active > 0) parts.push(l10n.t('{0} active', formatNumber(depth.active)));
  if (depth.dead > 0) parts.push(l10n.t('{0} dead', formatNumber(depth.dead)));
  if (rate !== undefined && rateUsed !== undefined && rateUsed > 0) parts.push(l10n.t('{0} of {1}', formatShare(rateUsed / rate.limit), formatRate(rate)));
  // A second's wait is no news, and would make the line change all the time.
  const oldestMs = oldestPendingAt === undefined ? 0 : nowMs - Date.parse(oldestPendingAt);
  if (oldestMs > 60_000) parts.push(l10n.t('oldest {0}', formatShortDuration(oldestMs)));
  if (failureRate > 0) parts.push(l10n.t('{0} failing', formatShare(failureRate)));
  const clears = waiting === 0 ? undefined : clearsText(forecast, nowMs, clock);
  if (clears !== undefined) parts.push(clears);
  return parts.length === 0 ? l10n.t('empty') : parts.join(' · ');
}

function clearsText({ state, clearsAt, growthPerMinute }: Forecast, nowMs: number, clock: (ms: number) => string): string | undefined {
  switch (state) {
    case 'draining': {
      if (clearsAt === undefined) return undefined;
      const atMs = Date.parse(clearsAt);
      // The time of the day says nothing about tomorrow.
      return atMs - nowMs < 20 * 3_600_000 ? l10n.t('clears {0}', clock(atMs)) : l10n.t('clears in {0}', formatDuration(atMs - nowMs));
    }
    case 'growing':
      return growthPerMinute === undefined ? l10n.t('growing') : l10n.t('growing by {0}/min', formatNumber(Math.round(growthPerMinute)));
    case 'stalled':
      return l10n.t('stalled');
    case 'idle':
    case 'steady':
    case 'unknown':
      return undefined;
  }
}

/** `r12 failed 3m ago`, `r13 running since 2m, 40 of 100` */
export function runLens({ id, state, createdAt, endedAt, jobs }: RunSummary, nowMs: number): string {
  const word = lookOfState(state).word.toLowerCase();
  if (state === 'running') {
    const progress = jobs.total > 1 ? `, ${l10n.t('{0} of {1}', formatNumber(jobs.total - jobs.open), formatNumber(jobs.total))}` : '';
    return l10n.t('{0} {1} for {2}', id, word, formatSpan(nowMs - Date.parse(createdAt))) + progress;
  }
  return l10n.t('{0} {1} {2}', id, word, formatAge(endedAt ?? createdAt, nowMs));
}

/** `r12: succeeded in 3m 20s`, `r12: failed · 2 dead · 503 Service Unavailable` */
export function stepLens(run: string, step: StepView): string {
  const took = step.state === 'succeeded' && step.startedAt !== undefined && step.endedAt !== undefined ? ` ${l10n.t('in {0}', formatDuration(Date.parse(step.endedAt) - Date.parse(step.startedAt)))}` : '';
  return `${run}: ${stepDescription(step)}${took}`;
}

/** What stands at the line of a step that has dead letters; undefined where it has none. */
export function failureText(run: string, { jobs, error, foreach, state }: StepView): string | undefined {
  if (jobs.dead === 0 && (state !== 'failed' || error === undefined)) return undefined;
  const counted = jobs.dead === 0 ? l10n.t('It failed.') : foreach ? say('{count, plural, one {# of {total} jobs is a dead letter.} other {# of {total} jobs are dead letters.}}', { count: jobs.dead, total: jobs.total }) : l10n.t('Its job is a dead letter.');
  return `${run}: ${counted}${error === undefined ? '' : ` ${error.message}`}`;
}
