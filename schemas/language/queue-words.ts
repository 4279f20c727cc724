import { queueDefaults, type QueueDefinition } from '../workflow/model.ts';
import { formatDuration, rateMessage } from '../wording/amount.ts';
import { english } from '../wording/language.ts';
import type { Rate } from '../workflow/rate.ts';
import { defaultRetryPolicy, retryDelaysMs, type RetryPolicy } from '../workflow/retry-policy.ts';

/** What a queue does to its jobs, line by line, with every default filled in. */
export function queueWords({ rate, concurrency, timeoutMs, retry, priority, maxDepth, keepDeadLettersMs }: QueueDefinition): readonly string[] {
  return [
    rate === undefined ? 'starts attempts as fast as its concurrency allows' : rateWords(rate),
    `${(concurrency ?? queueDefaults.concurrency).toLocaleString('en')} at the same time${concurrency === undefined ? ' (default)' : ''}`,
    `an attempt may take ${formatDuration(timeoutMs ?? queueDefaults.timeoutMs)}${timeoutMs === undefined ? ' (default)' : ''}`,
    `${retryWords(retry ?? defaultRetryPolicy)}${retry === undefined ? ' (default)' : ''}`,
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(maxDepth === undefined ? [] : [`at most ${maxDepth.toLocaleString('en')} jobs wait`]),
    `dead letters are kept ${keepDeadLettersMs === undefined ? 'for ever' : `for ${formatDuration(keepDeadLettersMs)}`}`,
  ];
}

/** `at most 1,000 attempts in any 1m, 50 of them back to back, the rest 60ms apart`. */
export function rateWords(rate: Rate): string {
  const { limit, perMs, burst } = rate;
  const shown = { limit, burst, window: formatDuration(perMs), rate: rateMessage(rate) };
  if (burst >= limit) {
    return english.say('{limit, plural, one {at most # attempt in any {window} ({rate}), {burst} of them back to back} other {at most # attempts in any {window} ({rate}), {burst} of them back to back}}', shown);
  }
  return english.say('at most {limit} attempts in any {window} ({rate}), {burst} of them back to back, the rest {apart} apart', { ...shown, apart: formatDuration(perMs / limit) });
}

/** `repeated after 5s, 10s, 20s, ... at most 10m: 6 attempts in all, each delay up to 10 % longer or shorter`. */
export function retryWords({ backoff, jitter }: RetryPolicy): string {
  const spread = jitter === 0 ? '' : `, each delay up to ${Math.round(jitter * 100)} % longer or shorter`;
  switch (backoff.kind) {
    case 'delays': {
      const { delaysMs } = backoff;
      if (delaysMs.length === 0) return 'never repeated';
      const shown = delaysMs.slice(0, 8).map(formatDuration).join(', ');
      return `repeated after ${shown}${delaysMs.length > 8 ? ', ...' : ''}: ${delaysMs.length + 1} attempts in all${spread}`;
    }
    case 'exponential': {
      const { maxMs, attempts } = backoff;
      if (attempts < 2) return 'never repeated';
      const delays = retryDelaysMs(backoff, 5);
      return `repeated after ${delays.map(formatDuration).join(', ')}${attempts - 1 > delays.length ? `, ... at most ${formatDuration(maxMs)}` : ''}: ${attempts} attempts in all${spread}`;
    }
  }
}
