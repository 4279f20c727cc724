import { Cron } from 'croner';
import { cronProblem, isTimeZone } from './analysis/cron.ts';
import { WallClock } from './wall-clock.ts';

export interface CronTimesOptions {
  /** Milliseconds since 1970; the first time comes later than this. */
  readonly after: number;
  readonly count: number;
  /** IANA name; UTC if it is left out. */
  readonly timeZone?: string;
  /** Times later than this are left out, in milliseconds since 1970: a year of nothing is not searched through. */
  readonly until?: number;
}

const hourMs = 60 * 60 * 1000;

/**
 * The next times of a cron expression, in milliseconds since 1970. None where the expression or the time zone is not valid.
 *
 * Where clocks are set forward, a time that they leave out comes when they have been set, once for all of them. Where they are set back, a time that they
 * show twice comes the first time. An expression for every hour (`*` as its hour) follows time as it passes instead: what is left out doesn't come, and what is
 * shown twice comes twice.
 *
 * Croner finds the wall times, as if the clocks were never set: by itself it leaves out the whole day for `0,30 2 * * *`, and counts `*\/2` as every hour.
 */
export function nextTimes(cron: string, { after, count, timeZone = 'UTC', until = Infinity }: CronTimesOptions): readonly number[] {
  if (cronProblem(cron) !== undefined || !isTimeZone(timeZone)) return [];
  const pattern = new Cron(cron, { timezone: 'UTC', paused: true, mode: '5-part' });
  const clock = new WallClock(timeZone);
  const isEveryHour = /^\*(\/0*1)?$/.test(cron.trim().split(/\s+/)[1] ?? '');
  const found: number[] = [];
  const offset = clock.offsetAt(after);
  // Clocks that are set back soon show again what they show now.
  const repeatedMs = Math.max(0, offset - clock.offsetAt(after + 24 * hourMs));
  for (let wall = after + offset - repeatedMs - 1000; ; ) {
    const next = pattern.nextRun(new Date(wall))?.getTime();
    if (next === undefined) break;
    wall = next;
    const { instants, gapEnd } = clock.instantsOf(wall);
    const first = instants[0] ?? gapEnd ?? Infinity;
    // All that follow come later than this.
    if (first > until || (found.length >= count && first >= (found[count - 1] ?? 0))) break;
    for (const instant of isEveryHour ? instants : [first]) if (instant > after && instant <= until && !found.includes(instant)) found.push(instant);
    found.sort((one, other) => one - other);
  }
  return found.slice(0, count);
}

/** The latest `count` times after `after` and up to `until`, the oldest first. Looks no further back than it has to. */
export function latestTimes(cron: string, { after, until, count, timeZone = 'UTC' }: { readonly after: number; readonly until: number; readonly count: number; readonly timeZone?: string }): readonly number[] {
  for (let windowMs = hourMs; ; windowMs *= 4) {
    const from = Math.max(after, until - windowMs);
    const found = nextTimes(cron, { after: from, until, count: Infinity, timeZone });
    if (found.length >= count || from === after) return found.slice(-count);
  }
}
