import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('a restart', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const one = (script: string, retry = 'none'): string => `
queues: { erp: { timeout: 1h, concurrency: 2, retry: ${retry} } }
steps: { call: { queue: erp, uses: test/scripted, with: { do: ${script} } } }
`;

  it('after a crash closes what was under way as interrupted, and tries it again immediately and uncharged', async () => {
    const run = await bench.run(one('[hang, ok]'));
    await bench.advance(5 * second);
    await bench.crash();
    await bench.start();
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.map((attempt) => [attempt.state, attempt.round])], ['succeeded', [['interrupted', 1], ['succeeded', 1]]]);
    assert.equal(attempts[0]?.error?.kind, 'interrupted');
    assert.equal(new Set(bench.action.seen.map(({ key }) => key)).size, 1);
    assert.ok(bench.logged.some(({ details }) => 'attempts' in details && details.attempts === 1));
  });

  it('after the tenth crash in a job buries it, so that it can\'t stop its queue', async () => {
    const run = await bench.run(one('hang'));
    for (let crash = 0; crash < 10; crash++) {
      assert.equal((await bench.jobOf(run, 'call')).state, 'active', `before crash ${crash + 1}`);
      await bench.crash();
      await bench.start();
      await bench.advance(10 * minute);
    }
    const { state, error, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, error?.kind, attempts.length], ['dead', 'crash_loop', 10]);
    const other = await bench.run(one('ok'));
    assert.equal((await bench.states(other))['run'], 'succeeded');
    await bench.replay(await bench.dead(run), { do: 'ok' });
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('leaves waiting jobs in their places', async () => {
    await bench.run(one('hang', '{ delays: [10m] }'));
    await bench.run(one('[503, ok]', '{ delays: [10m] }'));
    const at = bench.clock.now();
    await bench.crash();
    await bench.start();
    await bench.advance(10 * minute);
    assert.equal(bench.action.times.at(-1), at + 10 * minute, 'the retry comes when it was due');
  });

  it('by a stop lets what is under way end within its grace time', async () => {
    const run = await bench.run(one('"slow:15"'));
    await bench.stop();
    await bench.start();
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.length], ['succeeded', 1]);
  });

  it('by a stop cuts off what takes longer, and never makes a call again that was confirmed', async () => {
    const run = await bench.run(one('confirmed'));
    await bench.stop();
    await bench.start();
    const { state, attempts, error } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.length, error?.status], ['dead', 1, 201]);
    assert.equal(bench.action.seen.length, 1);
  });

  it('by a stop cuts off what takes longer, which goes back uncharged and is not a crash', async () => {
    const run = await bench.run(one('hang'));
    for (let round = 0; round < 12; round++) {
      const before = bench.clock.now();
      await bench.stop();
      assert.equal(bench.clock.now() - before, 20 * second, 'the grace time, and not more');
      await bench.start();
    }
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.length], ['active', 13]);
    assert.ok(attempts.slice(0, 12).every((attempt) => attempt.state === 'interrupted' && attempt.error === undefined));
  });

  it('by a stop waits for what is deaf no longer than it takes to give it up', async () => {
    const run = await bench.run(one('[deaf, ok]'));
    const before = bench.clock.now();
    await bench.stop();
    assert.equal(bench.clock.now() - before, 30 * second);
    await bench.start();
    assert.equal((await bench.jobOf(run, 'call')).state, 'succeeded');
  });

  it('by a stop claims and accepts nothing more from its first moment on', async () => {
    await bench.run(one('"slow:5"'));
    await bench.run(one('"slow:5"'));
    const waiting = await bench.run(one('ok'));
    const stopping = bench.engine.stop();
    assert.throws(() => bench.engine.assertAcceptingWork(), { code: 'stopping' });
    assert.equal(bench.engine.stop(), stopping, 'anyone who asks again waits for the same end');
    await bench.advance(10 * second);
    await stopping;
    assert.equal(bench.action.seen.length, 2);
    assert.equal((await bench.jobOf(waiting, 'call')).state, 'pending');
    await bench.advance(60 * minute);
    assert.equal(bench.action.seen.length, 2);
    assert.equal(bench.clock.nextTimerAt(), undefined, 'no timer is left behind');
  });

  it('by a stop hands back what was claimed for a start that is yet to come', async () => {
    await bench.run(`
queues: { api: { rate: { limit: 100, per: 1s, burst: 1 } } }
inputs: { list: { type: array } }
steps: { each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: {} } }
`, { list: [1, 2, 3] });
    await bench.stop();
    assert.equal(bench.action.seen.length, 1);
    await bench.start();
    await bench.advance(second);
    assert.deepEqual([bench.action.seen.length, await bench.tally(1)], [3, { succeeded: 3 }]);
  });

  it('keeps the version of the workflow that each run began with', async () => {
    const run = await bench.run('steps: { a: { uses: test/scripted, with: { do: hang, v: 1 } }, b: { needs: [a], uses: test/scripted, with: { v: 1 } } }');
    await bench.run('steps: { a: { uses: test/scripted, with: { v: 2 } } }');
    await bench.crash();
    await bench.start();
    await bench.advance(minute);
    const [job] = await bench.jobs(run);
    assert.deepEqual((await bench.job(Number(job?.id.slice(1)))).payload, { do: 'hang', v: 1 });
  });
});
