import assert from 'node:assert/strict';
import { catchUpEveryMs, maxCaughtUp, planSchedule, type ScheduleStanding } from '../../../../daemon/core/schedule-plan.ts';
import type { Schedule } from '../../../../schemas/workflow/model.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const at = (text: string): number => Date.parse(`${text}Z`);
/** Twenty hours and a half after 14:00 of the day before: 15 to 10 o'clock are missed, and 10:30 is nobody's time. */
const now = at('2026-03-10T10:30');
const before = at('2026-03-09T14:00');

function hourly(values: Partial<Schedule> = {}): Schedule {
  return { cron: '0 * * * *', timeZone: 'UTC', missed: 'skip', withinMs: day, inputs: {}, ...values };
}

/** All decisions that are made one after the other, from one moment, as the scheduler makes them. */
function decideAt(schedule: Schedule, from: ScheduleStanding, time: number): { readonly started: readonly number[]; readonly missed: number; readonly missedAt: number | undefined; readonly standing: ScheduleStanding; readonly nextAt: number | undefined } {
  const started: number[] = [];
  let missed = 0;
  let missedAt: number | undefined;
  let standing = from;
  for (let round = 0; ; round++) {
    assert.ok(round < 2000, 'it comes to an end');
    const plan = planSchedule(schedule, standing, time);
    if (plan.start !== undefined) started.push(plan.start);
    missed += plan.missed;
    missedAt = plan.missedAt ?? missedAt;
    standing = { decidedUntil: plan.decidedUntil, paused: false, ...(plan.catchingUpTo === undefined ? {} : { catchingUpTo: plan.catchingUpTo }) };
    if (plan.nextAt === undefined || plan.nextAt > time) return { started, missed, missedAt, standing, nextAt: plan.nextAt };
  }
}

/** The same over time, as long as there is something to do before `until`. */
function decideFrom(schedule: Schedule, from: ScheduleStanding, time: number, until: number): { readonly started: readonly number[]; readonly pacesMs: readonly number[]; readonly missed: number } {
  const started: number[] = [];
  const startedAt: number[] = [];
  let missed = 0;
  let standing = from;
  for (let moment: number | undefined = time; moment !== undefined && moment < until; ) {
    const decided = decideAt(schedule, standing, moment);
    started.push(...decided.started);
    startedAt.push(...decided.started.map(() => moment ?? 0));
    missed += decided.missed;
    standing = decided.standing;
    moment = decided.nextAt;
  }
  return { started, pacesMs: startedAt.slice(1).map((each, index) => each - (startedAt[index] ?? 0)), missed };
}

