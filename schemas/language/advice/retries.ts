import { eventIds } from '../../workflow/triggers/webhook-verify.ts';
import { retryBudgetMs, retryOf } from '../../workflow/retry-policy.ts';
import { formatDuration, rateMessage } from '../../wording/amount.ts';
import { message, type Message } from '../../wording/message.ts';
import { nextTimes } from '../../workflow/cron-times.ts';
import { type DocumentNode, entryOf, nodeAt } from '../../workflow/document.ts';
import { type Foreach, queueDefaults, type Step } from '../../workflow/model.ts';
import { ratesOf, slowestRate } from '../../workflow/rate.ts';
import type { Template } from '../../workflow/template.ts';
import type { AdvisedWorkflow, AdviceRule } from './advice.ts';
import { queueUses } from './queues.ts';

/** A mean of fewer says too little. */
const minAttempts = 20;
/** What the mean may be wrong by. */
const margin = 0.9;

/** `concurrency` attempts at a time, each as long as measured, are all that can start, whatever the rate allows. */
export const rateOutOfReach: AdviceRule = ({ queues, live }, say) => {
  for (const [name, { path, definition, entry }] of queues) {
    const figures = live?.get(name);
    const { concurrency = queueDefaults.concurrency } = definition;
    const rate = slowestRate(ratesOf(definition.rate));
    if (rate === undefined || figures === undefined || figures.attempts < minAttempts || figures.attemptMs <= 0) continue;
    const reached = Math.floor((concurrency * rate.perMs) / figures.attemptMs);
    if (reached >= rate.limit * margin) continue;
    const needed = Math.ceil((rate.limit * figures.attemptMs) / rate.perMs);
    const at = entryOf(entry.value, 'rate')?.keyRange ?? entry.keyRange;
    say(path, at, message('An attempt takes {duration} on average, so {concurrency} at a time reach about {reached}, not {rate}. It takes a concurrency of {needed}.', { duration: formatDuration(figures.attemptMs), concurrency, reached: rateMessage({ ...rate, limit: reached }), rate: rateMessage(rate), needed }));
  }
};

/** What widely used services promise at least: https://docs.stripe.com/api/idempotent_requests names 24 hours. */
const keyLifeMs = 86_400_000;

