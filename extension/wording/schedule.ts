import type { ScheduleView } from '../../schemas/protocol/trigger.ts';
import { formatDue, formatMoment, formatNumber, say, toldText } from './language.ts';
import { formatStamp } from '../../schemas/wording/amount.ts';
import { oneLine } from './outside-text.ts';

/** `Europe/Berlin · next in 3h · 2 missed` */
export function scheduleDescription({ timezone, paused, endedAt, next: [next], missedCount, problem, problemWording }: ScheduleView, nowMs: number): string {
  return [
    timezone,
    paused ? say('paused') : endedAt !== undefined ? say('edited or removed, catching up') : next === undefined ? say('no further time') : say('next {when}', { when: formatDue(next, nowMs) }),
    ...(missedCount === 0 ? [] : [say('{count, plural, one {# missed} other {# missed}}', { count: missedCount })]),
    ...(problem === undefined ? [] : [oneLine(toldText({ message: problem, wording: problemWording }), 60)]),
  ].join(' · ');
}

export function scheduleLabel(schedule: ScheduleView, nowMs: number): string {
  return [say('schedule {cron} of {workflow}', { cron: schedule.cron, workflow: schedule.workflow }), scheduleDescription(schedule, nowMs)].join(', ');
}

export function scheduleFacts({ id, timezone, paused, endedAt, next, last, missedCount, missedAt, missedReason, missedReasonWording, problem, problemWording }: ScheduleView): readonly (readonly [name: string, value: string])[] {
  return [
    [say('Schedule'), id],
    [say('Time zone'), timezone],
    ...(paused ? [[say('State'), say('paused')] as const] : []),
    ...(endedAt === undefined ? [] : [[say('State'), say('Edited or removed {at}. It still starts what was due until then.', { at: formatMoment(endedAt) })] as const]),
    ...(next.length === 0 ? [] : [[paused ? say('Would start') : say('Next'), next.map(formatMoment).join(', ')] as const]),
    ...(next.every((time) => isOwnTime(time, timezone)) ? [] : [[say('In its time zone'), next.map((time) => minuteIn(time, timezone)).join(', ')] as const]),
    ...(last === undefined ? [] : [[say('Last'), `${formatMoment(last.scheduledAt)}, ${last.run}`] as const]),
    ...(missedCount === 0 || missedAt === undefined ? [] : [[say('Missed'), say('{count}, the last {at}', { count: formatNumber(missedCount), at: formatMoment(missedAt) })] as const]),
    ...(missedReason === undefined ? [] : [[say('Missed because'), oneLine(toldText({ message: missedReason, wording: missedReasonWording }))] as const]),
    ...(problem === undefined ? [] : [[say('Problem'), oneLine(toldText({ message: problem, wording: problemWording }))] as const]),
  ];
}

/** Whether the reader's clocks show the same as those of the zone. */
function isOwnTime(time: string, timezone: string): boolean {
  return minuteIn(time, timezone) === minuteIn(time);
}

/** Times of schedules are whole minutes. */
function minuteIn(time: string, timezone?: string): string {
  return formatStamp(time, timezone).slice(0, 'YYYY-MM-DD HH:MM'.length);
}
