import { entryOf, nodeAt, type DocumentNode } from '../../workflow/document.ts';
import { formatDuration } from '../../wording/amount.ts';
import { nextTimes } from '../../workflow/cron-times.ts';
import type { Adviser } from './advice.ts';
import { retryBudgetMs, retryOf } from '../retry-times.ts';
import { message } from '../../wording/message.ts';

/** A Monday. Any will do to measure how far apart the times of a schedule are; a clock would make the answer change by itself. */
const referenceMs = Date.UTC(2026, 0, 5);
/** Enough to see where the times of a schedule lie closest, and few enough for every keystroke. What is rarer than these days is longer than any retry. */
const looked = { count: 12, days: 62 };

/** Runs of a schedule that are longer than its period lie over each other, and so do their effects. */
export const retryOutlastsSchedule: Adviser = (project, say) => {
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
