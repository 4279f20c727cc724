import assert from 'node:assert/strict';
import type { Clock, ClockAnchor, ClockChange, Timer } from '../../../../daemon/core/clock.ts';
import { Scheduler } from '../../../../daemon/triggers/scheduler.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { ProjectAnalysis } from '../../../../schemas/workflow/analysis/analyse-project.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { MemoryStore } from '../../../support/memory-store/memory-store.ts';
import { MemoryTables } from '../../../support/memory-store/memory-tables.ts';
import { clockChanges } from '../../../support/clock-changes.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A wall clock that is set, and timers that go by time as it passes. */
class SetClock implements Clock {
  #passedMs = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  readonly #listeners = new Set<(change: ClockChange) => void>();
  wallOffset: number;

  constructor(startAt: number) {
    this.wallOffset = startAt;
  }

  now(): number {
    return this.wallOffset + this.#passedMs;
  }

  monotonic(): number {
    return this.#passedMs;
  }

  anchor(): ClockAnchor {
    return anchorAt(this.now());
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.#passedMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  onChange(listener: (change: ClockChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Someone sets the clock, or the machine has slept. */
  set(byMs: number): void {
    this.wallOffset += byMs;
    for (const listener of this.#listeners) listener({ shiftMs: byMs, sleptMs: 0 });
  }

  async pass(forMs: number, settle: () => Promise<void>): Promise<void> {
    const until = this.#passedMs + forMs;
    for (;;) {
      const [next] = this.#timers.size < 2 ? this.#timers : [...this.#timers].sort((one, other) => one.at - other.at);
      if (next === undefined || next.at > until) break;
      this.#passedMs = Math.max(this.#passedMs, next.at);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#passedMs = until;
    await settle();
  }
}

const crons = ['30 2 * * *', '0,30 2 * * *', '15 9 * * MON-FRI', '0 */6 * * *', '45 */3 * * *', '0 0 1 * *', '0 12 13 * FRI', '30 * * * *'] as const;

/** Does a field of a cron expression admit a number? Written from crontab(5), for the expressions above. */
function admits(field: string, value: number): boolean {
  return field.split(',').some((part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from, to] = range === '*' ? [0, 59] : range.split('-').map((text) => ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].indexOf(text) >= 0 ? ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].indexOf(text) : Number(text));
    return value >= (from ?? 0) && value <= (to ?? from ?? 0) && (value - (from ?? 0)) % Number(step) === 0;
  });
}

function isDue(cron: string, wall: Date): boolean {
  const [minutes = '', hours = '', days = '', , weekdays = ''] = cron.split(' ');
  const onDay = days === '*' ? admits(weekdays, wall.getUTCDay()) : weekdays === '*' ? admits(days, wall.getUTCDate()) : admits(days, wall.getUTCDate()) || admits(weekdays, wall.getUTCDay());
  return onDay && admits(hours, wall.getUTCHours()) && admits(minutes, wall.getUTCMinutes());
}

/** Looks at each minute, and at what the clocks of the zone show then. Shares nothing with the code under test. */
function oracle(timeZone: string, from: number, to: number): ReadonlyMap<string, readonly number[]> {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const found = new Map(crons.map((cron) => [cron as string, [] as number[]]));
  let highest = -Infinity;
  for (let at = from; at < to; at += minute) {
    const wall = Date.parse(`${format.format(at).replace(' ', 'T')}:00Z`);
    const skipped: number[] = [];
    if (highest > -Infinity) for (let left = highest + minute; left < wall; left += minute) skipped.push(left);
    const isSecond = wall <= highest;
    for (const cron of crons) {
      const everyHour = cron.split(' ')[1] === '*';
      const due = (isDue(cron, new Date(wall)) && (everyHour || !isSecond)) || (!everyHour && skipped.some((left) => isDue(cron, new Date(left))));
      if (due) found.get(cron)?.push(at);
    }
    highest = Math.max(highest, wall);
  }
  return found;
}

