import assert from 'node:assert/strict';
import { seededRandom } from '../../../fault/seeded-random.ts';
import { EngineBench } from '../../../support/engine-bench.ts';
import { MemoryStore } from '../../../support/memory-store/memory-store.ts';
import { MemoryTables } from '../../../support/memory-store/memory-tables.ts';
import { mostInAWindow } from '../../../support/most-in-a-window.ts';

const second = 1000;

/** Engines of several daemons over one store. Each has a clock of its own, since one may die or stand still; all say the same while `advance` moves them. */
class Daemons {
  readonly #tables = new MemoryTables();
  readonly benches: readonly EngineBench[];
  readonly #gone = new Set<EngineBench>();
  readonly #random = seededRandom(5);

  constructor(names: readonly string[]) {
    this.benches = names.map((name) => new EngineBench({ store: () => new MemoryStore(this.#tables, name) }));
  }

  async start(): Promise<void> {
    for (const bench of this.benches) await bench.start();
  }

  /** From now on this one does nothing any more, and nobody is told. */
  async kill(bench: EngineBench): Promise<void> {
    this.#gone.add(bench);
    await bench.crash();
  }

  /** `without`: stands still meanwhile. */
  async advance(ms: number, without?: EngineBench): Promise<void> {
    const moving = this.benches.filter((bench) => !this.#gone.has(bench) && bench !== without);
    const [first] = moving;
    if (first === undefined) return;
    const end = first.clock.now() + ms;
    while (first.clock.now() < end) {
      const now = first.clock.now();
      const next = Math.min(end, ...moving.map(({ clock }) => clock.nextTimerAt() ?? Infinity));
      // None of them is always the first.
      for (const { clock } of this.#random() < 0.5 ? moving : moving.toReversed()) await clock.advance(Math.max(0.5, next - now), () => this.#rest(moving));
      await this.#rest(moving);
    }
  }

  async #rest(moving: readonly EngineBench[]): Promise<void> {
    for (const bench of moving) await bench.rest();
  }

  get departures(): readonly number[] {
    return this.benches.flatMap(({ action }) => action.departures).sort((one, other) => one - other);
  }

  async dispose(): Promise<void> {
    for (const bench of this.benches) await bench.dispose();
  }
}

describe('limits over several daemons', () => {
  let daemons: Daemons;
  let one: EngineBench;
  let two: EngineBench;
  beforeEach(async () => {
    daemons = new Daemons(['one', 'two']);
    [one, two] = daemons.benches as [EngineBench, EngineBench];
    await daemons.start();
  });
  afterEach(() => daemons.dispose());

  /** A run whose queue all of them declare. */
  async function start(queue: string, count: number, script = 'ok'): Promise<number> {
    const run = await one.runMany(queue, count, script);
    for (const bench of daemons.benches) await bench.declare([one.queue('api').definition]);
    return run;
  }

  it('let no more leave in any window than a rate says, whoever has the job, and use it', async () => {
    await start('{ rate: 20/s, concurrency: 100 }', 1000, 'slow:0.02');
    await daemons.advance(20 * second);
    assert.ok(mostInAWindow(daemons.departures, second) <= 20, `${mostInAWindow(daemons.departures, second)} within a second`);
    assert.ok(daemons.departures.length >= 0.95 * 20 * 20, `${daemons.departures.length} of 400`);
    assert.ok(daemons.benches.every(({ action }) => action.seen.length > 20), 'each has its part');
    for (const bench of daemons.benches) assert.ok((bench.queue('api').rateUses[0]?.used ?? 0) >= 18, `${bench.queue('api').rateUses[0]?.used} used`);
  });

  it('hold for each of several rates, and tell each use', async () => {
    await start('{ rate: [20/s, 100/min], concurrency: 100 }', 500, 'slow:0.02');
    await daemons.advance(130 * second);
    const { departures } = daemons;
    assert.ok(mostInAWindow(departures, second) <= 20 && mostInAWindow(departures, 60 * second) <= 100, `${mostInAWindow(departures, second)}, ${mostInAWindow(departures, 60 * second)}`);
    assert.ok(departures.length >= 210, `${departures.length} of 220`);
    const [, minutely] = one.queue('api').rateUses;
    assert.ok((minutely?.used ?? 0) > 60 && minutely?.rate.limit === 100, JSON.stringify(minutely));
  });

  it('hold while one of them dies', async () => {
    await start('{ rate: 20/s, concurrency: 100 }', 1000, 'slow:0.3');
    await daemons.advance(5.31 * second);
    await daemons.kill(two);
    await daemons.advance(10 * second);
    assert.ok(mostInAWindow(daemons.departures, second) <= 20, `${mostInAWindow(daemons.departures, second)} within a second`);
  });

  it('let nothing leave of a daemon that stood still with starts in its hand', async () => {
    await start('{ rate: { limit: 5, per: 10s, burst: 5 }, concurrency: 100 }', 100, 'cold:0.05');
    await daemons.advance(5 * second);
    assert.equal(daemons.departures.length, 5);
    // It has claimed what may start next, and sleeps before anything of it leaves.
    for (let step = 0; step < 6000 && (await one.store.listJobs({ state: 'active', limit: 1 })).jobs.length === 0; step++) await daemons.advance(1);
    const [sleeper = two] = daemons.benches.filter(({ engine }) => !engine.dispatcher.idle);
    await daemons.advance(21 * second, sleeper);
    sleeper.clock.stall(21 * second);
    await daemons.advance(20 * second);
    assert.ok(mostInAWindow(daemons.departures, 10 * second) <= 5, `${mostInAWindow(daemons.departures, 10 * second)} within ten seconds`);
  });

  it('make a failure of what is never ready while its start holds', async () => {
    const run = await start('{ rate: 20/s, concurrency: 100, retry: { delays: [1h] } }', 1, 'cold:5');
    await daemons.advance(60 * second);
    assert.deepEqual([daemons.departures.length, await one.tally(run)], [0, { delayed: 1 }]);
    const [job] = await one.jobs(run);
    assert.equal(job?.error?.cause, 'not ready in time');
  });

  it('hold for a concurrency that somebody has set, and for all places that are free', async () => {
    const run = await start('{ concurrency: 4 }', 60, 'slow:1');
    let most = 0;
    for (let step = 0; step < 40; step++) {
      await daemons.advance(500);
      most = Math.max(most, daemons.benches.reduce((sum, { action }) => sum + [...action.alive.values()].reduce((alive, count) => alive + count, 0), 0));
    }
    assert.equal(most, 4);
    assert.deepEqual(await one.tally(run), { succeeded: 60 });
  });

  it('are those of a connection too, over queues and daemons', async () => {
    const crm = { name: 'crm', type: 'http', url: 'https://api.crm.example', headers: {}, rate: { limit: 20, perMs: second, burst: 2 }, concurrency: 30 } as const;
    for (const bench of daemons.benches) {
      bench.connections = new Map([['crm', crm]]);
      await bench.refresh();
    }
    const queues = { a: { name: 'a', concurrency: 50 }, b: { name: 'b', concurrency: 50 } };
    for (const bench of daemons.benches) await bench.declare(Object.values(queues));
    for (const queue of ['a', 'b']) {
      await one.run(
        `inputs: { items: { type: array } }\nsteps:\n  each: { queue: ${queue}, uses: test/scripted, foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }, with: { do: "slow:0.02", connection: crm } }\n`,
        { items: Array.from({ length: 300 }, (_, index) => index) },
      );
    }
    await daemons.advance(8 * second);
    await daemons.kill(two);
    await daemons.advance(6 * second);
    assert.ok(mostInAWindow(daemons.departures, second) <= 20, `${mostInAWindow(daemons.departures, second)} within a second`);
    assert.ok(daemons.departures.length >= 0.85 * 14 * 20, `${daemons.departures.length} of 280`);
    assert.ok(two.action.seen.length > 40, 'each has its part');
  });

  it('are those that a person has told any of them', async () => {
    await start('{ concurrency: 4 }', 200, 'slow:1');
    await two.setQueue('api', { paused: true });
    await daemons.advance(3 * second);
    const seen = daemons.benches.reduce((sum, { action }) => sum + action.seen.length, 0);
    await daemons.advance(10 * second);
    assert.equal(daemons.benches.reduce((sum, { action }) => sum + action.seen.length, 0), seen);
    await one.setQueue('api', { paused: false, rate: { limit: 2, perMs: second, burst: 1 } });
    await daemons.advance(5 * second);
    assert.ok(mostInAWindow(daemons.departures, second) <= 4);
    assert.ok(mostInAWindow(daemons.departures.slice(-6), second) <= 2);
  });
});
