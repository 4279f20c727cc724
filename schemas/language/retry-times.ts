import type { QueueDefinition, Step } from '../workflow/model.ts';
import { defaultRetryPolicy, retryDelaysMs, type RetryPolicy } from '../workflow/retry-policy.ts';

/** The policy that holds for a step: its own, else its queue's, else the default. */
export function retryOf({ retry }: Step, queue: QueueDefinition | undefined): RetryPolicy {
  return retry ?? queue?.retry ?? defaultRetryPolicy;
}

/** When the second, third, ... attempt starts at the earliest, in milliseconds after the end of the first, without jitter. */
export function retryTimes({ backoff }: RetryPolicy): readonly number[] {
  let at = 0;
  return retryDelaysMs(backoff).map((delay) => (at += delay));
}

/** From the end of the first attempt to the start of the last, at least: attempts themselves, and what the other side asks for, come on top. */
export function retryBudgetMs(policy: RetryPolicy): number {
  return retryTimes(policy).at(-1) ?? 0;
}
