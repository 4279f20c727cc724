import assert from 'node:assert/strict';
import { ScheduleService } from '../../daemon/service/schedule-service.ts';
import { checkInputs } from '../../daemon/service/run-inputs.ts';
import type { ProjectService } from '../../daemon/service/project-service.ts';
import { Scheduler } from '../../daemon/triggers/scheduler.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import type { ScheduleView } from '../../schemas/protocol/trigger.ts';
import { analyseProject, type ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import { EngineBench } from './engine-bench.ts';

const minute = 60_000;
const hour = 60 * minute;
const today = Date.UTC(2026, 0, 5);
/** Of a workflow that uses the time for which it was started. */
export const steps = 'steps: { only: { uses: test/scripted, with: { at: "${{ trigger.scheduledAt }}" } } }\n';
const actions = [{ name: 'test/scripted', summary: '', input: {}, output: {} }] as const;

/** The scheduler over a real store and engine, with the clock in the test's hand: it begins on a Monday at nine. */
export class SchedulerBench {
  readonly engine = new EngineBench();
  readonly files = new Map<string, string>();
  analysis: ProjectAnalysis = analyseProject([]);
  /** Decisions of this schedule meet what nobody expects. */
  broken: number | undefined;
  /** What its files say holds; if not, another daemon's do. */
  declares = true;
  #scheduler: Scheduler | undefined;
  #last: Scheduler | undefined;

  get scheduler(): Scheduler {
    if (this.#scheduler === undefined) throw new Error('start it first');
    return this.#scheduler;
  }

  /** `schedule`: the entries of `on.schedule`, as YAML in one line each. */
  write(workflow: string, schedules: readonly string[], rest = steps): void {
    this.text(workflow, `${schedules.length === 0 ? '' : `on:\n  schedule:\n${schedules.map((one) => `    - ${one}\n`).join('')}`}${rest}`);
  }

  text(workflow: string, text: string | undefined): void {
    if (text === undefined) this.files.delete(workflow);
    else this.files.set(workflow, text);
    this.analysis = analyseProject([...this.files].map(([name, each]) => ({ path: `.sluice/workflows/${name}.yaml`, text: each })), { actions: actions as never });
  }

  /** The files are saved. */
  async save(): Promise<void> {
    await this.scheduler.apply();
    await this.engine.rest();
  }

  async start(): Promise<void> {
    await this.engine.start([...this.analysis.workflows.values()].flatMap(({ workflow }) => Object.values(workflow.queues)));
    const { engine } = this;
    const analysis = (): ProjectAnalysis => this.analysis;
    const log = (level: string) => (details: object, message: string) => void engine.logged.push({ level, details, message });
    this.#scheduler = new Scheduler({
      clock: engine.clock,
      store: {
        declareSchedules: (params) => engine.store.declareSchedules(params),
        listSchedules: (params) => engine.store.listSchedules(params),
        setSchedule: (params) => engine.store.setSchedule(params),
        decideSchedule: async (params) => {
          if (params.id === this.broken) throw new Error('out of order');
          return engine.store.decideSchedule(params);
        },
      },
      project: {
        get analysis() {
          return analysis();
        },
      },
      assertAcceptingWork: () => engine.engine.assertAcceptingWork(),
      checkInputs,
      leads: () => true,
      declares: () => this.declares,
      onStoreError: (error) => engine.engine.health.note(error),
      log: { info: log('info'), warn: log('warn'), error: log('error') },
    });
    await this.#scheduler.start();
    await engine.rest();
  }

  /** `sluice down`. */
  async stop(): Promise<void> {
    await this.scheduler.stop();
    await this.engine.stop();
    this.#last = undefined;
  }

  /** The daemon's process is killed, and another one started after that long. */
  async restart(offMs: number, how: 'stop' | 'crash' = 'stop'): Promise<void> {
    if (how === 'stop') await this.stop();
    else {
      this.#last = this.#scheduler;
      await this.engine.crash();
    }
    this.engine.clock.jumpWall(offMs);
    await this.start();
  }

  async dispose(): Promise<void> {
    await this.#last?.stop().catch(() => undefined);
    await this.engine.dispose();
  }

  /** To a time of the day on which it began; later days count on. */
  async until(time: string, days = 0): Promise<void> {
    const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
    await this.engine.advance(today + days * 24 * hour + hours * hour + minutes * minute + seconds * 1000 - this.engine.clock.now());
  }

  async runs(): Promise<readonly RunSummary[]> {
    return (await this.engine.store.listRuns({ limit: 1000 })).runs.toReversed();
  }

  /** The times that have started runs, oldest run first: `09:30`, or with the day if it is another. */
  async started(workflow?: string): Promise<readonly string[]> {
    return (await this.runs()).filter((run) => workflow === undefined || run.workflow === workflow).map(({ trigger }) => {
      assert.ok(trigger.kind === 'schedule');
      return shown(trigger.scheduledAt);
    });
  }

  /** What `sluice schedules` gets. */
  async list(): Promise<readonly ScheduleView[]> {
    const project = { refresh: async () => {}, has: () => true } as unknown as ProjectService;
    return new ScheduleService({ scheduler: this.scheduler, project, store: this.engine.store, clock: this.engine.clock }).list();
  }

  async only(): Promise<ScheduleView> {
    const [view, ...others] = await this.list();
    assert.ok(view !== undefined && others.length === 0);
    return view;
  }

  said(level: 'warn' | 'error'): readonly string[] {
    return this.engine.logged.filter((entry) => entry.level === level).map(({ message }) => message);
  }
}

export function shown(time: unknown): string {
  assert.ok(typeof time === 'string');
  return time.startsWith('2026-01-05') ? time.slice(11, 16) : time.slice(8, 16);
}
