import assert from 'node:assert/strict';
import type { Connection } from '../../../../schemas/workflow/connections/connection.ts';
import type { RateLimit } from '../../../../schemas/workflow/rate.ts';
import { EngineBench } from '../../../support/engine-bench.ts';
import { mostInAWindow } from '../../../support/most-in-a-window.ts';

const second = 1000;
const minute = 60 * second;

function connection(name: string, limits: { readonly rate?: RateLimit; readonly concurrency?: number }): Connection {
  return { name, type: 'http', url: 'https://api.crm.example', headers: {}, ...limits };
}

const rate = (limit: number, perMs: number, burst = 1) => ({ limit, perMs, burst });

describe('the limits of a connection', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  async function declare(...connections: readonly Connection[]): Promise<void> {
    bench.connections = new Map(connections.map((one) => [one.name, one]));
    await bench.refresh();
  }

  /** A run of so many jobs with that connection, in a queue of its own limits. */
  function start(queue: string, count: number, { name = 'crm', script = 'ok', limits = '{ concurrency: 50 }' }: { readonly name?: string; readonly script?: string; readonly limits?: string } = {}): Promise<number> {
    const text = `
queues: { ${queue}: ${limits} }
inputs: { items: { type: array } }
steps:
  each:
    queue: ${queue}
    uses: test/scripted
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { do: "${script}", connection: ${name} }
`;
    return bench.run(text, { items: Array.from({ length: count }, (_, index) => index) });
  }

  it('hold in any window over all queues that use it, and are used', async () => {
    await declare(connection('crm', { rate: rate(20, second, 2) }));
    for (const queue of ['a', 'b', 'c']) await start(queue, 200);
    await bench.advance(20 * second);
    assert.ok(mostInAWindow(bench.action.times, second) <= 20, `${mostInAWindow(bench.action.times, second)} within a second`);
    assert.ok(bench.action.times.length >= 0.93 * 20 * 20, `${bench.action.times.length} of 400`);
  });

  it('are no alert of a queue in which nothing starts: they are what is in its way', async () => {
    await declare(connection('crm', { rate: rate(1, 60 * minute) }));
    await start('a', 3, { limits: '{ concurrency: 50, alerts: { stuck: { warning: 1m } } }' });
    await bench.advance(10 * minute);
    assert.deepEqual([bench.queue('a').depth.pending, bench.engine.alerts.alertsOf('a')], [2, []]);
  });

  it('are shared out among the queues: none has it for itself', async () => {
    await declare(connection('crm', { rate: rate(10, second) }));
    const runs = [await start('a', 300), await start('b', 300), await start('c', 300)];
    await bench.advance(30 * second);
    const done = await Promise.all(runs.map(async (run) => (await bench.tally(run))['succeeded'] ?? 0));
    assert.ok(Math.min(...done) >= 0.8 * Math.max(...done), done.join());
  });

  it('are shared out if it is their places that are few', async () => {
    await declare(connection('crm', { concurrency: 2 }));
    const runs = [await start('a', 200, { script: 'slow:0.2' }), await start('b', 200, { script: 'slow:0.2' })];
    await bench.advance(20 * second);
    const done = await Promise.all(runs.map(async (run) => (await bench.tally(run))['succeeded'] ?? 0));
    assert.ok(done.reduce((sum, count) => sum + count, 0) >= 180, `${done.join()}: all places are used`);
    assert.ok(Math.min(...done) >= 0.8 * Math.max(...done), done.join());
  });

  it('let no more attempts be under way than its concurrency says, of all queues', async () => {
    await declare(connection('crm', { concurrency: 3 }));
    await start('a', 20, { script: 'slow:0.3' });
    await start('b', 20, { script: 'slow:0.7' });
    let most = 0;
    for (let step = 0; step < 80; step++) {
      await bench.advance(100);
      most = Math.max(most, [...bench.action.alive.values()].reduce((sum, count) => sum + count, 0));
    }
    assert.equal(most, 3);
    assert.ok(bench.action.times.length >= 36, `${bench.action.times.length} of 40`);
  });

  it('keep no job of another connection waiting in the same queue', async () => {
    await declare(connection('crm', { rate: rate(1, minute) }));
    await start('a', 500);
    const other = await start('a', 300, { name: 'erp' });
    await bench.advance(2 * second);
    assert.deepEqual(await bench.tally(other), { succeeded: 300 });
  });

  it('hold with those of the queue, each for its own jobs', async () => {
    await declare(connection('crm', { rate: [rate(20, second, 2), rate(100, minute, 10)] }));
    await start('a', 200, { limits: '{ rate: 5/s, concurrency: 50 }' });
    await start('b', 200, { limits: '{ rate: 50/s, concurrency: 50 }' });
    await bench.advance(2 * minute);
    const { times } = bench.action;
    assert.ok(mostInAWindow(times, second) <= 20 && mostInAWindow(times, minute) <= 100, `${mostInAWindow(times, second)}, ${mostInAWindow(times, minute)}`);
    assert.ok(times.length >= 190, `${times.length} of 200`);
  });

  it('hold over a crash, and where the file that declares them is away', async () => {
    await declare(connection('crm', { rate: rate(30, minute, 30) }));
    await start('a', 100);
    await bench.advance(2 * second);
    assert.equal(bench.action.times.length, 30);
    await bench.crash();
    bench.connections = new Map([['crm', connection('crm', {})]]);
    bench.connectionsDoubt = '.sluice/connections.yaml has errors';
    await bench.start();
    await bench.advance(50 * second);
    assert.equal(bench.action.times.length, 30);
    await bench.advance(30 * second);
    assert.equal(bench.action.times.length, 60);
    bench.connectionsDoubt = undefined;
    await bench.refresh();
    await bench.advance(second);
    assert.equal(bench.action.times.length, 100, 'it is declared without');
  });

  it('hold if the wall clock is set', async () => {
    await declare(connection('crm', { rate: rate(10, minute, 10) }));
    await start('a', 100);
    await bench.advance(second);
    bench.clock.jumpWall(3600 * second);
    await bench.advance(30 * second);
    const before = bench.action.times.length;
    assert.equal(before, 10);
    bench.clock.jumpWall(-7200 * second);
    await bench.advance(40 * second);
    const after = bench.action.times.filter((time) => time > 0).length;
    assert.ok(after >= 19 && after <= 20, `${after}`);
  });

  it('lose no time where a place becomes free while a claim is on its way', async () => {
    await declare(connection('crm', { concurrency: 1 }));
    const runs = [await start('a', 20, { script: 'slow:0.01' }), await start('b', 20, { script: 'slow:0.01' }), await start('c', 20, { script: 'slow:0.01' })];
    bench.writeMs = 20;
    await bench.advance(12 * second);
    assert.deepEqual(await Promise.all(runs.map((run) => bench.tally(run))), [{ succeeded: 20 }, { succeeded: 20 }, { succeeded: 20 }]);
  });

  it('let jobs start again after the store was in trouble while they waited', async () => {
    await declare(connection('crm', { rate: rate(2, 10 * second, 2) }));
    await start('a', 6);
    await bench.advance(second);
    bench.trouble = 'The disk is full.';
    await start('b', 1, { name: 'other' }).catch(() => 0);
    await bench.advance(15 * second);
    assert.equal(bench.action.times.length, 2);
    bench.trouble = undefined;
    await bench.advance(25 * second);
    const { times } = bench.action;
    assert.ok(times.length >= 6, `${times.length} of 6`);
    assert.ok(mostInAWindow(times, 10 * second) <= 2);
  });

  it('are told: what is used, who waits, and for what', async () => {
    await declare(connection('crm', { rate: rate(5, minute, 5), concurrency: 9 }));
    await start('a', 10);
    await bench.advance(second);
    const { connections } = bench.engine.dispatcher;
    const state = connections.stateOf('crm');
    assert.deepEqual([state?.uses[0]?.used, state?.waiting, state?.obstacle?.kind, connections.awaitedBy('a')], [5, ['a'], 'rate', ['crm']]);
    assert.equal(connections.stateOf('erp'), undefined);
  });
});
