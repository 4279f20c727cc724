import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;
const problem = 'The store can\'t grow: the disk is full.';

describe('a store that can\'t be written', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const fan = (script: string, concurrency: number): string => `
queues: { mail: { concurrency: ${concurrency}, timeout: 1h } }
inputs: { list: { type: array } }
steps: { each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: "${script}", n: "\${{ item }}" } } }
`;
  const numbers = (count: number): { list: number[] } => ({ list: Array.from({ length: count }, (_, index) => index) });

  it('lets nothing new start, keeps outcomes, and continues by itself within about a second', async () => {
    const run = await bench.run(fan('slow:5', 3), numbers(9));
    bench.trouble = problem;
    await bench.advance(10 * second);
    assert.equal(bench.action.seen.length, 3);
    assert.equal(bench.engine.outcomes.kept, 3, 'their effects have been made');
    assert.throws(() => bench.engine.assertAcceptingWork(), { code: 'store-unavailable', message: problem });
    assert.deepEqual(bench.engine.health.trouble?.problem, problem);

    bench.trouble = undefined;
    await bench.advance(second);
    assert.equal(bench.engine.outcomes.kept, 0);
    assert.equal(bench.action.seen.length, 6);
    assert.doesNotThrow(() => bench.engine.assertAcceptingWork());
    await bench.advance(minute);
    assert.deepEqual(await bench.tally(run), { succeeded: 9 });
    assert.equal(bench.action.seen.length, 9, 'and nothing twice');
  });

  it('is told of once, and again when it can be written again', async () => {
    await bench.run(fan('slow:1', 3), numbers(30));
    bench.trouble = problem;
    await bench.advance(minute);
    bench.trouble = undefined;
    await bench.advance(minute);
    const told = bench.logged.filter(({ message }) => /store can/.test(message));
    assert.deepEqual(told.map(({ level }) => level), ['error', 'info']);
  });

  it('in the middle of a fan-out loses none of its items', async () => {
    const running = bench.run(fan('ok', 20), numbers(3000));
    while ((bench.queue('mail').depth.pending) === 0) await bench.turn();
    bench.trouble = problem;
    await running;
    assert.equal((await bench.states(1))['run'], 'running');
    await bench.advance(10 * second);
    bench.trouble = undefined;
    await bench.advance(3 * second);
    assert.deepEqual(await bench.tally(1), { succeeded: 3000 });
  });

  it('keeps retries for when it can be written again', async () => {
    const run = await bench.run('steps: { call: { uses: test/scripted, retry: { delays: [10s] }, with: { do: [503, ok] } } }');
    bench.trouble = problem;
    await bench.advance(minute);
    assert.equal(bench.action.seen.length, 1);
    bench.trouble = undefined;
    await bench.advance(2 * second);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('doesn\'t keep a stop from ending', async () => {
    const run = await bench.run(fan('hang', 1), numbers(1));
    bench.trouble = problem;
    const { clock } = bench;
    const stopping = bench.engine.stop();
    await bench.advance(30 * second);
    await stopping;
    assert.equal(clock.nextTimerAt(), undefined);
    bench.trouble = undefined;
    await bench.crash();
    await bench.start();
    assert.equal((await bench.states(run))['run'], 'running', 'the job is taken up again');
    assert.equal(bench.action.seen.length, 2);
  });

  it('refuses a run as a whole', async () => {
    bench.trouble = problem;
    await assert.rejects(bench.run('steps: { call: { uses: test/scripted, with: {} } }'), { code: 'store-unavailable' });
    bench.trouble = undefined;
    await bench.advance(second);
    assert.equal(bench.action.seen.length, 0);
  });
});

describe('old runs', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const day = 24 * 60 * minute;

  it('are deleted when they ended long ago, unless they hold dead letters', async () => {
    const fine = await bench.run('steps: { call: { uses: test/scripted, with: {} } }');
    const failed = await bench.run('steps: { call: { uses: test/scripted, with: { do: invalid } } }');
    const open = await bench.run('steps: { call: { uses: test/scripted, timeout: 100d, with: { do: hang } } }');
    await bench.clock.advance(29 * day);
    await bench.rest();
    await bench.advance(11 * minute);
    assert.equal((await bench.states(fine))['run'], 'succeeded');
    await bench.clock.advance(2 * day);
    await bench.rest();
    await bench.advance(11 * minute);
    await assert.rejects(bench.runDetail(fine));
    assert.equal((await bench.states(failed))['run'], 'failed');
    assert.equal((await bench.states(open))['run'], 'running');
  });

  it('lose their dead letters when their queue keeps them no longer', async () => {
    const run = await bench.run(`
queues: { erp: { dead-letters: { keep: 2d } } }
steps: { call: { queue: erp, uses: test/scripted, with: { do: invalid } } }
`);
    await bench.clock.advance(2 * day - minute);
    await bench.rest();
    assert.equal((await bench.jobOf(run, 'call')).state, 'dead');
    await bench.advance(11 * minute);
    assert.equal((await bench.jobOf(run, 'call')).state, 'discarded');
  });
});