/** The key that makes a repeated call harmless is forgotten by most receivers after a day. */
export const retryOutlastsKey: AdviceRule = (project, say) => {
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

/** A Monday. Any will do to measure how far apart the times of a schedule are; a clock would make the answer change by itself. */
const referenceMs = Date.UTC(2026, 0, 5);
/** Enough to see where the times of a schedule lie closest, and few enough for every keystroke. What is rarer than these days is longer than any retry. */
const looked = { count: 12, days: 62 };

/** Runs of a schedule that are longer than its period lie over each other, and so do their effects. */
export const retryOutlastsSchedule: AdviceRule = (project, say) => {
  for (const { path, root, workflow } of project.workflows) {
    if (workflow === undefined) continue;
    const budgets = Object.values(workflow.steps).map((step) => ({ id: step.id, ms: retryBudgetMs(retryOf(step, project.queues.get(step.queue)?.definition)) }));
    const longest = budgets.toSorted((a, b) => b.ms - a.ms)[0];
    const schedule = nodeAt(root, ['on', 'schedule']);
    if (longest === undefined || schedule === undefined) continue;
    for (const item of schedule.kind === 'list' ? schedule.items : [schedule]) {
      const cron = entryOf(item, 'cron');
      const periodMs = cron === undefined ? undefined : shortestPeriodMs(textOf(cron.value));
      if (cron === undefined || periodMs === undefined || longest.ms <= periodMs) continue;
      say(path, cron.value.range, message("A run starts every {duration}, and a failing job of '{step}' is retried for {retried}: runs will lie over each other. Retry for a shorter time, or start less often.", { duration: formatDuration(periodMs), step: longest.id, retried: formatDuration(longest.ms) }));
    }
  }
};

/** In UTC: a time zone moves two of its times a year, and costs as much as all the rest. */
function shortestPeriodMs(cron: string | undefined): number | undefined {
  if (cron === undefined) return undefined;
  const times = nextTimes(cron, { after: referenceMs, until: referenceMs + looked.days * 86_400_000, count: looked.count });
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  return gaps.length === 0 ? undefined : Math.min(...gaps);
}

function textOf(node: DocumentNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** What comes twice is done twice: an item of a list, or an event that its sender repeats, as all senders of webhooks do. */
export const noDedupe: AdviceRule = ({ workflows }, say) => {
  for (const file of workflows) {
    const { path, workflow, steps, root } = file;
    if (workflow === undefined) continue;
    for (const { step, entry } of steps.values()) {
      if (step.foreach === undefined || step.foreach.key !== undefined || !hasSideEffect(step) || isUnique(step.foreach, file)) continue;
      const at = entryOf(entry.value, 'foreach')?.keyRange ?? entry.keyRange;
      const told = { code: `\${{ ${step.foreach.as}.id }}` };
      say(path, at, step.uses === 'sql/query' ? message("An item that is in the list twice is written to the database twice. Say by 'key' what tells items apart, such as key: {code}.", told) : step.uses === 'email/send' ? message("An item that is in the list twice is written to twice. Say by 'key' what tells items apart, such as key: {code}.", told) : message("An item that is in the list twice is sent twice. Say by 'key' what tells items apart, such as key: {code}.", told));
    }
    const webhook = nodeAt(root, ['on', 'webhook']);
    const scheme = webhook?.kind === 'map' ? entryOf(entryOf(webhook, 'verify')?.value, 'scheme')?.value : undefined;
    // The senders of these have an id for each event.
    const hasOwnId = scheme?.kind === 'scalar' && typeof scheme.value === 'string' && Object.hasOwn(eventIds, scheme.value);
    if (webhook?.kind === 'map' && !hasOwnId && entryOf(webhook, 'dedupe') === undefined && [...steps.values()].some(({ step }) => hasSideEffect(step))) {
      const at = entryOf(nodeAt(root, ['on']), 'webhook')?.keyRange ?? webhook.range;
      say(path, at, message("Senders repeat a webhook whose answer they miss, and each starts a run. Say by 'dedupe' what tells events apart, such as dedupe: {code}.", { code: '${{ trigger.body.id }}' }));
    }
  }
};

/** The list is written out, or holds results of items that a key has told apart already. */
function isUnique({ source }: Foreach, { steps }: AdvisedWorkflow): boolean {
  if (source.kind !== 'items') return false;
  if (source.items.kind !== 'expression') return true;
  const [reference, ...others] = source.items.expression.references;
  if (reference === undefined || others.length > 0) return false;
  const [root, id = '', property] = reference.path;
  return root === 'steps' && property === 'results' && steps.get(id)?.step.foreach?.key !== undefined;
}

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a job of the step changes something at the other side, so that doing it twice is not the same as once. False if nobody can say. */
function hasSideEffect({ uses, with: input }: Step): boolean {
  switch (uses) {
    case 'email/send':
    case 'webhook/send':
      return true;
    case 'http/request': {
      const method = keyOf(input, 'method');
      return typeof method === 'string' && !harmless.has(method);
    }
    case 'sql/query':
      return keyOf(input, 'write') === true;
    default:
      return false;
  }
}

/** The literal value of a key of `with`. */
function keyOf(input: Template, key: string): unknown {
  if (input.kind === 'map') {
    const found = input.entries.find(([name]) => name === key)?.[1];
    return found?.kind === 'literal' ? found.value : undefined;
  }
  if (input.kind !== 'literal' || typeof input.value !== 'object' || input.value === null) return undefined;
  return (input.value as Readonly<Record<string, unknown>>)[key];
}
