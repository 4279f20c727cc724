import { entryOf } from '../../workflow/document.ts';
import { formatDuration } from '../../wording/amount.ts';
import type { Adviser } from './advice.ts';
import { queueUses } from './queue-use.ts';
import { retryBudgetMs } from '../retry-times.ts';
import { hasSideEffect } from './side-effect.ts';
import { message, type Message } from '../../wording/message.ts';

/** What widely used services promise at least: https://docs.stripe.com/api/idempotent_requests names 24 hours. */
const keyLifeMs = 86_400_000;

/** The key that makes a repeated call harmless is forgotten by most receivers after a day. */
export const retryOutlastsKey: Adviser = (project, say) => {
  const advice = (budgetMs: number): Message =>
    message('The last attempt comes {duration} after the first, and many receivers remember an idempotency key for 24 hours only: what went through without an answer may then be done twice. A dead letter that a person replays is safer than so late an attempt.', { duration: formatDuration(budgetMs) });
  for (const [name, uses] of queueUses(project)) {
    if (!uses.some(({ analysed: { step } }) => step.retry === undefined && hasSideEffect(step))) continue;
    const queue = project.queues.get(name);
    const budgetMs = queue?.definition.retry === undefined ? 0 : retryBudgetMs(queue.definition.retry);
    if (queue !== undefined && budgetMs > keyLifeMs) say(queue.path, entryOf(queue.entry.value, 'retry')?.keyRange ?? queue.entry.keyRange, advice(budgetMs));
  }
  for (const { path, workflow, steps } of project.workflows) {
    if (workflow === undefined) continue;
    for (const { step, entry } of steps.values()) {
      const budgetMs = step.retry === undefined ? 0 : retryBudgetMs(step.retry);
      if (budgetMs > keyLifeMs && hasSideEffect(step)) say(path, entryOf(entry.value, 'retry')?.keyRange ?? entry.keyRange, advice(budgetMs));
    }
  }
};
