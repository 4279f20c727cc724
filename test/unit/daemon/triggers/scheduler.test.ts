import assert from 'node:assert/strict';
import { ScheduleService } from '../../../../daemon/service/schedule-service.ts';
import { checkInputs } from '../../../../daemon/service/run-inputs.ts';
import type { ProjectService } from '../../../../daemon/service/project-service.ts';
import { Scheduler } from '../../../../daemon/triggers/scheduler.ts';
import type { RunSummary } from '../../../../schemas/protocol/run.ts';
import type { ScheduleView } from '../../../../schemas/protocol/schedule.ts';
import { analyseProject, type ProjectAnalysis } from '../../../../schemas/workflow/analysis/analyse-project.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const minute = 60_000;
const hour = 60 * minute;
const today = Date.UTC(2026, 0, 5);
const steps = 'steps: { only: { uses: test/scripted, with: { at: "${{ trigger.scheduledAt }}" } } }\n';
const actions = [{ name: 'test/scripted', summary: '', input: {}, output: {} }] as const;

/** The scheduler over a real store and engine, with the clock in the test's hand: it begins on a Monday at nine. */
class SchedulerBench {
  readonly engine = new EngineBench();
  readonly files = new Map<string, string>();
  analysis: ProjectAnalysis = analyseProject([]);
  /** Decisions of this schedule meet what nobody expects. */
  broken: number | undefined;
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

function shown(time: unknown): string {
  assert.ok(typeof time === 'string');
  return time.startsWith('2026-01-05') ? time.slice(11, 16) : time.slice(8, 16);
}

describe('the scheduler', () => {
  let bench: SchedulerBench;
  beforeEach(() => {
    bench = new SchedulerBench();
  });
  afterEach(() => bench.dispose());

  it('starts one run for each time, with what it is for, and nothing that was due before it was first seen', async () => {
    bench.write('mail', ['{ cron: "*/20 * * * *" }', '{ cron: "0 10 * * *", timezone: Europe/Berlin }']);
    await bench.start();
    assert.deepEqual(await bench.started(), []);
    await bench.until('10:30');
    assert.deepEqual(await bench.started(), ['09:20', '09:40', '10:00', '10:20']);
    const runs = await bench.runs();
    assert.ok(runs.every(({ state }) => state === 'succeeded'));
    assert.deepEqual(bench.engine.action.seen.map(({ input }) => shown(input['at'])), ['09:20', '09:40', '10:00', '10:20']);
    const [twenty, berlin] = await bench.list();
    assert.deepEqual([twenty?.id, twenty?.last, twenty?.missedCount, twenty?.next.map(shown)], ['s1', { scheduledAt: '2026-01-05T10:20:00.000Z', run: 'r4' }, 0, ['10:40', '11:00', '11:20', '11:40', '12:00']]);
    assert.deepEqual([berlin?.last, shown(berlin?.next[0])], [undefined, '06T09:00']);
  });

  const policies = {
    skip: { started: ['09:30', '12:30'], missed: 0, afterRestart: 2 },
    'run-once': { started: ['09:30', '11:30', '12:30'], missed: 0, afterRestart: 1 },
    'run-all': { started: ['09:30', '10:30', '11:30', '12:30'], missed: 0, afterRestart: 0 },
  } as const;
  for (const how of ['stop', 'crash'] as const) {
    for (const [policy, expected] of Object.entries(policies)) {
      it(`does what \`missed: ${policy}\` says with times that came while no daemon ran (${how})`, async () => {
        bench.write('mail', [`{ cron: "30 * * * *", missed: ${policy} }`]);
        await bench.start();
        await bench.until('09:45');
        await bench.restart(2 * hour, how);
        await bench.until('12:00');
        const { missedCount, missedAt } = await bench.only();
        assert.equal(missedCount, expected.afterRestart);
        if (expected.afterRestart > 0) assert.equal(shown(missedAt), policy === 'skip' ? '11:30' : '10:30');
        await bench.until('12:45');
        assert.deepEqual(await bench.started(), expected.started);
        assert.equal((await bench.only()).missedCount, expected.missed);
      });
    }
  }

  it('starts no run twice when the clock is set back, and goes on by what it shows', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }']);
    await bench.start();
    await bench.until('09:35');
    bench.engine.clock.jumpWall(-20 * minute);
    await bench.engine.advance(minute);
    await bench.until('09:55');
    assert.deepEqual(await bench.started(), ['09:10', '09:20', '09:30', '09:40', '09:50']);
  });

