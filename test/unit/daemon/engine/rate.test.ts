import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';
import { mostInAWindow } from '../../../support/most-in-a-window.ts';

const second = 1000;
const minute = 60 * second;

describe('the rate of a queue', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  function start(rate: string, count: number, script?: string, concurrency = 50): Promise<number> {
    return bench.runMany(`{ rate: ${rate}, concurrency: ${concurrency} }`, count, script);
  }

  it('is never exceeded in any window, and used up nearly', async () => {
    await start('100/min', 600);
    await bench.advance(5 * minute);
    assert.ok(mostInAWindow(bench.action.times, minute) <= 100);
    assert.ok(bench.action.seen.length > 480, `${bench.action.seen.length} starts`);
    assert.ok((bench.queue('api').rateUses[0]?.used ?? 0) <= 100);
  });

  it('lets a burst start back to back and spaces the rest', async () => {
    await start('{ limit: 60, per: 1m, burst: 5 }', 20);
    await bench.advance(30 * second);
    const { times } = bench.action;
    assert.equal(times.filter((time) => time - (times[0] ?? 0) < 100).length, 5);
    const gaps = times.slice(5).map((time, index) => time - (times[index + 4] ?? 0));
    for (const gap of gaps) assert.ok(gap >= 900 && gap <= 1100, `${gap}`);
  });

  it('holds for attempts that take long and for short ones alike', async () => {
    await start('20/s', 300, 'slow:3', 100);
    await bench.advance(20 * second);
    assert.ok(mostInAWindow(bench.action.times, second) <= 20);
    assert.ok(bench.action.seen.length > 250);
  });

  it('of several holds in any window of each, over a crash too, and each is used up', async () => {
    await start('[20/s, 100/min]', 400);
    await bench.advance(3 * second);
    assert.deepEqual(bench.queue('api').rateUses.map(({ rate }) => rate.limit), [20, 100]);
    await bench.crash();
    await bench.start();
    await bench.advance(3 * minute);
    assert.ok(mostInAWindow(bench.action.times, second) <= 20 && mostInAWindow(bench.action.times, minute) <= 100);
    assert.ok(bench.action.seen.length >= 290, `${bench.action.seen.length} starts`);
    const [obstacle] = bench.queue('api').obstacles;
    assert.deepEqual(obstacle?.kind === 'rate' && obstacle.rate.limit, 100);
    await bench.setQueue('api', { rate: [{ limit: 5, perMs: second, burst: 1 }, { limit: 1000, perMs: minute, burst: 1 }] });
    await bench.stop();
    await bench.start();
    assert.deepEqual(bench.queue('api').rates.map(({ limit }) => limit), [5, 1000], 'what was set by hand is kept');
  });

  it('holds for retries too', async () => {
    await bench.run(`
queues: { api: { rate: 10/min, retry: { delays: [1s, 1s, 1s, 1s] } } }
inputs: { list: { type: array } }
steps:
  each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: 503 } }
`, { list: [1, 2, 3, 4, 5, 6, 7, 8] });
    await bench.advance(6 * minute);
    assert.equal(bench.action.seen.length, 40);
    assert.ok(mostInAWindow(bench.action.times, minute) <= 10);
  });

  for (const [how, end] of [['a stop', (): Promise<void> => bench.stop()], ['a crash', (): Promise<void> => bench.crash()]] as const) {
    it(`holds over ${how}`, async () => {
      await start('30/min', 200);
      for (let round = 0; round < 6; round++) {
        await bench.advance(17 * second);
        await end();
        await bench.clock.advance(200);
        await bench.start();
      }
      await bench.advance(minute);
      assert.ok(mostInAWindow(bench.action.times, minute) <= 30, `${mostInAWindow(bench.action.times, minute)}`);
      assert.ok(bench.action.seen.length > 60);
    });
  }

  it('can be changed while it runs, is kept over restarts, and goes back to the file\'s', async () => {
    await start('{ limit: 60, per: 1m, burst: 1 }', 500);
    await bench.advance(10 * second);
    await bench.setQueue('api', { rate: { limit: 6, perMs: minute, burst: 1 } });
    const before = bench.action.seen.length;
    await bench.advance(minute);
    assert.ok(bench.action.seen.length - before <= 7, `${bench.action.seen.length - before}`);

    await bench.stop();
    await bench.start();
    assert.deepEqual(bench.queue('api').rates[0], { limit: 6, perMs: minute, burst: 1 });
    await bench.setQueue('api', { rate: 'file' });
    assert.equal(bench.queue('api').rates[0]?.limit, 60);
    const then = bench.action.seen.length;
    await bench.advance(minute);
    assert.ok(bench.action.seen.length - then > 50);
  });

  it('remembers what has started when a limit was lifted and comes back', async () => {
    await start('{ limit: 10, per: 1m, burst: 10 }', 30);
    assert.equal(bench.action.seen.length, 10);
    await bench.setQueue('api', { paused: true, rate: 'none' });
    await bench.setQueue('api', { paused: false, rate: 'file' });
    await bench.advance(50 * second);
    assert.equal(bench.action.times.length, 10);
    await bench.advance(15 * second);
    assert.ok(bench.queue('api').depth.pending < 20);
  });

  it('comes from the file again when that is saved', async () => {
    await start('{ limit: 1, per: 1h }', 20);
    assert.equal(bench.action.seen.length, 1);
    await bench.declare([{ name: 'api', rate: { limit: 100, perMs: minute, burst: 50 } }]);
    await bench.advance(15 * second);
    assert.equal(bench.action.seen.length, 20);
  });

  it('stays with a queue whose file is gone', async () => {
    await start('{ limit: 10, per: 1m, burst: 10 }', 50);
    await bench.stop();
    await bench.start([]);
    assert.equal(bench.queue('api').rates[0]?.limit, 10);
    await bench.advance(59 * second);
    assert.equal(bench.action.seen.length, 10);
  });

  it('counts a start from when it was made, should the store have been slow', async () => {
    await start('{ limit: 5, per: 1s, burst: 5 }', 0);
    const release = bench.slowDown();
    const run = start('{ limit: 5, per: 1s, burst: 5 }', 40);
    await bench.turn();
    await bench.clock.advance(700);
    release();
    await run;
    await bench.advance(5 * second);
    assert.ok(mostInAWindow(bench.action.times, second) <= 5, `${mostInAWindow(bench.action.times, second)}`);
  });

  it('spaces what leaves, when the first attempts take long to get ready', async () => {
    const scripts = ['cold:0.15', 'cold:0.1', 'cold:0.05', ...Array.from({ length: 37 }, () => 'ok')];
    await bench.run(scripted('{ rate: { limit: 20, per: 1s, burst: 1 }, concurrency: 50 }'), { list: scripts });
    await bench.advance(4 * second);
    const { departures } = bench.action;
    assert.equal(departures.length, 40);
    const gaps = departures.slice(1).map((at, index) => at - (departures[index] ?? 0));
    assert.ok(Math.min(...gaps) > 49, `${Math.min(...gaps)}`);
  });

  it('doesn\'t wait for one that gets ready late: that one gives up its turn, and takes another', async () => {
    await bench.run(scripted('{ rate: { limit: 20, per: 1s, burst: 1 }, concurrency: 50 }'), { list: ['cold:5', ...Array.from({ length: 39 }, () => 'ok')] });
    await bench.advance(3.2 * second);
    assert.equal(bench.action.departures.length, 39);
    await bench.advance(3 * second);
    assert.equal(bench.action.departures.length, 40);
  });

  describe('while a request waits to leave', () => {
    // The first leaves after 5 s, so that the second may after 15 s; it is ready before.
    const list = ['cold:5', 'ok', 'ok'];
    const queue = (timeout: string): string => `{ rate: { limit: 6, per: 1m, burst: 1 }, concurrency: 5, timeout: ${timeout} }`;

    it('its time limit waits too', async () => {
      const run = await bench.run(scripted(queue('5500ms')), { list });
      await bench.advance(30 * second);
      assert.deepEqual(await bench.tally(run), { succeeded: 3 });
      const waited = (await Promise.all((await bench.jobs(run)).map(({ id }) => bench.job(Number(id.slice(1)))))).map(({ attempts }) => attempts[0]?.durationMs ?? 0);
      assert.ok((waited[1] ?? 0) > 100, `${waited[1]} ms`);
    });

    it('a pause keeps it, and its job goes back as it was', async () => {
      const run = await bench.run(scripted(queue('20s')), { list });
      await bench.advance(14.8 * second);
      assert.equal((await bench.tally(run))['active'], 1, 'it waits to leave');
      await bench.setQueue('api', { paused: true });
      await bench.advance(10 * second);
      assert.equal(bench.action.departures.length, 1);
      assert.deepEqual(await bench.tally(run), { succeeded: 1, pending: 2 });
      await bench.setQueue('api', { paused: false });
      await bench.advance(30 * second);
      assert.deepEqual(await bench.tally(run), { succeeded: 3 });
      for (const { attemptCount } of await bench.jobs(run)) assert.equal(attemptCount, 1);
    });
  });
});

/** A run with an item for each script, in this order. */
function scripted(queue: string): string {
  return `
queues: { api: ${queue} }
inputs: { list: { type: array } }
steps:
  each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: "\${{ item }}" } }
`;
}
