import { english } from '../../schemas/wording/language.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import { CodedError, type ErrorCode, messageOfError, toldOfError } from '../../schemas/protocol/error.ts';
import { formatRunId } from '../../schemas/protocol/id.ts';
import type { ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import { projectFileKind } from '../../schemas/workflow/analysis/analyse-project.ts';
import { workflowIdOf } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import { nextTimes } from '../../schemas/workflow/cron-times.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Schedule, Workflow } from '../../schemas/workflow/model.ts';
import { parseTemplate, renderTemplate } from '../../schemas/workflow/template.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { versionOf } from '../engine/workflow-versions.ts';
import { catchUpEveryMs, planSchedule, type ScheduleDecision } from '../core/schedule-plan.ts';
import type { DecideScheduleParams, ScheduleOutcome } from '../ledger/call.ts';
import type { ScheduleRow } from '../ledger/row.ts';
import { scheduleOf, scheduleTrigger } from '../ledger/scheduling.ts';
import type { Log } from '../log/daemon-log.ts';
import { failPoint } from '../platform/fail-point.ts';
import { Listeners } from '../platform/listeners.ts';
import type { Store } from '../store/store.ts';

/** The longest timer, in milliseconds: a machine may sleep without the timer's knowing. */
const longestWaitMs = 60_000;
/** When it is tried again to start what could not be started, because a queue is full or the store can't be written, in milliseconds. */
const againAfterMs = 10_000;
/** What a later try would be told again, or must not be: the time is decided, and starts nothing. */
const finalRefusals: ReadonlySet<ErrorCode> = new Set(['run-skipped', 'invalid-inputs', 'invalid-workflow', 'too-large']);
const goneText = message('Its workflow is no longer there.');
const unreadableText = message('The file of its workflow has errors: it starts nothing until they are corrected.');
/** Decisions of one schedule before the others get their turn. */
const turn = 20;

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'declareSchedules' | 'decideSchedule' | 'setSchedule' | 'listSchedules'>;
  /** As the files are now. */
  readonly project: { readonly analysis: ProjectAnalysis };
  /** @throws CodedError where nothing can be accepted */
  readonly assertAcceptingWork: () => void;
  /** The inputs with their defaults. @throws CodedError `invalid-inputs` */
  readonly checkInputs: (workflow: Workflow, given: JsonObject) => JsonObject;
  /** Of the daemons that share the store, this one starts what is due. */
  readonly leads: () => boolean;
  /** What this daemon's files say of schedules holds; if not, it starts what another has declared until that one is back. Always, if omitted. */
  readonly declares?: () => boolean;
  readonly onStoreError: (error: unknown) => void;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** A schedule that catches up: see `ScheduleStanding.catchingUpTo`, and when the next of its times may start, in wall time. */
interface CatchUp {
  readonly to: number;
  readonly nextAt: number;
}

/** Between `from` and `nextAt`, in wall time, no time of a schedule comes. */
interface IdleSchedule {
  readonly decidedUntil: number;
  readonly declaration: string;
  readonly from: number;
  readonly nextAt: number;
}

/**
 * Starts runs at the times that workflows' files say. What is decided, and how far, is in the store; here is the timer. One daemon, or several on one store: each
 * decision says from where it goes on, and the second of two is refused.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** By workflow and declaration: an edited file leaves the former declaration to another row. After a restart it is decided again how many missed times start a run. */
  readonly #catchingUp = new Map<string, CatchUp>();
  /** Why a time can't start its run yet, by its schedule: it is tried again for as long as it isn't missed. */
  readonly #held = new Map<number, Message>();
  /** Schedules of which no time has come, as they were when that was found: a look at one doesn't cost a calculation for each of the others. */
  readonly #idle = new Map<number, IdleSchedule>();
  readonly #listeners = new Listeners();
  #timer: Timer | undefined;
  #isStarted = false;
  #hasDeclared = false;
  #ignoreClock = (): void => {};
  #last: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Calls back when a schedule may stand otherwise. Returns what ends it. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Call it once the store is open. */
  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#ignoreClock = this.#options.clock.onChange(() => void this.#inTurn(() => this.#decideAll()));
    await this.apply();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#ignoreClock();
    this.#timer?.cancel();
    await this.#last;
  }

  /** The project's files may say something else. What was due by what they said before is decided first. */
  apply(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#decideAll();
      await this.#declare();
      this.#hasDeclared = this.#options.leads() && this.#declares;
      await this.#decideAll();
    });
  }

  /** This daemon may lead now; or it does, and others may have paused, resumed or declared something. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      const { leads } = this.#options;
      const hasDeclared = this.#hasDeclared;
      this.#hasDeclared = leads() && this.#declares;
      if (this.#hasDeclared && !hasDeclared) await this.#declare();
      await this.#decideAll();
    });
  }

  /** @throws CodedError `not-found` */
  async pause(id: number, paused: boolean): Promise<void> {
    // What was due before it was paused isn't taken back by it.
    await this.#inTurn(() => this.#decideAll());
    await this.#options.store.setSchedule({ id, paused, now: this.#options.clock.now() });
    this.#held.delete(id);
    this.#changed();
    await this.#inTurn(() => this.#decideAll());
  }

  /** Workflows that have errors: their schedules wait until the file is right again. */
  get unreadable(): readonly string[] {
    const { workflows, diagnostics } = this.#options.project.analysis;
    return [...diagnostics.keys()].filter((file) => projectFileKind(file) === 'workflow').map(workflowIdOf).filter((id) => !workflows.has(id));
  }

  /** Why a schedule can start nothing as things are now: a time that has come waits, or the inputs of the next time don't fit. */
  problemOf(row: ScheduleRow): Message | undefined {
    const { project, clock } = this.#options;
    const found = project.analysis.workflows.get(row.workflow);
    if (found === undefined && !this.#declares) return undefined;
    if (found === undefined) return this.unreadable.includes(row.workflow) ? unreadableText : goneText;
    const held = this.#held.get(row.id);
    if (held !== undefined) return held;
    const { cron, timeZone, inputs } = scheduleOf(row);
    const [next = clock.now()] = nextTimes(cron, { after: clock.now(), count: 1, timeZone });
    try {
      this.#options.checkInputs(found.workflow, renderedInputs(inputs, next, next));
      return undefined;
    } catch (error) {
      return toldOfError(error);
    }
  }

  get #declares(): boolean {
    return this.#options.declares?.() ?? true;
  }

  async #declare(): Promise<void> {
    const { project, store, clock, leads } = this.#options;
    if (!leads() || !this.#declares) return;
    const declared = [...project.analysis.workflows].flatMap(([id, { workflow }]) => workflow.triggers.schedules.map((schedule) => ({ workflow: id, schedule })));
    const known = await store.listSchedules({});
    if (declared.length === 0 && known.length === 0) return;
    await store.declareSchedules({ schedules: declared, unreadable: this.unreadable, now: clock.now() });
    // A schedule that is gone may leave its number to another.
    this.#held.clear();
    this.#changed();
  }

  /** One after the other, and a failure of one doesn't keep the next from its turn. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (!this.#isStarted) return;
      try {
        await work();
      } catch (error) {
        this.#failed(error);
      }
    });
    return this.#last;
  }

  #failed(error: unknown): void {
    this.#options.onStoreError(error);
    if (!(error instanceof CodedError)) this.#options.log.error({ err: error }, 'times of schedules could not be decided');
    this.#arm(this.#options.clock.now() + againAfterMs);
  }

  async #decideAll(): Promise<void> {
    this.#timer?.cancel();
    if (!this.#options.leads()) return;
    let nextAt = Infinity;
    const rows = await this.#options.store.listSchedules({});
    const present = new Set(rows.map(({ id }) => id));
    for (const id of this.#idle.keys()) if (!present.has(id)) this.#idle.delete(id);
    for (const row of rows) nextAt = Math.min(nextAt, this.#idleUntil(row) ?? (await this.#decide(row)));
    if (nextAt < Infinity) this.#arm(nextAt);
  }

  #arm(nextAt: number): void {
    if (!this.#isStarted) return;
    this.#timer?.cancel();
    const { clock } = this.#options;
    const waitMs = Math.max(0, nextAt - clock.now());
    // Looked at again now and then, without a look at the store.
    this.#timer = waitMs > longestWaitMs ? clock.setTimer(longestWaitMs, () => this.#arm(nextAt)) : clock.setTimer(waitMs, () => void this.#inTurn(() => this.#decideAll()));
  }

  /** When its next time comes, if none has come since somebody looked; undefined if that has to be calculated. */
  #idleUntil(row: ScheduleRow): number | undefined {
    const idle = this.#idle.get(row.id);
    const now = this.#options.clock.now();
    const isSame = idle !== undefined && idle.decidedUntil === row.decided_until && idle.declaration === row.declaration && row.paused === 0;
    return isSame && idle.from <= now && now < idle.nextAt ? idle.nextAt : undefined;
  }

  /** Resolves to when it has to be decided again. */
  async #decide(row: ScheduleRow): Promise<number> {
    const { clock } = this.#options;
    if (row.paused === 1) return Infinity;
    const declaredKey = JSON.stringify([row.workflow, row.declaration]);
    let decidedUntil = row.decided_until;
    for (let round = 0; round < turn; round++) {
      const now = clock.now();
      const found = this.#options.project.analysis.workflows.get(row.workflow);
      // Of a workflow that is gone nothing can be caught up.
      if (found === undefined && !this.#declares) return now + longestWaitMs;
      const schedule = found === undefined ? { ...scheduleOf(row), missed: 'skip' as const } : scheduleOf(row);
      const catchUp = this.#catchingUp.get(declaredKey);
      // Files that are saved meanwhile make it no faster. A clock that was set back doesn't hold it.
      if (catchUp !== undefined && now < catchUp.nextAt && catchUp.nextAt - now <= catchUpEveryMs) return catchUp.nextAt;
      const plan = planSchedule(schedule, { decidedUntil, paused: false, ...(row.ends_at === null ? {} : { endsAt: row.ends_at }), ...(catchUp === undefined ? {} : { catchingUpTo: catchUp.to }) }, now);
      if (plan.start === undefined && plan.missed === 0 && plan.decidedUntil === decidedUntil) {
        const nextAt = plan.nextAt ?? Infinity;
        this.#idle.set(row.id, { decidedUntil, declaration: row.declaration, from: now, nextAt });
        return nextAt;
      }
      // Until the file is right again: then it is decided what becomes of what was missed meanwhile.
      if (found === undefined && this.unreadable.includes(row.workflow)) return now + longestWaitMs;
      let params = this.#paramsOf(row, schedule, plan, decidedUntil, now, found);
      let outcome;
      try {
        ({ params, outcome } = await this.#carryOut(params));
      } catch (error) {
        this.#hold(row, error);
        return now + againAfterMs;
      }
      this.#held.delete(row.id);
      failPoint('schedule-after-commit');
      if (plan.catchingUpTo === undefined) this.#catchingUp.delete(declaredKey);
      else this.#catchingUp.set(declaredKey, { to: plan.catchingUpTo, nextAt: plan.nextAt ?? now });
      this.#tell(row, plan, params, outcome);
      this.#changed();
      if (outcome.outcome === 'stale') return now + 1000;
      decidedUntil = params.until;
      if (plan.nextAt === undefined || plan.nextAt > clock.now()) return plan.nextAt ?? Infinity;
    }
    return clock.now();
  }

  /** @throws CodedError where it has to be tried again, and nothing was decided */
  async #carryOut(params: DecideScheduleParams): Promise<{ readonly params: DecideScheduleParams; readonly outcome: ScheduleOutcome }> {
    const { store } = this.#options;
    try {
      if (params.start !== undefined) this.#options.assertAcceptingWork();
      return { params, outcome: await store.decideSchedule(params) };
    } catch (error) {
      if (!(error instanceof CodedError) || params.start === undefined || !finalRefusals.has(error.code)) throw error;
      const refused = refusedParams(params, params.start.at, error.told);
      return { params: refused, outcome: await store.decideSchedule(refused) };
    }
  }

  /** The others have their turn all the same. */
  #hold({ id, workflow, cron }: ScheduleRow, error: unknown): void {
    this.#options.onStoreError(error);
    const held = this.#held.get(id);
    if (held !== undefined && english.textOf(held) === messageOfError(error)) return;
    this.#held.set(id, toldOfError(error));
    if (error instanceof CodedError) this.#options.log.warn({ workflow, cron, problem: error.message }, 'a time of a schedule could not start its run yet');
    else this.#options.log.error({ err: error, workflow, cron }, 'a time of a schedule could not be decided yet');
    this.#changed();
  }

  #paramsOf(row: ScheduleRow, schedule: Schedule, plan: ScheduleDecision, from: number, now: number, found: { readonly workflow: Workflow; readonly text: string } | undefined): DecideScheduleParams {
    const { start, missed, missedAt, decidedUntil: until } = plan;
    const base = { id: row.id, from, until, now, missed, ...(missedAt === undefined ? {} : { missedAt }) };
    if (start === undefined) {
      const held = this.#held.get(row.id);
      return held === undefined ? base : { ...base, problem: held };
    }
    const refused = (problem: Message): DecideScheduleParams => refusedParams(base, start, problem);
    if (found === undefined) return refused(goneText);
    try {
      const inputs = this.#options.checkInputs(found.workflow, renderedInputs(schedule.inputs, start, now));
      const version = versionOf(found.text);
      return { ...base, start: { at: start, run: { workflow: row.workflow, version, text: found.text, inputs: JSON.stringify(inputs) } } };
    } catch (error) {
      return refused(toldOfError(error));
    }
  }

  #tell({ workflow, cron }: ScheduleRow, { missed, missedAt, start }: ScheduleDecision, { problem }: DecideScheduleParams, outcome: Awaited<ReturnType<Store['decideSchedule']>>): void {
    const { log } = this.#options;
    if (outcome.outcome === 'stale') return;
    const at = { workflow, cron };
    if (missed > 0 && missedAt !== undefined) log.warn({ ...at, missed, last: new Date(missedAt).toISOString() }, 'times of a schedule were missed, and start nothing');
    if (problem !== undefined) log.error({ ...at, scheduledAt: new Date(start ?? 0).toISOString(), problem: english.textOf(problem) }, 'a time of a schedule started no run');
    if (outcome.outcome === 'started') log.info({ ...at, scheduledAt: new Date(start ?? 0).toISOString(), run: formatRunId(outcome.runId) }, 'a schedule has started a run');
  }

  #changed(): void {
    this.#listeners.tell();
  }
}

/** That time starts nothing, and why. */
function refusedParams({ start: _start, ...rest }: DecideScheduleParams, at: number, problem: Message): DecideScheduleParams {
  return { ...rest, missed: rest.missed + 1, missedAt: at, problem };
}

/** @throws Error where an expression fails */
function renderedInputs(inputs: JsonObject, at: number, now: number): JsonObject {
  const parsed = parseTemplate(inputs);
  if (!parsed.ok) throw new Error(parsed.errors[0]?.message ?? 'its inputs are not valid');
  const rendered = renderTemplate(parsed.template, { trigger: { ...scheduleTrigger(at, now) }, $now: now });
  if (!rendered.ok) throw new Error(`its inputs can't be made: ${rendered.error.error.message}`);
  const { value } = rendered.rendered;
  return isJsonObject(value) ? value : {};
}
