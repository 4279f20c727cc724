import { queueDefaults, type QueueDefinition } from '../workflow/model.ts';
import type { Rate } from '../workflow/rate.ts';
import { defaultRetryPolicy, retryDelaysMs, type RetryPolicy } from '../workflow/retry-policy.ts';
import { formatDuration, rateMessage } from '../wording/amount.ts';
import { message, type Message } from '../wording/message.ts';

/** What a queue does to its jobs, line by line, with every default filled in. */
export function describeQueue({ rate, concurrency, timeoutMs, retry, priority, maxDepth, keepDeadLettersMs }: QueueDefinition): readonly Message[] {
  return [
    rate === undefined ? message('starts attempts as fast as its concurrency allows') : describeRate(rate),
    orDefault(message('{count} at the same time', { count: concurrency ?? queueDefaults.concurrency }), concurrency),
    orDefault(message('an attempt may take {duration}', { duration: formatDuration(timeoutMs ?? queueDefaults.timeoutMs) }), timeoutMs),
    orDefault(describeRetry(retry ?? defaultRetryPolicy), retry),
    ...(priority === undefined ? [] : [message('priority {priority}', { priority })]),
    ...(maxDepth === undefined ? [] : [message('{count, plural, one {at most # job waits} other {at most # jobs wait}}', { count: maxDepth })]),
    keepDeadLettersMs === undefined ? message('dead letters are kept for ever') : message('dead letters are kept for {duration}', { duration: formatDuration(keepDeadLettersMs) }),
  ];
}

function orDefault(setting: Message, given: unknown): Message {
  return given === undefined ? message('{setting} (default)', { setting }) : setting;
}

/** `at most 1,000 attempts in any 1m, 50 of them back to back, the rest 60ms apart`. */
export function describeRate(rate: Rate): Message {
  const { limit, perMs, burst } = rate;
  const shown = { limit, burst, window: formatDuration(perMs), rate: rateMessage(rate) };
  if (burst >= limit) {
    return message('{limit, plural, one {at most # attempt in any {window} ({rate}), {burst} of them back to back} other {at most # attempts in any {window} ({rate}), {burst} of them back to back}}', shown);
  }
  return message('at most {limit} attempts in any {window} ({rate}), {burst} of them back to back, the rest {apart} apart', { ...shown, apart: formatDuration(perMs / limit) });
}

/** `repeated after 5s, 10s, 20s, ... at most 10m: 6 attempts in all, each delay up to 10 % longer or shorter`. */
export function describeRetry({ backoff, jitter }: RetryPolicy): Message {
  switch (backoff.kind) {
    case 'delays': {
      const { delaysMs } = backoff;
      if (delaysMs.length === 0) return message('never repeated');
      const shown = delaysMs.slice(0, 8).map(formatDuration).join(', ');
      return repeated(`${shown}${delaysMs.length > 8 ? ', ...' : ''}`, delaysMs.length + 1, jitter);
    }
    case 'exponential': {
      const { maxMs, attempts } = backoff;
      if (attempts < 2) return message('never repeated');
      const delays = retryDelaysMs(backoff, 5);
      const shown = delays.map(formatDuration).join(', ');
      return repeated(attempts - 1 > delays.length ? message('{delays}, ... at most {duration}', { delays: shown, duration: formatDuration(maxMs) }) : shown, attempts, jitter);
    }
  }
}

function repeated(delays: string | Message, attempts: number, jitter: number): Message {
  const told = { delays, attempts };
  return jitter === 0
    ? message('repeated after {delays}: {attempts} attempts in all', told)
    : message('repeated after {delays}: {attempts} attempts in all, each delay up to {percent} % longer or shorter', { ...told, percent: Math.round(jitter * 100) });
}