describe('schedules over changes of the clocks', () => {
  /** Calls of the store. After one, a turn of the event loop lets the scheduler go on. */
  let underWay = 0;
  const counted = (store: MemoryStore): MemoryStore =>
    new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]): unknown => {
          const answer: unknown = Reflect.apply(value, target, args);
          if (!(answer instanceof Promise)) return answer;
          underWay++;
          return answer.finally(() => setImmediate(() => underWay--));
        };
      },
    });
  const settle = async (): Promise<void> => {
    do await new Promise((resolve) => setImmediate(resolve)); while (underWay > 0);
  };

  function project(timeZone: string, missed: string): { readonly analysis: ProjectAnalysis } {
    const text = `on:\n  schedule:\n${crons.map((cron) => `    - { cron: "${cron}", timezone: ${timeZone}, missed: ${missed}, within: 2d }\n`).join('')}steps: { only: { uses: test/scripted, with: {} } }\n`;
    const { workflow } = analyseWorkflow({ text, id: 'hourly', actions: [{ name: 'test/scripted', description: '', input: {}, output: {} } as never] });
    assert.ok(workflow !== undefined);
    return { analysis: { workflows: new Map([['hourly', { path: 'hourly.yaml', text, workflow }]]), diagnostics: new Map() } as unknown as ProjectAnalysis };
  }

  const windows = Object.entries(clockChanges).flatMap(([timeZone, days]) => days.map((changed, index) => ({ timeZone, changed, index })));
  for (const { timeZone, changed, index } of windows) {
    it(`start a run for each time once in ${timeZone} around ${changed}, over restarts, sleeps and clocks that are set`, async () => {
      const start = Date.parse(`${changed}T00:00:30Z`) - 4 * day;
      const end = start + 8 * day;
      const clock = new SetClock(start);
      const tables = new MemoryTables();
      const problems: unknown[] = [];
      const log = { info: () => {}, warn: () => {}, error: (details: unknown) => problems.push(details) };
      const open = async (): Promise<{ readonly stop: () => Promise<void> }> => {
        const store = counted(new MemoryStore(tables));
        await store.open({ anchor: clock.anchor(), random: 0.5 });
        await store.configure({ queues: [], env: {} });
        const scheduler = new Scheduler({ clock, store, project: project(timeZone, 'run-all'), assertAcceptingWork: () => {}, checkInputs: (_workflow, given) => given, onStoreError: (error) => problems.push(error), log });
        await scheduler.start();
        return { stop: () => scheduler.stop().then(() => store.close()) };
      };
      let daemon = await open();
      // Each of these comes before the change and after it, and in another zone at another hour.
      for (let turn = index; clock.now() < end; turn++) {
        await clock.pass(Math.min(17 * hour, end - clock.now()), settle);
        if (clock.now() >= end) break;
        switch (turn % 5) {
          case 0: // A restart, with hours in between.
            await daemon.stop();
            clock.wallOffset += 7 * hour;
            daemon = await open();
            break;
          case 1: // The machine sleeps.
            clock.set(11 * hour);
            break;
          case 2: // Its clock is set back, and what came comes again.
            clock.set(-3 * hour);
            break;
          case 3: // And forward.
            clock.set(3 * hour);
            break;
          case 4: // Set back while no daemon runs.
            await daemon.stop();
            clock.wallOffset -= 90 * minute;
            daemon = await open();
            break;
        }
        await settle();
        await clock.pass(5 * minute, settle);
      }
      await clock.pass(10 * minute, settle);
      await daemon.stop();
      const started = new Map(crons.map((cron) => [cron as string, [] as number[]]));
      for (const { run_key: key } of tables.runs.where()) {
        const cron = crons.find((one) => key?.startsWith(`@schedule/${one}/${timeZone}/`));
        assert.ok(cron !== undefined && key !== null);
        started.get(cron)?.push(Date.parse(key.slice(key.lastIndexOf('/') + 1)));
      }
      let compared = 0;
      for (const [cron, times] of oracle(timeZone, start - 30_000 - day, end)) {
        const wanted = times.filter((at) => at > start);
        assert.deepEqual((started.get(cron) ?? []).sort((one, other) => one - other).filter((at) => at <= end).map(iso), wanted.map(iso), cron);
        compared += wanted.length;
      }
      assert.ok(compared > 200);
      assert.deepEqual(problems, []);
    });
  }
});

function iso(at: number): string {
  return new Date(at).toISOString();
}
