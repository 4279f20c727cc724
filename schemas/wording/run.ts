import type { ChildRunCounts, ConcurrencyPreview } from '../protocol/run.ts';
import { message, type Message } from './message.ts';

/** How the child runs of a run are, what needs a look first: `3 failed`, `12 running`. */
export function childStateMessages({ total, failed, running, cancelled, succeeded }: ChildRunCounts): readonly Message[] {
  if (total > 0 && succeeded === total) return [message('all succeeded')];
  return [
    ...(failed > 0 ? [message('{count} failed', { count: failed })] : []),
    ...(running > 0 ? [message('{count} running', { count: running })] : []),
    ...(cancelled > 0 ? [message('{count} cancelled', { count: cancelled })] : []),
    ...(succeeded > 0 ? [message('{count} succeeded', { count: succeeded })] : []),
  ];
}

/** `20,000 child runs` */
export function childRunsMessage({ total }: Pick<ChildRunCounts, 'total'>): Message {
  return message('{count, plural, one {# child run} other {# child runs}}', { count: total });
}

/** What `concurrency` would do with one more run; undefined if it would simply start. */
export function concurrencyMessage({ then, limit, underWay, waiting, runs }: ConcurrencyPreview): Message | undefined {
  const [first = ''] = runs;
  const count = underWay + waiting;
  switch (then) {
    case 'starts':
      return undefined;
    case 'queued':
      return message('{count, plural, =1 {It would wait: {first} is before it, and `concurrency` lets {limit} at a time.} other {It would wait: # runs are before it, {first} the oldest of them, and `concurrency` lets {limit} at a time.}}', { count, first, limit });
    case 'skipped':
      return message('{count, plural, =1 {Nothing would be started: {first} is under way, and `concurrency` lets {limit} at a time and skips what comes meanwhile.} other {Nothing would be started: # runs are under way, {first} the oldest of them, and `concurrency` lets {limit} at a time and skips what comes meanwhile.}}', { count, first, limit });
    case 'cancels':
      return message('{count, plural, =1 {It would cancel {list}: `concurrency` lets {limit} at a time.} other {It would cancel the oldest runs ({list}): `concurrency` lets {limit} at a time.}}', { count: runs.length, list: runs.join(', '), limit });
  }
}
