import { storedText } from './stored-text.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import { nextTimes } from '../../schemas/workflow/cron-times.ts';
import { scheduleDefaults, type Schedule } from '../../schemas/workflow/model.ts';
import { hasTimes, maxCounted } from '../core/schedule-plan.ts';
import type { Book } from './book.ts';
import type { DecideScheduleParams, DeclareSchedulesParams, ScheduleOutcome, SetScheduleParams } from './call.ts';
import type { ScheduleRow } from './row.ts';
import { createRun } from './starting.ts';

/**
 * Which schedules there are now. One that is new begins now: what was due before is not its own. One that is gone is forgotten; if it is paused it stays so, should
 * it come back. If something of what was due by the former declaration is not decided yet, it is decided by that: the former one stays until then, as a row that ends.
 */
export function declareSchedules(book: Book, { schedules, unreadable, now }: DeclareSchedulesParams): void {
  const rows = book.fact('schedules', 0);
  const known = new Map(rows.filter(({ ends_at: ends }) => ends === null).map((row) => [identityOf(row.workflow, row.cron, row.timezone), row]));
  let id = Math.max(0, ...rows.map((row) => row.id));
  for (const { workflow, schedule } of schedules) {
    const identity = identityOf(workflow, schedule.cron, schedule.timeZone);
    const declaration = JSON.stringify(schedule);
    const row = known.get(identity);
    known.delete(identity);
    if (row === undefined) book.insert('schedules', { id: ++id, workflow, cron: schedule.cron, timezone: schedule.timeZone, declared_at: now, declaration, decided_until: now });
    else if (row.removed === 1) book.patchSchedule(row.id, { removed: 0, declared_at: now, declaration, decided_until: now });
    else if (row.declaration !== declaration && isOpen(row, now)) {
      // The problem and the count are the former one's.
      book.insert('schedules', { ...row, id: ++id, ends_at: now });
      book.patchSchedule(row.id, { declared_at: now, declaration, decided_until: now, missed: 0, missed_at: null, problem: null });
    } else if (row.declaration !== declaration) book.patchSchedule(row.id, { declared_at: now, declaration });
  }
  for (const row of known.values()) {
    if (unreadable.includes(row.workflow) || row.removed === 1) continue;
    if (row.paused === 1) book.patchSchedule(row.id, { removed: 1 });
    else if (isOpen(row, now)) book.patchSchedule(row.id, { ends_at: now });
    else book.write({ kind: 'delete_schedule', id: row.id });
  }
}

/** Something that was due is not decided: it is being caught up, or waits for room. */
function isOpen(row: ScheduleRow, now: number): boolean {
  return row.paused === 0 && hasTimes(scheduleOf(row), row.decided_until, now);
}

/** Two with the same are one schedule. */
function identityOf(workflow: string, cron: string, timeZone: string): string {
  return JSON.stringify([workflow, cron, timeZone]);
}

/**
 * Times of a schedule are decided, and the run of one of them is made: both or neither, whatever ends this process. `stale`: somebody has decided meanwhile, or has
 * paused or removed it.
 */
export function decideSchedule(book: Book, { id, from, until, missed, missedAt, start, problem, now }: DecideScheduleParams): ScheduleOutcome {
  const row = book.fact('schedule', id);
  if (row === undefined || row.decided_until !== from || row.paused === 1 || row.removed === 1) return { outcome: 'stale' };
  const skipped: Partial<ScheduleRow> = missed === 0 ? {} : { missed: row.missed + missed, missed_at: missedAt ?? null, problem: problem === undefined ? null : storedText(problem) };
  const decided = (values: Partial<ScheduleRow>): void => {
    if (row.ends_at === null || hasTimes(scheduleOf(row), until, row.ends_at)) book.patchSchedule(id, { decided_until: until, ...values });
    else book.write({ kind: 'delete_schedule', id });
  };
  if (start === undefined) {
    decided(skipped);
    return { outcome: 'decided' };
  }
  const { at, run } = start;
  const { runId, existed } = createRun(book, {
    ...run,
    key: `@schedule/${row.cron}/${row.timezone}/${new Date(at).toISOString()}`,
    trigger: { shown: { kind: 'schedule', scheduledAt: new Date(at).toISOString() }, value: JSON.stringify(scheduleTrigger(at, now)) },
    now,
  });
  if (existed === true) {
    decided(skipped);
    return { outcome: 'existed', runId };
  }
  decided({ last_at: at, last_run: runId, missed, missed_at: missedAt ?? null, problem: null });
  return { outcome: 'started', runId };
}

/** What `trigger` is in a run of that time which starts now. */
export function scheduleTrigger(at: number, now: number): { readonly kind: 'schedule'; readonly at: string; readonly scheduledAt: string } {
  return { kind: 'schedule', at: new Date(now).toISOString(), scheduledAt: new Date(at).toISOString() };
}

/** Pauses or resumes a schedule. Nothing that came while it was paused is due afterwards. What was due before and has not started counts as missed. */
export function setSchedule(book: Book, { id, paused, now }: SetScheduleParams): object {
  const row = book.fact('schedule', id);
  if (row === undefined || row.removed === 1) throw new CodedError('not-found', message('There is no schedule {schedule}: `sluice schedules` lists them.', { schedule: `s${id}` }));
  if ((row.paused === 1) === paused) return {};
  if (!paused) book.patchSchedule(id, { paused: 0, decided_until: now });
  else if (row.ends_at !== null) book.write({ kind: 'delete_schedule', id });
  else {
    const { cron, timeZone } = scheduleOf(row);
    const left = row.decided_until < now ? nextTimes(cron, { after: row.decided_until, until: now, count: maxCounted, timeZone }) : [];
    const missedAt = left.at(-1);
    book.patchSchedule(id, { paused: 1, decided_until: now, ...(missedAt === undefined ? {} : { missed: row.missed + left.length, missed_at: missedAt, problem: storedText(message('It was paused before it came to them.')) }) });
  }
  return {};
}

/** What a row says that was declared. */
export function scheduleOf(row: Pick<ScheduleRow, 'declaration'>): Schedule {
  return { ...scheduleDefaults, ...(JSON.parse(row.declaration) as Schedule) };
}
