import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('cancel', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const one = (script: string): string => `
queues: { slow: { concurrency: 1, timeout: 1h, retry: { delays: [1h] } } }
steps:
  call: { queue: slow, uses: test/scripted, with: { do: ${script} } }
  after: { needs: [call], uses: test/scripted, with: { after: true } }
`;

  it('takes a waiting job out of its queue, and skips what needs it', async () => {
    await bench.run(one('hang'));
    const run = await bench.run(one('ok'));
    const { number } = await bench.jobOf(run, 'call');
    await bench.cancelJob(number);
    assert.deepEqual(await bench.states(run), { run: 'cancelled', call: 'cancelled', after: 'skipped' });
    await bench.advance(2 * 60 * minute);
    assert.ok(bench.action.inputs.every(({ do: script }) => script === 'hang'));
  });

  it('takes a job that waits for its retry', async () => {
    const run = await bench.run(one('503'));
    await bench.cancelJob((await bench.jobOf(run, 'call')).number);
    await bench.advance(2 * 60 * minute);
    assert.equal(bench.action.seen.length, 1);
    assert.equal((await bench.states(run))['run'], 'cancelled');
  });

  it('aborts a job that is under way', async () => {
    const run = await bench.run(one('hang'));
    await bench.cancelJob((await bench.jobOf(run, 'call')).number);
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.map((attempt) => attempt.state)], ['cancelled', ['cancelled']]);
    const next = await bench.run(one('ok'));
    assert.equal((await bench.jobOf(next, 'call')).state, 'succeeded', 'its slot is free');
  });

  it('doesn\'t undo what succeeds all the same', async () => {
    const run = await bench.run(one('deaf'));
    await bench.cancelJob((await bench.jobOf(run, 'call')).number);
    bench.action.endDeaf();
    await bench.rest();
    assert.deepEqual(await bench.states(run), { run: 'succeeded', call: 'succeeded', after: 'succeeded' });
  });

  it('gives up a job that ignores it', async () => {
    const run = await bench.run(one('deaf'));
    await bench.cancelJob((await bench.jobOf(run, 'call')).number);
    await bench.advance(10 * second);
    assert.equal((await bench.jobOf(run, 'call')).state, 'cancelled');
  });

  it('reaches a job that has been claimed for a start that is yet to come', async () => {
    const rated = (script: string): string => `
queues: { api: { rate: { limit: 100, per: 1s, burst: 1 } } }
steps: { call: { queue: api, uses: test/scripted, with: { do: ${script} } } }
`;
    await bench.run(rated('ok'));
    const run = await bench.run(rated('ok'));
    const { number, state } = await bench.jobOf(run, 'call');
    assert.equal(state, 'active', 'claimed ahead of its start');
    assert.equal(bench.action.seen.length, 1);
    await bench.cancelJob(number);
    await bench.advance(minute);
    assert.equal(bench.action.seen.length, 1);
    assert.equal((await bench.jobOf(run, 'call')).state, 'cancelled');
  });

  it('ends a whole run with a large fan-out under way, of which nothing starts afterwards', async () => {
    const running = bench.run(`
queues: { mail: { concurrency: 3 } }
inputs: { list: { type: array } }
steps:
  each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: hang } }
  after: { needs: [each], uses: test/scripted, with: {} }
`, { list: Array.from({ length: 20_000 }, (_, index) => index) });
    while (bench.action.seen.length < 3) await bench.turn();
    assert.equal((await bench.runDetail(1)).steps[0]?.expanded, false, 'its items are still being made into jobs');
    const cancelling = bench.cancelRun(1);
    await running;
    await cancelling;
    assert.deepEqual(await bench.states(1), { run: 'cancelled', each: 'cancelled', after: 'cancelled' });
    await bench.advance(minute);
    assert.equal(bench.action.seen.length, 3);
    const { jobs } = await bench.runDetail(1);
    assert.deepEqual([jobs.open, jobs.cancelled], [0, jobs.total]);
    const other = await bench.run('steps: { call: { queue: mail, uses: test/scripted, with: {} } }');
    assert.equal((await bench.states(other))['run'], 'succeeded', 'the queue is free for others');
  });

  it('is finished after a crash that came in between', async () => {
    const run = await bench.run(`
queues: { mail: { concurrency: 1 } }
inputs: { list: { type: array } }
steps: { each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: hang } } }
`, { list: Array.from({ length: 5000 }, (_, index) => index) });
    await bench.store.cancelRun({ runId: run, now: bench.clock.now() });
    await bench.crash();
    await bench.start();
    assert.deepEqual(await bench.states(run), { run: 'cancelled', each: 'cancelled' });
    assert.equal(bench.action.seen.length, 1);
  });

  it('ends what runs on failure, and leaves the run failed', async () => {
    const run = await bench.run(`
steps: { call: { uses: test/scripted, with: { do: invalid } } }
on-failure: { tell: { uses: test/scripted, with: { do: hang } }, then: { needs: [tell], uses: test/scripted, with: {} } }
`);
    assert.deepEqual(await bench.states(run), { run: 'failed', call: 'failed', tell: 'running', then: 'waiting' });
    await bench.cancelRun(run);
    assert.deepEqual(await bench.states(run), { run: 'failed', call: 'failed', tell: 'cancelled', then: 'cancelled' });
    assert.equal((await bench.runDetail(run)).closing, false);
  });

  it('of some items neither fails their step nor holds it up', async () => {
    const run = await bench.run(`
queues: { mail: { concurrency: 1 } }
inputs: { list: { type: array } }
steps:
  each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: fail }, with: { do: "slow:1", n: "\${{ item }}" } }
`, { list: [1, 2, 3] });
    const [, second_] = await bench.jobs(run);
    await bench.cancelJob(Number(second_?.id.slice(1)));
    await bench.advance(minute);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
    assert.deepEqual(bench.action.inputs.map(({ n }) => n), [1, 3]);
  });
});
