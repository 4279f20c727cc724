import type { ScheduleView } from '../../../schemas/protocol/schedule.ts';
import type { View } from '../terminal.ts';
import { formatNumber, formatTime, oneLine, say } from './format.ts';
import { renderTable } from './table.ts';

/** `sluice schedules`. Times are the reader's own; where the schedule's zone shows another, it stands behind. */
export function renderSchedules(schedules: readonly ScheduleView[], view: View): string {
  if (schedules.length === 0) return "No workflow has a schedule. One begins with `on: { schedule: [{ cron: '0 9 * * MON', timezone: Europe/Berlin }] }` in the workflow's file.";
  return renderTable(
    schedules,
    [
      { title: 'SCHEDULE', value: ({ id }) => id },
      { title: 'WORKFLOW', value: ({ workflow }) => workflow, shrinkTo: 10, cut: 'middle' },
      { title: 'CRON', value: ({ cron }) => cron },
      { title: 'ZONE', value: ({ timezone }) => timezone, dropOrder: 3 },
      { title: 'NEXT', value: (schedule) => nextText(schedule, view), format: ({ paused }) => (paused ? 'yellow' : undefined), shrinkTo: 20 },
      { title: 'LAST', value: ({ last }) => (last === undefined ? '-' : `${formatTime(last.scheduledAt, view)} ${last.run}`), dropOrder: 2 },
      { title: 'MISSED', value: ({ missedCount }) => formatNumber(missedCount), format: ({ missedCount }) => (missedCount > 0 ? 'yellow' : undefined), align: 'right', dropOrder: 4, blank: '0' },
      { title: 'PROBLEM', value: ({ problem }) => oneLine(problem ?? ''), shrinkTo: 16, dropOrder: 1, blank: '' },
    ],
    view,
  );
}

/** What `pause` and `resume` answer. */
export function renderSchedule(schedule: ScheduleView, view: View): string {
  const { id, workflow, paused } = schedule;
  if (paused) return say('{schedule} of {workflow} is paused: it starts nothing until `sluice schedules resume {schedule}`.', { schedule: id, workflow });
  return say('{schedule} of {workflow} starts a run next at {next}.', { schedule: id, workflow, next: nextText(schedule, view) });
}

function nextText({ next: [next], paused, timezone }: ScheduleView, { timeZone }: View): string {
  if (paused) return 'paused';
  if (next === undefined) return 'never';
  const own = formatTime(next, { timeZone });
  const there = timeIn(timezone, next);
  return there === timeIn(timeZone, next) ? own : `${own} (${there} there)`;
}

/** `Mon 09:00` in that zone; this machine's if it is left out. */
function timeIn(timeZone: string | undefined, time: string): string {
  return new Intl.DateTimeFormat('en-GB', { ...(timeZone === undefined ? {} : { timeZone }), weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(time)).replace(',', '');
}
