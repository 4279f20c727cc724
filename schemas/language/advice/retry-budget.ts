import type { Step } from '../../workflow/model.ts';
import { defaultRetryPolicy, type RetryPolicy } from '../../workflow/retry-policy.ts';
import type { AdvisedProject } from './advice.ts';

/** The policy that holds for a step: its own, else its queue's, else the default. */
export function retryOf({ queues }: AdvisedProject, { retry, queue }: Step): RetryPolicy {
  return retry ?? queues.get(queue)?.definition.retry ?? defaultRetryPolicy;
}

/** The delays before the second, third, ... attempt, in milliseconds, without jitter. */
export function retryDelays({ backoff }: RetryPolicy): readonly number[] {
  if (backoff.kind === 'delays') return backoff.delaysMs;
  return Array.from({ length: backoff.attempts - 1 }, (_, index) => Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** index));
}

/** From the end of the first attempt to the start of the last, at least: attempts themselves, and what the other side asks for, come on top. */
export function retryBudgetMs(policy: RetryPolicy): number {
  return retryDelays(policy).reduce((sum, delay) => sum + delay, 0);
}
