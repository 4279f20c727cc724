import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock, ClockAnchor, ClockChange, Timer } from '../../../../daemon/core/clock.ts';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../../daemon/store/store.ts';
import { Scheduler } from '../../../../daemon/triggers/scheduler.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { ProjectAnalysis } from '../../../../schemas/workflow/analysis/analyse-project.ts';
import { anchorAt } from '../../../support/anchor-at.ts';

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

const crons = ['30 2 * * *', '0,30 2 * * *', '15 9 * * MON-FRI', '0 */6 * * *', '45 */3 * * *', '0 0 1 * *', '0 12 13 * FRI', '30 * * * SAT,SUN,MON'] as const;
/** Unlike each other: an hour in spring and in autumn, in the north and in the south, at 02:00, 03:00 and midnight; half an hour; back for Ramadan; never, and 5:30 ahead. */
const zones = ['Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kolkata'] as const;
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The numbers that a field of a cron expression admits. Written from crontab(5), for the expressions above. */
function admitted(field: string): ReadonlySet<number> {
  const numberOf = (text: string): number => (weekdays.includes(text) ? weekdays.indexOf(text) : Number(text));
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [from = 0, to = from] = range === '*' ? [0, 59] : range.split('-').map(numberOf);
    for (let value = from; value <= to; value += Number(step)) found.add(value);
  }
  return found;
}

/** Is a time of the clocks one of the expression's? */
function matcher(cron: string): (wall: Date) => boolean {
  const [minutes = '', hours = '', days = '', , ofWeek = ''] = cron.split(' ');
  const [minute, hour, day, weekday] = [admitted(minutes), admitted(hours), admitted(days), admitted(ofWeek)];
  const isOnDay = (wall: Date): boolean => {
    if (days === '*') return weekday.has(wall.getUTCDay());
    return day.has(wall.getUTCDate()) || (ofWeek !== '*' && weekday.has(wall.getUTCDay()));
  };
  return (wall) => minute.has(wall.getUTCMinutes()) && hour.has(wall.getUTCHours()) && isOnDay(wall);
}

/** Looks at each minute, and at what the clocks of the zone show then. Shares nothing with the code under test. */
function oracle(timeZone: string, from: number, to: number): ReadonlyMap<string, readonly number[]> {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const expected = crons.map((cron) => ({ cron, isDue: matcher(cron), isEveryHour: cron.split(' ')[1] === '*', times: [] as number[] }));
  let highest: number | undefined;
  for (let at = from; at < to; at += minute) {
    const shown = Date.parse(`${format.format(at).replace(' ', 'T')}:00Z`);
    const isFirst = highest === undefined || shown > highest;
    const skipped: Date[] = [];
    for (let left = (highest ?? shown) + minute; left < shown; left += minute) skipped.push(new Date(left));
    const wall = new Date(shown);
    for (const { isDue, isEveryHour, times } of expected) if (isEveryHour ? isDue(wall) : (isFirst && isDue(wall)) || skipped.some(isDue)) times.push(at);
    highest = isFirst ? shown : highest;
  }
  return new Map(expected.map(({ cron, times }) => [cron, times]));
}

describe('a year of schedules', () => {
  const start = Date.UTC(2026, 0, 1, 0, 0, 30);
  const end = start + 365 * day;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-year-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Calls of the store. After one, a turn of the event loop lets the scheduler go on. */
  let underWay = 0;
  const counted = (store: Store): Store =>
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

  function project(timeZone: string): { readonly analysis: ProjectAnalysis } {
    const text = `on:\n  schedule:\n${crons.map((cron) => `    - { cron: "${cron}", timezone: ${timeZone}, missed: run-all, within: 2d }\n`).join('')}steps: { only: { uses: test/scripted, with: {} } }\n`;
    const { workflow } = analyseWorkflow({ text, id: 'yearly', actions: [{ name: 'test/scripted', description: '', input: {}, output: {} } as never] });
    assert.ok(workflow !== undefined);
    return { analysis: { workflows: new Map([['yearly', { path: 'yearly.yaml', text, workflow }]]), diagnostics: new Map() } as unknown as ProjectAnalysis };
  }

  for (const [index, timeZone] of zones.entries()) {
    it(`starts a run for each time once in ${timeZone}, over restarts, crashes, sleeps and clocks that are set`, async () => {
      const clock = new SetClock(start);
      const problems: unknown[] = [];
      const log = { info: () => {}, warn: () => {}, error: (details: unknown) => problems.push(details) };
      const file = path.join(folder, 'store.db');
      const open = async (): Promise<{ readonly store: Store; readonly stop: () => Promise<void>; readonly crash: () => Promise<void> }> => {
        const connection = new InlineConnection({ file, durability: 'normal', newStoreId: () => 'year0000' });
        const store = counted(new SqliteStore(connection, clock));
        await store.open({ anchor: clock.anchor(), random: 0.5 });
        await store.configure({ queues: [], env: {} });
        const scheduler = new Scheduler({ clock, store, project: project(timeZone), assertAcceptingWork: () => {}, checkInputs: (_workflow, given) => given, leads: () => true, onStoreError: (error) => problems.push(error), log });
        await scheduler.start();
        const stop = (): Promise<void> => scheduler.stop().then(() => store.close());
        // The system closes its file; the store is not told that it ends.
        const crash = (): Promise<void> => scheduler.stop().then(() => connection.close());
        return { store, stop, crash };
      };
      let daemon = await open();
      // Each of these comes at all hours of a day, and in another zone on another day.
      for (let turn = index; clock.now() < end; turn++) {
        await clock.pass(Math.min(29 * hour, end - clock.now()), settle);
        if (clock.now() >= end) break;
        switch (turn % 6) {
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
          case 5:
            await daemon.crash();
            clock.wallOffset += 2 * hour;
            daemon = await open();
            break;
        }
        await settle();
        await clock.pass(5 * minute, settle);
      }
      await clock.pass(10 * minute, settle);
      await daemon.stop();
      const started = new Map(crons.map((cron) => [cron as string, [] as number[]]));
      for (const key of runKeys(file)) {
        const cron = crons.find((one) => key.startsWith(`@schedule/${one}/${timeZone}/`));
        assert.ok(cron !== undefined, key);
        started.get(cron)?.push(Date.parse(key.slice(key.lastIndexOf('/') + 1)));
      }
      let compared = 0;
      for (const [cron, times] of oracle(timeZone, start - 30_000 - day, end)) {
        const wanted = times.filter((at) => at > start);
        assert.deepEqual((started.get(cron) ?? []).sort((one, other) => one - other).filter((at) => at <= end).map(iso), wanted.map(iso), cron);
        assert.ok(wanted.length > 0, cron);
        compared += wanted.length;
      }
      assert.ok(compared > 9_000, String(compared));
      assert.deepEqual(problems, []);
    });
  }
});

/** The keys of all runs: a run that was started twice would be there twice. */
function runKeys(file: string): readonly string[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare('SELECT run_key FROM runs').all().map(({ run_key: key }) => String(key));
  } finally {
    db.close();
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
