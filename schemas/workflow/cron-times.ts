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
  const parsed = parsedCron(cron);
  if (parsed === undefined || !isTimeZone(timeZone)) return [];
  const { pattern, isEveryHour } = parsed;
  const clock = new WallClock(timeZone);
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

interface ParsedCron {
  readonly pattern: Cron;
  /** It has a `*` as its hour. */
  readonly isEveryHour: boolean;
}

/** Those that were read last: a schedule's times are asked for again and again, and reading its expression takes longer than finding a time. */
const parsedCrons = new Map<string, ParsedCron | undefined>();
const maxParsed = 500;

/** Undefined if it is not valid. */
function parsedCron(cron: string): ParsedCron | undefined {
  if (parsedCrons.has(cron)) return parsedCrons.get(cron);
  const [oldest] = parsedCrons.keys();
  if (parsedCrons.size >= maxParsed && oldest !== undefined) parsedCrons.delete(oldest);
  const parsed =
    cronProblem(cron) === undefined
      ? // Not `timezone: 'UTC'`: that goes through `Intl`, which takes ten times as long.
        { pattern: new Cron(cron, { utcOffset: 0, paused: true, mode: '5-part' }), isEveryHour: /^\*(\/0*1)?$/.test(cron.trim().split(/\s+/)[1] ?? '') }
      : undefined;
  parsedCrons.set(cron, parsed);
  return parsed;
}

/** The latest `count` times after `after` and up to `until`, the oldest first. Looks no further back than it has to. */
export function latestTimes(cron: string, { after, until, count, timeZone = 'UTC' }: { readonly after: number; readonly until: number; readonly count: number; readonly timeZone?: string }): readonly number[] {
  for (let windowMs = hourMs; ; windowMs *= 4) {
    const from = Math.max(after, until - windowMs);
    const found = nextTimes(cron, { after: from, until, count: Infinity, timeZone });
    if (found.length >= count || from === after) return found.slice(-count);
  }
}

/** How a time zone's clocks go. Wall times are milliseconds since 1970 as if the clocks showed UTC. */

const dayMs = 24 * 60 * 60 * 1000;

const formats = new Map<string, Intl.DateTimeFormat>();
const maxFormats = 50;

class WallClock {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** `timeZone`: an IANA name that exists. */
  constructor(timeZone: string) {
    this.#format = timeZone === 'UTC' ? undefined : formatOf(timeZone);
  }

  /** How far the clocks are ahead of UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number {
    if (this.#format === undefined) return 0;
    // `2026, GMT+05:45`, with seconds for the local mean times of former centuries; `GMT` alone is 0. The parts of the date would take three times as long.
    const [, sign, hours, minutes, seconds = 0] = /GMT([+-])(\d+):(\d+)(?::(\d+))?/.exec(this.#format.format(instant)) ?? [];
    const aheadMs = ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -aheadMs : aheadMs;
  }

  /**
   * When the clocks show a wall time: once on nearly all days, twice where they are set back, and never where they are set forward; then `gapEnd`
   * is the instant at which they are.
   */
  instantsOf(wall: number): { readonly instants: readonly number[]; readonly gapEnd?: number } {
    const before = this.offsetAt(wall - dayMs);
    const after = this.offsetAt(wall + dayMs);
    if (before === after) return { instants: [wall - before] };
    const instants = [wall - before, wall - after].filter((instant) => instant + this.offsetAt(instant) === wall).sort((one, other) => one - other);
    if (instants.length > 0) return { instants };
    // One of them is before the change, the other after it.
    let from = wall - Math.max(before, after);
    let to = wall - Math.min(before, after);
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (this.offsetAt(middle) === before) from = middle;
      else to = middle;
    }
    return { instants: [], gapEnd: to };
  }
}

/** To make one takes longer than to use it a hundred times. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', { timeZone, numberingSystem: 'latn', year: 'numeric', timeZoneName: 'longOffset' });
  const [oldest] = formats.keys();
  if (formats.size >= maxFormats && oldest !== undefined) formats.delete(oldest);
  formats.set(timeZone, made);
  return made;
}
