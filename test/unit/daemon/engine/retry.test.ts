import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

describe('retry', () => {
  let bench: EngineBench;
  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.dispose());

  /** Starts one job with that script; the waits between the starts of its attempts. */
  async function waits(queue: string, script: string, { step = '', advance = 0 } = {}): Promise<number[]> {
    await bench.start();
    await bench.run(`
queues: { erp: ${queue} }
steps:
  call: { queue: erp, uses: test/scripted, with: { do: ${script} }${step} }
`);
    await bench.advance(advance);
    const { times } = bench.action;
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  }

  it('comes after exactly the delays that are listed, and then leaves a dead letter', async () => {
    assert.deepEqual(await waits('{ retry: { delays: [1m, 5m, 30m, 2h] } }', '503', { advance: 24 * hour }), [minute, 5 * minute, 30 * minute, 2 * hour]);
    const { state, error, attempts, number } = await bench.jobOf(1, 'call');
    assert.deepEqual([state, error?.status, attempts.length], ['dead', 503, 5]);
    assert.deepEqual(attempts.map((attempt) => attempt.state), Array.from({ length: 5 }, () => 'failed'));
    assert.deepEqual(await bench.states(1), { run: 'failed', call: 'failed' });
    assert.equal(number, 1);
    assert.equal(new Set(bench.action.seen.map(({ key }) => key)).size, 1, 'all attempts send one key');
  });

  it('doesn\'t come a millisecond early', async () => {
    await waits('{ retry: { delays: [5m] } }', '503', { advance: 5 * minute - 1 });
    assert.equal(bench.action.seen.length, 1);
    await bench.advance(1);
    assert.equal(bench.action.seen.length, 2);
  });

  it('grows exponentially up to its bound', async () => {
    const policy = '{ retry: { type: exponential, first: 5s, factor: 3, max: 1m, attempts: 6, jitter: 0% } }';
    assert.deepEqual(await waits(policy, '500', { advance: hour }), [5, 15, 45, 60, 60].map((seconds) => seconds * second));
  });

  it('moves each delay by a random share, either way', async () => {
    for (const [random, share] of [[0, 0.8], [0.999_999, 1.2]] as const) {
      const own = new EngineBench({ random: () => random });
      try {
        await own.start();
        await own.run(`
queues: { erp: { retry: { delays: [100s], jitter: 20% } } }
steps: { call: { queue: erp, uses: test/scripted, with: { do: [503, ok] } } }
`);
        await own.advance(200 * second);
        const [first = 0, next = 0] = own.action.times;
        assert.ok(Math.abs(next - first - 100 * second * share) < 2, `${next - first}`);
      } finally {
        await own.dispose();
      }
    }
  });

  it('follows the step where its queue says something else', async () => {
    const step = ', retry: { delays: [10s] }, timeout: 3s';
    const gaps = await waits('{ retry: { delays: [1h, 1h] }, timeout: 1h }', '[hang, hang, ok]', { step, advance: hour });
    // 3 s for the attempt itself, then the step's delay, and no second one.
    assert.deepEqual(gaps, [13 * second]);
    assert.equal((await bench.jobOf(1, 'call')).error?.kind, 'timeout');
  });

  for (const [script, retried] of [
    ['network', true], ['408', true], ['425', true], ['429', true], ['500', true], ['503', true],
    ['400', false], ['404', false], ['422', false], ['invalid', false], ['throw', false],
  ] as const) {
    it(`${retried ? 'comes' : 'does not come'} after ${script}`, async () => {
      const gaps = await waits('{ retry: { delays: [1m] } }', `[${script}, ok]`, { advance: hour });
      assert.equal(gaps.length, retried ? 1 : 0);
      assert.equal((await bench.jobOf(1, 'call')).state, retried ? 'succeeded' : 'dead');
    });
  }

  it('comes after what `on` names and after nothing else', async () => {
    const policy = '{ retry: { delays: [1s, 1s, 1s], on: [404, network] } }';
    assert.equal((await waits(policy, '[404, network, 503, ok]', { advance: hour })).length, 2);
    assert.equal((await bench.jobOf(1, 'call')).error?.status, 503);
  });

  it('never comes after what `unless` names', async () => {
    assert.equal((await waits('{ retry: { delays: [1s, 1s], unless: [502, timeout] } }', '[503, 502, ok]', { advance: hour })).length, 1);
    assert.equal((await bench.jobOf(1, 'call')).error?.status, 502);
  });

  it('never comes with `retry: none`', async () => {
    assert.equal((await waits('{ retry: none }', '503', { advance: hour })).length, 0);
  });

  it('is counted by the queue as failures, and as throughput', async () => {
    await waits('{ retry: { delays: [10s] } }', '[503, ok]', { advance: minute });
    assert.equal(bench.queue('erp').failureRate, 0.5);
    assert.ok(bench.queue('erp').throughputPerMinute > 0);
    await bench.advance(10 * minute);
    assert.deepEqual([bench.queue('erp').failureRate, bench.queue('erp').throughputPerMinute], [0, 0], 'what is long ago counts no more');
  });
});
