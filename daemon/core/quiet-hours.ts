import type { QuietHours } from '../../schemas/workflow/alert-receiver.ts';

const minuteMs = 60_000;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Whether a time, in milliseconds since the epoch, is within them. By the clocks of the zone: on a day on which those are set, they are as long as the clocks say. */
export function isQuiet({ fromMinute, toMinute, timeZone }: QuietHours, now: number): boolean {
  const minute = minuteOfDay(timeZone, now);
  return fromMinute < toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}

/** When to look again, in wall time: clocks are a whole number of minutes apart from each other, so a minute ends in all zones in the same instant. */
export function nextMinute(now: number): number {
  return (Math.floor(now / minuteMs) + 1) * minuteMs;
}

function minuteOfDay(timeZone: string, now: number): number {
  let clock = clocks.get(timeZone);
  if (clock === undefined) clocks.set(timeZone, (clock = new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })));
  const parts = clock.formatToParts(now);
  const valueOf = (type: 'hour' | 'minute'): number => Number(parts.find((part) => part.type === type)?.value);
  return valueOf('hour') * 60 + valueOf('minute');
}
