import { Cron } from 'croner';
import { cronProblem, isTimeZone } from './analysis/cron.ts';

export interface CronTimesOptions {
  /** Milliseconds since 1970; the first time comes later than this. */
  readonly after: number;
  readonly count: number;
  /** IANA name; UTC if it is left out. */
  readonly timeZone?: string;
  /** Times later than this are left out, in milliseconds since 1970: a year of nothing is not searched through. */
  readonly until?: number;
}

/** The next times of a cron expression, in milliseconds since 1970. None where the expression or the time zone is not valid. */
export function nextTimes(cron: string, { after, count, timeZone = 'UTC', until = Infinity }: CronTimesOptions): readonly number[] {
  if (cronProblem(cron) !== undefined || !isTimeZone(timeZone)) return [];
  const schedule = new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' });
  const times: number[] = [];
  for (let last = after; times.length < count; ) {
    const next = schedule.nextRun(new Date(last))?.getTime();
    if (next === undefined || next > until) break;
    times.push(next);
    last = next;
  }
  return times;
}