describe('what becomes of the times of a schedule', () => {
  const standing = { decidedUntil: before, paused: false };

  it('decides nothing while nothing is due, and says when something is', () => {
    const decidedUntil = at('2026-03-10T10:00');
    assert.deepEqual(planSchedule(hourly(), { decidedUntil, paused: false }, now), { decidedUntil, missed: 0, nextAt: at('2026-03-10T11:00') });
  });

  it('starts a time that has come, and what is up to a minute late', () => {
    const decidedUntil = at('2026-03-10T10:00');
    const eleven = at('2026-03-10T11:00');
    for (const lateMs of [0, 1, minute - 1, minute]) {
      const plan = planSchedule(hourly(), { decidedUntil, paused: false }, eleven + lateMs);
      assert.deepEqual(plan, { start: eleven, decidedUntil: eleven, missed: 0, nextAt: at('2026-03-10T12:00') }, `${lateMs} ms late`);
    }
    const late = planSchedule(hourly(), { decidedUntil, paused: false }, eleven + minute + 2);
    assert.deepEqual([late.start, late.missed, late.missedAt], [undefined, 1, eleven], 'later it was missed');
  });

  it('is never due again where nothing follows', () => {
    const plan = planSchedule(hourly({ cron: '0 0 30 2 *' }), standing, now);
    assert.deepEqual(plan, { decidedUntil: before, missed: 0 });
  });

  it('has nothing to decide while it is paused', () => {
    for (const missed of ['skip', 'run-once', 'run-all'] as const) assert.deepEqual(planSchedule(hourly({ missed }), { ...standing, paused: true }, now), { decidedUntil: before, missed: 0 });
  });

  it('skip: counts what was missed, and starts none of it', () => {
    const { started, missed, missedAt, standing: after, nextAt } = decideAt(hourly(), standing, now);
    assert.deepEqual([started, missed, missedAt, after.decidedUntil, nextAt], [[], 20, at('2026-03-10T10:00'), now, at('2026-03-10T11:00')]);
  });

  it('skip: starts what is on time after what was missed', () => {
    const { started, missed, missedAt } = decideAt(hourly(), standing, at('2026-03-10T10:00') + 500);
    assert.deepEqual([started, missed, missedAt], [[at('2026-03-10T10:00')], 19, at('2026-03-10T09:00')]);
  });

  it('run-once: starts the latest that was missed, and counts the others', () => {
    const { started, missed, missedAt, nextAt } = decideAt(hourly({ missed: 'run-once' }), standing, now);
    assert.deepEqual([started, missed, missedAt, nextAt], [[at('2026-03-10T10:00')], 19, at('2026-03-10T09:00'), at('2026-03-10T11:00')]);
  });

  it('run-once: one that is on time does for those that were missed', () => {
    const { started, missed } = decideAt(hourly({ missed: 'run-once' }), standing, at('2026-03-10T10:00') + 500);
    assert.deepEqual([started, missed], [[at('2026-03-10T10:00')], 19]);
  });

  it('run-all: starts each that was missed, the oldest first, five seconds apart', () => {
    const { started, pacesMs, missed } = decideFrom(hourly({ missed: 'run-all' }), standing, now, at('2026-03-10T11:00'));
    assert.deepEqual(started, Array.from({ length: 20 }, (_, index) => before + (index + 1) * hour));
    assert.deepEqual([pacesMs, missed], [Array.from({ length: 19 }, () => catchUpEveryMs), 0]);
  });

  it('run-all: starts the newest hundred of more, counts the others, and each other time on its time', () => {
    const from = { decidedUntil: at('2026-03-01T00:00'), paused: false };
    const eachHour = hourly({ missed: 'run-all', withinMs: 30 * day });
    const { started, missed } = decideFrom(eachHour, from, now, at('2026-03-10T12:30'));
    const due = Array.from({ length: 9 * 24 + 12 }, (_, index) => at('2026-03-01T01:00') + index * hour);
    assert.deepEqual(started, due.slice(-maxCaughtUp - 2), 'and those of 11 and 12 o\'clock');
    assert.equal(missed, due.length - maxCaughtUp - 2);
  });

  it('run-all: what is decided to be caught up is not forgotten because it gets older meanwhile', () => {
    const eachMinute = hourly({ cron: '* * * * *', missed: 'run-all', withinMs: 10 * minute });
    const from = { decidedUntil: now - 10 * minute, paused: false };
    const { started, missed } = decideFrom(eachMinute, from, now, now + 5 * minute);
    assert.deepEqual(started, Array.from({ length: started.length }, (_, index) => now + (index - 9) * minute));
    assert.ok(started.length >= 14);
    assert.equal(missed, 0);
  });

  it('within: what is older starts nothing', () => {
    const fourHours = { withinMs: 4 * hour };
    const all = decideFrom(hourly({ missed: 'run-all', ...fourHours }), standing, now, at('2026-03-10T11:00'));
    assert.deepEqual([all.started, all.missed], [[7, 8, 9, 10].map((hours) => at('2026-03-10T00:00') + hours * hour), 16]);
    const once = decideAt(hourly({ cron: '0 6 * * *', missed: 'run-once', ...fourHours }), standing, now);
    assert.deepEqual([once.started, once.missed, once.missedAt], [[], 1, at('2026-03-10T06:00')]);
    const border = decideAt(hourly({ cron: '30 6 * * *', missed: 'run-once', ...fourHours }), standing, now);
    assert.deepEqual(border.started, [at('2026-03-10T06:30')], 'exactly as old is not older');
  });

  it('counts no further than a thousand after a far past, and still says which was the last', () => {
    const { started, missed, missedAt, standing: after } = decideAt(hourly({ cron: '* * * * *' }), { decidedUntil: now - 400 * day, paused: false }, now + 30_000);
    assert.deepEqual([started, missed, missedAt, after.decidedUntil], [[now], 1000, now - minute, now]);
    const newYear = decideAt(hourly({ cron: '0 0 1 1 *' }), { decidedUntil: at('2001-06-01T00:00'), paused: false }, now);
    assert.deepEqual([newYear.missed, newYear.missedAt, newYear.nextAt], [25, at('2026-01-01T00:00'), at('2027-01-01T00:00')]);
  });

  it('goes on from the present after the clock was set back, and does not wait until it comes to where it was', () => {
    const ahead = { decidedUntil: now + 5 * day, paused: false };
    const plan = planSchedule(hourly(), ahead, now);
    assert.deepEqual(plan, { decidedUntil: now, missed: 0, nextAt: at('2026-03-10T11:00') });
    const eleven = planSchedule(hourly(), { decidedUntil: plan.decidedUntil, paused: false }, at('2026-03-10T11:00'));
    assert.equal(eleven.start, at('2026-03-10T11:00'));
  });

  it('treats what a clock that is set forward leaves out as missed', () => {
    const forward = now + 3 * hour;
    const from = { decidedUntil: now, paused: false };
    assert.deepEqual(decideAt(hourly(), from, forward).missed, 3);
    assert.deepEqual(decideAt(hourly({ missed: 'run-once' }), from, forward).started, [at('2026-03-10T13:00')]);
    assert.deepEqual(decideFrom(hourly({ missed: 'run-all' }), from, forward, forward + minute).started, [11, 12, 13].map((hours) => at('2026-03-10T00:00') + hours * hour));
  });
});
