import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('a machine that lacks something', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const text = (queue: string): string => `
queues: { api: ${queue} }
inputs: { list: { type: array } }
steps:
  each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: "\${{ item }}" } }
`;
  const warnings = (): number => bench.logged.filter(({ level, message }) => level === 'warn' && message.includes('this machine lacks')).length;

  it('without descriptors makes fewer attempts at a time, of all queues, and more again', async () => {
    const run = await bench.run(text('{ concurrency: 40, retry: none }'), { list: Array.from({ length: 40 }, () => ['no-descriptors', 'slow:1']) });
    assert.deepEqual(await bench.tally(run), { delayed: 40 });
    const { problem, limit } = bench.engine.machine.problem ?? {};
    assert.equal(problem, 'This machine lacks file descriptors (EMFILE).');
    assert.equal(limit, 24);
    const other = await bench.run('steps: { call: { uses: test/scripted, with: { do: ok } } }');
    assert.equal((await bench.states(other))['run'], 'succeeded');
    bench.action.mostAlive = 0;
    await bench.advance(1.5 * second);
    assert.equal(bench.action.mostAlive, 24);
    await bench.advance(2 * minute);
    assert.deepEqual(await bench.tally(run), { succeeded: 40 });
    const [job] = await bench.jobs(run);
    const { attempts } = await bench.job(Number(job?.id.slice(1)));
    assert.deepEqual(attempts.map(({ state }) => state), ['throttled', 'succeeded']);
    assert.equal(warnings(), 1, 'said once, and not for each job');
    assert.equal(bench.queue('api').failureRate, 0);
    bench.action.mostAlive = 0;
    await bench.run(text('{ concurrency: 40, retry: none }'), { list: Array.from({ length: 40 }, () => 'slow:1') });
    assert.equal(bench.action.mostAlive, 40);
    assert.equal(bench.engine.machine.problem, undefined);
  });

  it('is not known for how fast it puts attempts off: nothing says that a queue will soon be empty', async () => {
    await bench.run(text('{ concurrency: 40, retry: none }'), { list: Array.from({ length: 40 }, () => ['no-descriptors', 'slow:1']) });
    assert.deepEqual(bench.queue('api').forecast(true, 400), { state: 'unknown' });
    await bench.advance(2.5 * second);
    const forecast = bench.queue('api').forecast(true, 400);
    assert.ok(forecast.state === 'draining' && forecast.drainMs > 400 * second / 40, JSON.stringify(forecast));
  });

  it('without a network holds the queue, with its reason, until an attempt reaches its receiver', async () => {
    const run = await bench.run(text('{ concurrency: 1, retry: none }'), { list: [['no-network', 'no-network', 'ok'], 'ok', 'ok'] });
    assert.equal(bench.action.seen.length, 1, 'no other job of the queue is tried');
    assert.deepEqual([bench.queue('api').hold?.by?.machine, bench.queue('api').hold?.by?.cause], [true, 'ENETUNREACH']);
    assert.equal(bench.engine.machine.problem?.problem, 'This machine lacks a network (ENETUNREACH).');
    await bench.advance(minute);
    assert.deepEqual(await bench.tally(run), { succeeded: 3 });
    assert.equal(bench.engine.machine.problem, undefined);
    assert.equal(warnings(), 2, 'it came back, and went again');
  });

  it('kills a job at last that can never be made', async () => {
    const run = await bench.run(text('{ retry: { delays: [1s] } }'), { list: ['no-network'] });
    await bench.advance(5 * 60 * minute);
    assert.deepEqual(await bench.tally(run), { dead: 1 });
    assert.equal(bench.action.seen.length, 102);
  });
});