  it('treats times that a sleeping machine lets pass as missed', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-once }']);
    await bench.start();
    await bench.until('09:15');
    bench.engine.clock.sleep(40 * minute);
    await bench.engine.advance(2 * minute);
    assert.deepEqual(await bench.started(), ['09:10', '09:50']);
    assert.equal((await bench.only()).missedCount, 3);
    assert.equal(bench.said('warn').length, 1);
  });

  it('keeps a pause over a restart; what came meanwhile starts nothing afterwards', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }']);
    await bench.start();
    await bench.until('09:15');
    await bench.scheduler.pause(1, true);
    await bench.until('09:35');
    await bench.restart(10 * minute);
    assert.equal((await bench.only()).paused, true);
    await bench.until('09:55');
    await bench.scheduler.pause(1, false);
    await bench.until('10:05');
    assert.deepEqual(await bench.started(), ['09:10', '10:00']);
    const { paused, missedCount } = await bench.only();
    assert.deepEqual([paused, missedCount], [false, 0]);
    await assert.rejects(bench.scheduler.pause(2, true), { code: 'not-found' });
  });

  it('decides what was due by what a file said before it is edited or its schedule removed', async () => {
    for (const workflow of ['mail', 'report']) bench.write(workflow, ['{ cron: "30 * * * *", missed: run-once }']);
    await bench.start();
    await bench.until('09:15');
    await bench.stop();
    bench.engine.clock.jumpWall(2 * hour);
    bench.write('mail', ['{ cron: "0 * * * *", missed: run-all }']);
    bench.write('report', [], 'steps: { only: { uses: test/scripted, with: {} } }\n');
    await bench.start();
    await bench.until('12:10');
    assert.deepEqual(await bench.started('mail'), ['10:30', '12:00'], "10:00 and 11:00 were due before they were the file's");
    assert.deepEqual(await bench.started('report'), ['10:30']);
    assert.deepEqual((await bench.list()).map(({ workflow, cron }) => [workflow, cron]), [['mail', '0 * * * *']]);
  });

  it('goes on from where it was when only the policy or the inputs of a schedule change', async () => {
    bench.write('mail', ['{ cron: "30 * * * *", missed: skip }']);
    await bench.start();
    await bench.until('09:15');
    await bench.stop();
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-all }']);
    bench.engine.clock.jumpWall(2 * hour);
    await bench.start();
    await bench.until('11:20');
    assert.deepEqual([await bench.started(), (await bench.only()).missed, (await bench.only()).missedCount], [[], 'run-all', 2], 'what was due before the edit was seen is decided by the former policy');
  });

  it('waits while a file has errors, and says so; then it is decided what becomes of what was missed', async () => {
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-once }']);
    await bench.start();
    await bench.until('09:15');
    bench.text('mail', 'on: { schedule: [{ cron: "30 * * * *" }] }\nsteps: { only: { uses: test/nothing } }\n');
    await bench.save();
    await bench.until('11:45');
    assert.deepEqual(await bench.started(), []);
    assert.match((await bench.only()).problem ?? '', /has errors/);
    await bench.restart(hour);
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-once }']);
    await bench.save();
    await bench.until('12:50');
    assert.deepEqual(await bench.started(), ['12:30']);
    const { problem, missedCount } = await bench.only();
    assert.deepEqual([problem, missedCount], [undefined, 3]);
  });

  it('decides a time whose inputs don\'t fit: it starts nothing, the list says why, and the next time is tried', async () => {
    const taking = `inputs: { at: { type: string, pattern: ":00:00" } }\n${steps}`;
    bench.write('mail', ['{ cron: "*/30 * * * *", inputs: { at: "${{ trigger.scheduledAt }}" } }'], taking);
    await bench.start();
    await bench.until('09:45');
    assert.deepEqual(await bench.started(), []);
    const refused = await bench.only();
    assert.deepEqual([refused.missedCount, shown(refused.missedAt)], [1, '09:30']);
    assert.match(refused.problem ?? '', /inputs don't fit the workflow mail\. at must match pattern/);
    assert.equal(bench.said('error').length, 1, 'once, and not again and again');
    await bench.until('10:05');
    assert.deepEqual(await bench.started(), ['10:00']);
    const { problem, missedCount } = await bench.only();
    assert.deepEqual([problem, missedCount], [undefined, 0]);
  });

  it('decides a time whose run the workflow skips: it starts nothing, and the list says why', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }'], 'concurrency: { limit: 1, when-full: skip }\nsteps: { only: { uses: test/scripted, timeout: 1h, with: { do: "slow:1500" } } }\n');
    await bench.start();
    await bench.until('09:31');
    assert.deepEqual(await bench.started(), ['09:10']);
    const skipped = await bench.only();
    assert.deepEqual([skipped.missedCount, shown(skipped.missedAt)], [2, '09:30']);
    assert.match(skipped.problem ?? '', /^Nothing was started: r1 is under way/);
    assert.equal(bench.said('error').length, 2);
    await bench.until('09:45');
    assert.deepEqual(await bench.started(), ['09:10', '09:40'], 'those that were skipped don\'t come later');
    assert.equal((await bench.only()).problem, undefined);
  });

  it('decides a time whose run can\'t begin, as a value of `vars` can\'t be computed', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }'], `vars: { first: "\${{ 1 / 0 }}" }\n${steps}`);
    await bench.start();
    await bench.until('09:15');
    const { problem, missedCount } = await bench.only();
    assert.match(problem ?? '', /The value first of `vars` can't be computed/);
    assert.deepEqual([missedCount, await bench.started(), bench.said('warn')], [1, [], []]);
  });

  const narrow = 'queues: { narrow: { max-depth: 1 } }\nsteps: { only: { queue: narrow, uses: test/scripted, with: {} } }\n';

  it('tries a time again while the queue is full, says so once, and starts it when there is room', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *" }'], narrow);
    bench.write('other', ['{ cron: "*/10 * * * *" }']);
    await bench.start();
    await bench.engine.setQueue('narrow', { paused: true });
    await bench.until('09:20:35');
    assert.deepEqual([await bench.started('mail'), await bench.started('other')], [['09:10'], ['09:10', '09:20']], 'others start on their times');
    const held = (await bench.list()).find(({ workflow }) => workflow === 'mail');
    assert.deepEqual([held?.missedCount, held?.problem], [0, 'The queue narrow is full: 1 job waits, and its max-depth is 1.']);
    assert.equal(bench.said('warn').length, 1);
    await bench.engine.setQueue('narrow', { paused: false });
    await bench.until('09:20:50');
    assert.deepEqual(await bench.started('mail'), ['09:10', '09:20']);
    assert.equal((await bench.list()).find(({ workflow }) => workflow === 'mail')?.problem, undefined);
  });

  it('counts a time as missed that found no room for a minute, and keeps why over a restart', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *" }'], narrow);
    await bench.start();
    await bench.engine.setQueue('narrow', { paused: true });
    await bench.until('09:25');
    await bench.restart(0);
    const { problem, missedCount, missedAt } = await bench.only();
    assert.deepEqual([missedCount, shown(missedAt), problem], [1, '09:20', 'The queue narrow is full: 1 job waits, and its max-depth is 1.']);
  });

  it('starts a time when the store can be written again', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *" }']);
    await bench.start();
    await bench.until('09:09:55');
    bench.engine.trouble = 'The disk is full.';
    await bench.until('09:10:25');
    assert.equal((await bench.only()).problem, 'The disk is full.');
    bench.engine.trouble = undefined;
    await bench.until('09:10:58');
    assert.deepEqual(await bench.started(), ['09:10']);
    assert.equal((await bench.only()).problem, undefined);
  });

  it('lets the others have their turn when one meets an error that nobody expects', async () => {
    for (const workflow of ['first', 'second']) bench.write(workflow, ['{ cron: "*/10 * * * *" }']);
    await bench.start();
    bench.broken = 1;
    await bench.until('09:10:30');
    assert.deepEqual([await bench.started('first'), await bench.started('second')], [[], ['09:10']]);
    assert.deepEqual([(await bench.list())[0]?.problem, bench.said('error').length], ['out of order', 1]);
    bench.broken = undefined;
    await bench.until('09:10:50');
    assert.deepEqual(await bench.started('first'), ['09:10']);
  });
});
