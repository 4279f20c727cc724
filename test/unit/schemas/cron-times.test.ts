import assert from 'node:assert/strict';
import { latestTimes, nextTimes } from '../../../schemas/workflow/cron-times.ts';
import { cronProblem } from '../../../schemas/workflow/analysis/cron.ts';
import { english } from '../../../schemas/wording/language.ts';
import { clockChanges } from '../../support/clock-changes.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Fields of a cron expression as crontab(5) has them, for `*`, numbers, lists, ranges and steps. Shares nothing with the code under test. */
function admits(field: string, value: number): boolean {
  return field.split(',').some((part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from, to] = range === '*' ? [0, 59] : range.split('-').map(Number);
    return value >= (from ?? 0) && value <= (to ?? from ?? 0) && (value - (from ?? 0)) % Number(step) === 0;
  });
}

function isDue(cron: string, wall: number): boolean {
  const shown = new Date(wall);
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = cron.split(' ');
  const isDay = admits(days, shown.getUTCDate());
  const isWeekday = admits(weekdays, shown.getUTCDay());
  const onDay = days === '*' ? isWeekday : weekdays === '*' ? isDay : isDay || isWeekday;
  return onDay && admits(months, shown.getUTCMonth() + 1) && admits(hours, shown.getUTCHours()) && admits(minutes, shown.getUTCMinutes());
}

/** What the clocks of a zone show, minute by minute: `from` is a whole minute. */
function wallMinutes(timeZone: string, from: number, to: number): readonly number[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return Array.from({ length: (to - from) / minute }, (_, index) => Date.parse(`${format.format(from + index * minute).replace(' ', 'T')}:00Z`));
}

/** Looks at each minute: fixed hours come once, when clocks have been set forward at the latest; each hour's come as time passes. */
function oracle(cron: string, from: number, walls: readonly number[]): readonly number[] {
  const found: number[] = [];
  let highest: number | undefined;
  const everyHour = cron.split(' ')[1] === '*';
  for (const [index, wall] of walls.entries()) {
    let isTime = isDue(cron, wall) && (everyHour || highest === undefined || wall > highest);
    if (!everyHour && highest !== undefined) for (let left = highest + minute; left < wall; left += minute) isTime ||= isDue(cron, left);
    if (isTime) found.push(from + index * minute);
    highest = Math.max(highest ?? wall, wall);
  }
  return found;
}

const crons = [
  '30 2 * * *', '0,30 2 * * *', '*/30 2 * * *', '*/30 1 * * *', '*/30 0 * * *', '*/30 23 * * *', '15 1-3 * * *', '0 */2 * * *', '0 */6 * * *', '45 * * * *', '*/30 * * * *', '*/7 * * * *',
  '0 9 * * 1-5', '0 0 * * *', '59 23 * * *', '0 0 1 * *', '30 2 * * 0', '0 12 13 * 5', '45 1 29 3 *',
] as const;

describe('times of cron expressions where clocks are set', () => {
  for (const [timeZone, days] of Object.entries(clockChanges)) {
    it(`are as the clocks show them, each once, in ${timeZone}`, () => {
      let compared = 0;
      for (const each of days) {
        const from = Date.parse(`${each}T00:00Z`) - day;
        const to = from + 3 * day;
        const walls = wallMinutes(timeZone, from - day, to);
        for (const cron of crons) {
          const wanted = oracle(cron, from - day, walls).filter((at) => at > from);
          assert.deepEqual(shown(nextTimes(cron, { after: from, until: to - 1, count: Infinity, timeZone })), shown(wanted), `${cron} around ${each}`);
          // Asked from one to the next, as the scheduler asks: none is left out, and none comes twice.
          if (wanted.length < 300) assert.deepEqual(shown(oneByOne(cron, timeZone, from, to)), shown(wanted), `${cron} around ${each}, one by one`);
          assert.deepEqual(shown(latestTimes(cron, { after: from, until: to - 1, count: 5, timeZone })), shown(wanted.slice(-5)), `the latest of ${cron} around ${each}`);
          compared += wanted.length;
        }
      }
      assert.ok(compared > 500);
    });
  }

  it('come when the clocks have been set forward, if they leave a time out', () => {
    const after = Date.parse('2026-03-28T12:00Z');
    assert.deepEqual(shown(nextTimes('30 2 * * *', { after, count: 2, timeZone: 'Europe/Berlin' })), ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
    assert.deepEqual(shown(nextTimes('*/30 2 * * *', { after, count: 2, timeZone: 'Europe/Berlin' })), ['2026-03-29T01:00:00.000Z', '2026-03-30T00:00:00.000Z'], 'once for all that are left out');
    assert.deepEqual(shown(nextTimes('15 2 * * *', { after: Date.parse('2026-10-03T06:00Z'), count: 1, timeZone: 'Australia/Lord_Howe' })), ['2026-10-03T15:30:00.000Z'], 'half an hour is left out');
  });

  it('come the first time, if the clocks show a fixed time twice', () => {
    const after = Date.parse('2026-10-24T12:00Z');
    assert.deepEqual(shown(nextTimes('30 2 * * *', { after, count: 2, timeZone: 'Europe/Berlin' })), ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
    assert.deepEqual(shown(nextTimes('30 2 * * *', { after: Date.parse('2026-10-25T01:00Z'), count: 1, timeZone: 'Europe/Berlin' })), ['2026-10-26T01:30:00.000Z'], 'asked between the two');
  });

  it('come in both hours that the clocks show, if an expression is for every hour', () => {
    const after = Date.parse('2026-10-24T23:30Z');
    assert.deepEqual(shown(nextTimes('*/30 * * * *', { after, count: 6, timeZone: 'Europe/Berlin' })), [0, 0.5, 1, 1.5, 2, 2.5].map((hours) => new Date(Date.parse('2026-10-25T00:00Z') + hours * hour).toISOString()));
  });

  it('are refused where none ever comes, and only there', () => {
    for (const never of ['0 0 30 2 *', '0 0 31 2,4 *', '0 0 31 4,6,9,11 *', '0 0 30-31 FEB *', '0 0 31 6-9/3 *']) assert.match(cronTold(never), /never comes/, never);
    for (const once of ['0 0 29 2 *', '0 0 31 2 MON', '0 0 28-31 2 *', '0 0 31 2,3 *', '0 0 */31 2 *', '0 0 31 * *', '0 0 30,1 2 *', '0 0 31 */2 *']) {
      assert.equal(cronTold(once), '', once);
      assert.equal(nextTimes(once, { after: 0, count: 1 }).length, 1, once);
    }
  });

  it('are none where the expression or the zone is not valid', () => {
    assert.deepEqual(nextTimes('61 * * * *', { after: 0, count: 1 }), []);
    assert.deepEqual(nextTimes('0 * * * *', { after: 0, count: 1, timeZone: 'Europe/Bonn' }), []);
  });
});

function cronTold(cron: string): string {
  const problem = cronProblem(cron);
  return problem === undefined ? '' : english.textOf(problem);
}

function oneByOne(cron: string, timeZone: string, from: number, to: number): readonly number[] {
  const found: number[] = [];
  for (let [next] = nextTimes(cron, { after: from, count: 1, timeZone }); next !== undefined && next < to; [next] = nextTimes(cron, { after: next, count: 1, timeZone })) found.push(next);
  return found;
}

function shown(times: readonly number[]): readonly string[] {
  return times.map((at) => new Date(at).toISOString());
}
