import { latestTimes, nextTimes } from '../../schemas/workflow/cron-times.ts';
import type { Schedule } from '../../schemas/workflow/model.ts';

/** A time that is started this late is on time, in milliseconds: a timer comes late, and a daemon is restarted. Later it was missed. */
export const onTimeMs = 60_000;
/** With `run-all`: so many missed times start runs, the newest ones. */
export const maxCaughtUp = 100;
/** With `run-all`: how far apart the runs of missed times are started at least, in milliseconds. */
export const catchUpEveryMs = 5000;
/** Times that are counted one by one. */
export const maxCounted = 1000;

export interface ScheduleStanding {
  /** Every time up to it has been decided. In the future if the clock was set back since. */
  readonly decidedUntil: number;
  readonly paused: boolean;
  /** It ends then: later times are not its own. */
  readonly endsAt?: number;
  /** Missed times up to this one are being caught up: it was decided before that they start. */
  readonly catchingUpTo?: number;
}

export interface ScheduleDecision {
  /** A time that starts a run now. */
  readonly start?: number;
  /** Every time up to it is decided by this. Unchanged: there is nothing to write. */
  readonly decidedUntil: number;
  /** Times that start nothing: how many, `maxCounted` at most, and the last of them. */
  readonly missed: number;
  readonly missedAt?: number;
  /** As of `ScheduleStanding`, for the next decision. */
  readonly catchingUpTo?: number;
  /** When to decide again, in wall time: maybe now. Undefined: never, as it is. */
  readonly nextAt?: number;
}

/** Whether a time of a schedule comes after `after` and up to `until`. */
export function hasTimes({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>, after: number, until: number): boolean {
  return after < until && nextTimes(cron, { after, until, count: 1, timeZone }).length > 0;
}

/** What becomes of the times of a schedule that have come, one run at a time. */
export function planSchedule(schedule: Schedule, { decidedUntil, paused, endsAt = Infinity, catchingUpTo }: ScheduleStanding, now: number): ScheduleDecision {
  const { cron, timeZone, missed: policy, withinMs } = schedule;
  // What was decided beyond the present was decided by a clock that was wrong. A time that did start a run has its key, and starts none again.
  const from = Math.min(decidedUntil, now);
  if (paused) return { decidedUntil: from, missed: 0 };
  const present = Math.min(now, endsAt);
  if (!hasTimes(schedule, from, present)) {
    const [nextAt] = nextTimes(cron, { after: now, until: endsAt, count: 1, timeZone });
    return { decidedUntil: from, missed: 0, ...(nextAt === undefined ? {} : { nextAt }) };
  }
  const times = (after: number, until: number, count: number): readonly number[] => (after >= until ? [] : latestTimes(cron, { after, until, count, timeZone }));
  const onTime = times(Math.max(from, now - onTimeMs - 1), present, maxCounted);
  const lateUntil = Math.min(now - onTimeMs - 1, present);
  const kept = keptLate();
  const [start] = [...kept, ...onTime];
  const skippedUntil = start === undefined ? present : start - 1;
  const missed = from >= skippedUntil ? [] : nextTimes(cron, { after: from, until: skippedUntil, count: maxCounted, timeZone });
  const missedAt = missed.length < maxCounted ? missed.at(-1) : times(from, skippedUntil, 1)[0];
  const told = { missed: missed.length, ...(missedAt === undefined ? {} : { missedAt }) };
  if (start === undefined) {
    const [nextAt] = nextTimes(cron, { after: now, until: endsAt, count: 1, timeZone });
    return { decidedUntil: present, ...told, ...(nextAt === undefined ? {} : { nextAt }) };
  }
  const [, nextLate] = kept;
  const isLast = kept.length + onTime.length === 1;
  const [following] = isLast ? nextTimes(cron, { after: now, until: endsAt, count: 1, timeZone }) : [now];
  const nextAt = kept.length > 0 && policy === 'run-all' && !isLast ? now + catchUpEveryMs : following;
  return { start, decidedUntil: start, ...told, ...(nextLate === undefined ? {} : { catchingUpTo: Math.max(catchingUpTo ?? 0, kept.at(-1) ?? 0) }), ...(nextAt === undefined ? {} : { nextAt }) };

  /** Missed times that start a run all the same, the oldest first. */
  function keptLate(): readonly number[] {
    switch (policy) {
      case 'skip':
        return [];
      case 'run-once':
        // One that is on time does for them.
        return onTime.length > 0 ? [] : times(Math.max(from, now - withinMs - 1), lateUntil, 1);
      case 'run-all': {
        const decided = catchingUpTo === undefined ? [] : times(from, Math.min(catchingUpTo, lateUntil), maxCaughtUp);
        const others = times(Math.max(from, now - withinMs - 1, catchingUpTo ?? 0), lateUntil, maxCaughtUp);
        return [...decided, ...others];
      }
    }
  }
}
