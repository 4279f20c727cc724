import type { ScheduleView } from '../../../schemas/protocol/trigger.ts';
import type { View } from '../terminal.ts';
import { formatNumber, formatTime, oneLine, say } from './format.ts';
import { renderTable } from './table.ts';

/** `sluice schedules`. Times are the reader's own; if the schedule's zone shows another, it has a column of its own. */
export function renderSchedules(schedules: readonly ScheduleView[], view: View): string {
  if (schedules.length === 0) return "No workflow has a schedule. One begins with `on: { schedule: [{ cron: '0 9 * * MON', timezone: Europe/Berlin }] }` in the workflow's file.";
  return renderTable(
    schedules,
    [
      { title: 'SCHEDULE', value: ({ id }) => id },
      { title: 'WORKFLOW', value: ({ workflow }) => workflow, shrinkTo: 10, cut: 'middle' },
      { title: 'CRON', value: ({ cron }) => cron },
      { title: 'ZONE', value: ({ timezone }) => timezone, dropOrder: 3 },
      { title: 'NEXT', value: (schedule) => nextText(schedule, view), format: ({ paused, endedAt }) => (paused || endedAt !== undefined ? 'yellow' : undefined) },
      { title: 'THERE', value: (schedule) => thereText(schedule, view) ?? '', dropOrder: 5, blank: '' },
      { title: 'LAST', value: ({ last }) => (last === undefined ? '-' : `${formatTime(last.scheduledAt, view)} ${last.run}`), dropOrder: 2 },
      { title: 'MISSED', value: ({ missedCount }) => formatNumber(missedCount), format: ({ missedCount }) => (missedCount > 0 ? 'yellow' : undefined), align: 'right', dropOrder: 4, blank: '0' },
      { title: 'PROBLEM', value: (schedule) => oneLine(problemText(schedule, view)), shrinkTo: 16, dropOrder: 1, blank: '' },
    ],
    view,
  );
}

/** What `pause` and `resume` answer. */
export function renderSchedule(schedule: ScheduleView, view: View): string {
  const { id, workflow, paused, endedAt, problem } = schedule;
  if (paused && endedAt !== undefined) return say('{schedule} of {workflow} is paused: as no file has it any longer, it starts nothing more and is forgotten.', { schedule: id, workflow });
  if (paused) return say('{schedule} of {workflow} is paused: it starts nothing until `sluice schedules resume {schedule}`.', { schedule: id, workflow });
  if (problem !== undefined) return say('{schedule} of {workflow} is not paused, but starts nothing as things are: {problem}', { schedule: id, workflow, problem });
  const there = thereText(schedule, view);
  const next = there === undefined ? nextText(schedule, view) : say('{time} ({there} there)', { time: nextText(schedule, view), there });
  return say('{schedule} of {workflow} starts a run next at {next}.', { schedule: id, workflow, next });
}

/** What is wrong now or, with its time, why the last time started nothing. */
function problemText({ problem, missedAt, missedReason }: ScheduleView, view: View): string {
  if (problem !== undefined) return problem;
  return missedAt === undefined || missedReason === undefined ? '' : say('At {time}: {reason}', { time: minuteOf(missedAt, view), reason: missedReason });
}

function nextText({ next: [next], paused, endedAt }: ScheduleView, view: View): string {
  if (paused) return 'paused';
  // No file has it: it starts what was due before, and then is gone.
  if (endedAt !== undefined) return 'catching up';
  return next === undefined ? 'never' : minuteOf(next, view);
}

/** What the clocks of the schedule's zone show next, if it isn't what the reader's show. */
function thereText({ next: [next], paused, timezone }: ScheduleView, { timeZone }: View): string | undefined {
  if (paused || next === undefined) return undefined;
  const there = timeIn(timezone, next);
  return there === timeIn(timeZone, next) ? undefined : there;
}

/** Times of schedules are whole minutes. */
function minuteOf(time: string, view: View): string {
  return formatTime(time, view).slice(0, 'YYYY-MM-DD HH:MM'.length);
}

/** `Mon 09:00` in that zone; this machine's if it is left out. */
function timeIn(timeZone: string | undefined, time: string): string {
  return new Intl.DateTimeFormat('en-GB', { ...(timeZone === undefined ? {} : { timeZone }), weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(time)).replace(',', '');
}
