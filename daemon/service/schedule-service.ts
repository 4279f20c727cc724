import { CodedError } from '../../schemas/protocol/error.ts';
import { formatRunId } from '../../schemas/protocol/id.ts';
import { formatScheduleId, parseScheduleId, type ScheduleView } from '../../schemas/protocol/trigger.ts';
import { english } from '../../schemas/wording/language.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import type { Told } from '../../schemas/wording/told.ts';
import { readStoredText } from '../ledger/stored-text.ts';
import { nextTimes } from '../../schemas/workflow/cron-times.ts';
import type { Clock } from '../core/clock.ts';
import type { ScheduleRow } from '../ledger/row.ts';
import { scheduleOf } from '../ledger/scheduling.ts';
import { iso } from '../ledger/view.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { Store } from '../store/store.ts';
import type { Scheduler } from '../triggers/scheduler.ts';
import type { ProjectService } from './project-service.ts';

/** Times that are shown of each schedule. */
const shownTimes = 5;

export interface ScheduleServiceOptions {
  readonly scheduler: Scheduler;
  readonly project: ProjectService;
  readonly store: Store;
  readonly clock: Clock;
}

/** Schedules as they stand, and what a person tells them. */
export class ScheduleService implements Pick<Handlers, 'schedule/list' | 'schedule/pause' | 'schedule/resume'> {
  readonly #options: ScheduleServiceOptions;

  constructor(options: ScheduleServiceOptions) {
    this.#options = options;
  }

  'schedule/list': Handlers['schedule/list'] = async ({ workflow }) => {
    const { project } = this.#options;
    await project.refresh('all');
    if (workflow !== undefined && !project.has(workflow)) throw project.unknown(workflow);
    const schedules = await this.list();
    return { schedules: workflow === undefined ? schedules : schedules.filter((one) => one.workflow === workflow) };
  };

  'schedule/pause': Handlers['schedule/pause'] = ({ id }) => this.#set(id, true);

  'schedule/resume': Handlers['schedule/resume'] = ({ id }) => this.#set(id, false);

  async list(): Promise<ScheduleView[]> {
    const { store, scheduler, clock } = this.#options;
    const now = clock.now();
    return (await store.listSchedules({})).map((row) => viewOf(row, now, row.paused === 1 ? undefined : scheduler.problemOf(row)));
  }

  async #set(id: string, paused: boolean): Promise<ScheduleView> {
    const { scheduler, project } = this.#options;
    await project.refresh();
    const number = parseScheduleId(id);
    const unknown = new CodedError('not-found', message('There is no schedule {schedule}: `sluice schedules` lists them.', { schedule: id }));
    const before = (await this.list()).find((one) => one.id === id);
    if (number === undefined || before === undefined) throw unknown;
    await scheduler.pause(number, paused);
    // One that ends has nothing more to start once it is paused, and is forgotten.
    return (await this.list()).find((one) => one.id === id) ?? { ...before, paused };
  }
}

function viewOf(row: ScheduleRow, now: number, problem: Message | undefined): ScheduleView {
  const { cron, timeZone, missed, withinMs } = scheduleOf(row);
  return {
    id: formatScheduleId(row.id),
    workflow: row.workflow,
    cron,
    timezone: timeZone,
    missed,
    withinMs,
    paused: row.paused === 1,
    next: nextTimes(cron, { after: now, count: shownTimes, timeZone, ...(row.ends_at === null ? {} : { until: row.ends_at }) }).map(iso),
    ...(row.ends_at === null ? {} : { endedAt: iso(row.ends_at) }),
    ...(row.last_at === null || row.last_run === null ? {} : { last: { scheduledAt: iso(row.last_at), run: formatRunId(row.last_run) } }),
    missedCount: row.missed,
    ...(row.missed_at === null ? {} : { missedAt: iso(row.missed_at) }),
    ...(row.problem === null ? {} : missedReasonOf(readStoredText(row.problem))),
    ...(problem === undefined ? {} : { problem: english.textOf(problem), problemWording: problem }),
  };
}

function missedReasonOf({ message: missedReason, wording }: Told): Pick<ScheduleView, 'missedReason' | 'missedReasonWording'> {
  return { missedReason, ...(wording === undefined ? {} : { missedReasonWording: wording }) };
}
