import assert from 'node:assert/strict';
import { QueueService } from '../../../../daemon/service/queue-service.ts';
import type { Params } from '../../../../schemas/protocol/method.ts';
import type { SeriesPoint } from '../../../../schemas/protocol/queue.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('the series of a queue', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const service = (): QueueService => new QueueService({ project: { fileOfQueue: () => undefined }, engine: bench.engine, store: bench.store, clock: bench.clock });

  async function points(params: Partial<Params<'queue/series'>> = {}): Promise<readonly SeriesPoint[]> {
    return (await service()['queue/series']({ queue: 'api', resolution: '10s', ...params })).points;
  }

  const run = (count: number, script?: string): Promise<number> => bench.runMany('{ rate: 60/min, concurrency: 5 }', count, script);
  const sum = (all: readonly SeriesPoint[], key: 'arrivals' | 'completions' | 'failures'): number => all.reduce((total, point) => total + point[key], 0);

  it('has a point for each ten seconds, with depths, what came, what was done, and how long that took', async () => {
    const began = bench.clock.now();
    await run(30, 'slow:1');
    await bench.advance(2 * minute);
    const all = await points();
    assert.deepEqual(all.map(({ at }) => Date.parse(at)), Array.from({ length: 12 }, (_, index) => began + index * 10 * second));
    assert.deepEqual([sum(all, 'arrivals'), sum(all, 'completions'), sum(all, 'failures')], [30, 30, 0]);
    assert.equal(all[0]?.arrivals, 30);
    assert.ok(all[0].pending > 10 && (all[1]?.pending ?? 0) < all[0].pending);
    assert.deepEqual(all[0].running, { meanMs: second, maxMs: second });
    assert.ok((all[1]?.waiting?.maxMs ?? 0) > 10 * second);
    assert.deepEqual(all.at(-1), { at: new Date(began + 110 * second).toISOString(), pending: 0, delayed: 0, active: 0, dead: 0, arrivals: 0, completions: 0, failures: 0 });
    const hour = await points({ resolution: '5min' });
    assert.deepEqual(hour, [], 'the first five minutes are not over');
    await bench.advance(5 * minute);
    const [coarse] = await points({ resolution: '5min' });
    assert.deepEqual([coarse?.arrivals, coarse?.completions, coarse?.pending], [30, 30, 0]);
  });

  it('continues over a restart, and keeps the depths of the time in between', async () => {
    const began = bench.clock.now();
    await run(3, '400');
    await bench.advance(15 * second);
    await bench.stop();
    await bench.clock.advance(minute);
    await bench.start();
    const all = await points({ from: new Date(began).toISOString() });
    assert.deepEqual([sum(all, 'failures'), sum(all, 'arrivals')], [3, 3], 'nothing is lost, and nothing is counted twice');
    assert.deepEqual(all.map(({ dead }) => dead), all.map(() => 3));
    assert.ok(all.length >= 7);
  });

  it('costs nothing while nothing happens', async () => {
    await run(3);
    await bench.advance(minute);
    const before = bench.engine.commits;
    await bench.advance(8 * minute);
    assert.equal(bench.engine.commits, before);
  });

  it('loses nothing while the store can not be written', async () => {
    await run(2);
    await bench.advance(2 * second);
    bench.trouble = 'The disk is full.';
    await bench.advance(20 * second);
    bench.trouble = undefined;
    await bench.advance(5 * second);
    await run(1);
    await bench.advance(20 * second);
    const all = await points();
    assert.deepEqual([sum(all, 'arrivals'), sum(all, 'completions')], [3, 3]);
  });

  it('tells a shorter time where it is asked for one, and refuses what is not a time or too much', async () => {
    const began = bench.clock.now();
    await run(30);
    await bench.advance(2 * minute);
    const at = (ms: number): string => new Date(began + ms).toISOString();
    const some = await points({ from: at(15 * second), to: at(45 * second) });
    assert.deepEqual(some.map((point) => point.at), [at(20_000), at(30_000)]);
    await assert.rejects(points({ from: 'yesterday' }), { code: 'invalid-params', message: /from/ });
    await assert.rejects(points({ from: at(-3 * 86_400_000) }), { code: 'too-large' });
    await assert.rejects(points({ queue: 'apo' }), { code: 'not-found', message: /Did you mean api/ });
  });
});
