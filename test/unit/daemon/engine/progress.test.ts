import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('an attempt that did a part', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const one = (script: string, retry = '{ delays: [10s, 10s] }'): string => `
queues: { mail: { concurrency: 2, retry: ${retry} } }
steps: { send: { queue: mail, uses: test/scripted, with: { do: ${script} } } }
`;
  const progress = (): unknown[] => bench.action.seen.map((attempt) => attempt.progress);

  it('hands it to the next one, charged and after the delay of the policy, with the same key', async () => {
    const run = await bench.run(one('[part, part, ok]'));
    await bench.advance(20 * second);
    assert.deepEqual(progress(), [undefined, 1, 2]);
    assert.equal(new Set(bench.action.seen.map(({ key }) => key)).size, 1);
    assert.deepEqual(bench.action.times.map((at) => at - (bench.action.times[0] ?? 0)), [0, 10 * second, 20 * second]);
    const { state, attempts } = await bench.jobOf(run, 'send');
    assert.deepEqual([state, attempts.map((attempt) => attempt.state)], ['succeeded', ['failed', 'failed', 'succeeded']]);
  });

  it('hands it over a crash, an attempt that the crash cut off, and one that did nothing', async () => {
    await bench.run(one('[part, hang, 503, ok]', '{ delays: [10s, 10s, 10s] }'));
    await bench.advance(10 * second);
    await bench.crash();
    await bench.start();
    await bench.advance(30 * second);
    assert.deepEqual(progress(), [undefined, 1, 1, 1]);
  });

  it('keeps it in its dead letter, which a replay continues from, in a new round', async () => {
    const run = await bench.run(one('[part, ok]', 'none'));
    const dead = await bench.jobOf(run, 'send');
    assert.deepEqual([dead.state, dead.progress], ['dead', 1]);
    await bench.replay([dead.number]);
    assert.deepEqual(bench.action.seen.map((attempt) => [attempt.progress, attempt.round]), [[undefined, 1], [1, 2]]);
    assert.equal((await bench.jobOf(run, 'send')).state, 'succeeded');
  });

  it('continues immediately, uncharged and whatever the policy, where the receiver asks for the rest', async () => {
    const run = await bench.run(one('[part-on, part-on, part-on, ok]', 'none'));
    await bench.advance(3);
    assert.deepEqual(progress(), [undefined, 1, 2, 3]);
    const { state, attempts } = await bench.jobOf(run, 'send');
    assert.deepEqual([state, attempts.map((attempt) => attempt.state)], ['succeeded', ['throttled', 'throttled', 'throttled', 'succeeded']]);
    assert.equal(bench.queue('mail').hold, undefined, 'nobody else waits');
  });

  it('does so as often as it takes, and has its hundred of "later" after that', async () => {
    const parts = Array.from({ length: 120 }, () => 'part-on').join(', ');
    const run = await bench.run(one(`[${parts}, ok]`, 'none'));
    await bench.advance(second);
    assert.deepEqual([(await bench.jobOf(run, 'send')).state, bench.action.seen.length], ['succeeded', 121]);
  });

  it('tells a warning of a success, and counts it in its step and run', async () => {
    const run = await bench.run(one('warn'));
    const { state, warning } = await bench.jobOf(run, 'send');
    assert.deepEqual([state, warning], ['succeeded', 'One was left out.']);
    const { warnings, steps } = await bench.runDetail(run);
    assert.deepEqual([warnings, steps[0]?.warnings], [1, 1]);
    await bench.run(one('ok'));
    const { jobs } = await bench.store.listJobs({ where: 'warning != ""', limit: 10 });
    assert.equal(jobs.length, 1, 'as `sluice run-show` says');
  });
});
