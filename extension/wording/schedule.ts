import type { ScheduleView } from '../../schemas/protocol/schedule.ts';
import { formatDue, formatMoment, formatNumber, say } from './language.ts';
import { oneLine } from './outside-text.ts';

/** `Europe/Berlin · next in 3h · 2 missed` */
export function scheduleDescription({ timezone, paused, next: [next], missedCount, problem }: ScheduleView, nowMs: number): string {
  return [
    timezone,
    paused ? say('paused') : next === undefined ? say('no further time') : say('next {when}', { when: formatDue(next, nowMs) }),
    ...(missedCount === 0 ? [] : [say('{count, plural, one {# missed} other {# missed}}', { count: missedCount })]),
    ...(problem === undefined ? [] : [oneLine(problem, 60)]),
  ].join(' · ');
}

export function scheduleLabel(schedule: ScheduleView, nowMs: number): string {
  return [say('schedule {cron} of {workflow}', { cron: schedule.cron, workflow: schedule.workflow }), scheduleDescription(schedule, nowMs)].join(', ');
}

export function scheduleFacts({ id, timezone, paused, next, last, missedCount, missedAt, problem }: ScheduleView): readonly (readonly [name: string, value: string])[] {
  return [
    [say('Schedule'), id],
    [say('Time zone'), timezone],
    ...(paused ? [[say('State'), say('paused')] as const] : []),
    [paused ? say('Would start') : say('Next'), next.map(formatMoment).join(', ')],
    ...(last === undefined ? [] : [[say('Last'), `${formatMoment(last.scheduledAt)}, ${last.run}`] as const]),
    ...(missedCount === 0 || missedAt === undefined ? [] : [[say('Missed'), say('{count}, the last {at}', { count: formatNumber(missedCount), at: formatMoment(missedAt) })] as const]),
    ...(problem === undefined ? [] : [[say('Problem'), oneLine(problem)] as const]),
  ];
}
