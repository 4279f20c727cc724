import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('a time limit', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const one = (script: string, extra = ''): string => `
queues: { erp: { timeout: 20s, concurrency: 1, retry: { delays: [1m] } } }
steps: { call: { queue: erp, uses: test/scripted, with: { do: ${script} }${extra} } }
`;

  it('aborts the work, which is tried again', async () => {
    const run = await bench.run(one('[hang, ok]'));
    await bench.advance(20 * second - 1);
    assert.equal((await bench.jobOf(run, 'call')).state, 'active');
    await bench.advance(1);
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts[0]?.error?.kind, attempts[0]?.durationMs], ['delayed', 'timeout', 20 * second]);
    await bench.advance(60 * second);
    assert.equal((await bench.jobOf(run, 'call')).state, 'succeeded');
  });

  it('frees the slot of what it aborts', async () => {
    await bench.run(one('hang'));
    const next = await bench.run(one('ok'));
    assert.equal((await bench.jobOf(next, 'call')).state, 'pending');
    await bench.advance(20 * second);
    assert.equal((await bench.jobOf(next, 'call')).state, 'succeeded');
  });

  it('gives up what doesn\'t end, and refuses and counts what comes of it later', async () => {
    const run = await bench.run(one('[deaf, ok]'));
    await bench.advance(30 * second - 1);
    assert.equal((await bench.jobOf(run, 'call')).state, 'active', 'ten seconds to end');
    await bench.advance(1);
    const given = await bench.jobOf(run, 'call');
    assert.deepEqual([given.state, given.attempts[0]?.error?.kind], ['delayed', 'timeout']);
    assert.equal(bench.engine.outcomes.late, 0);

    bench.action.endDeaf();
    await bench.rest();
    assert.equal(bench.engine.outcomes.late, 1);
    assert.equal((await bench.jobOf(run, 'call')).state, 'delayed', 'its success no longer counts');
    assert.ok(bench.logged.some(({ level, details }) => level === 'warn' && 'job' in details && details.job === given.number));
    await bench.advance(60 * second);
    assert.deepEqual((await bench.jobOf(run, 'call')).attempts.map(({ state }) => state), ['failed', 'succeeded']);
  });

  it('leaves no timer behind where an attempt ends before it', async () => {
    const quiet = bench.clock.nextTimerAt();
    await bench.run(one('ok'));
    await bench.run(one('throw'));
    await bench.run(one('ok', ', timeout: 1h').replace('do: ok', 'do: ok, headers: { authorization: "${{ secrets.NONE }}" }'));
    // The queue's series is written again; an attempt's time limit would be due later.
    await bench.advance(10 * second);
    assert.equal(bench.clock.nextTimerAt(), quiet);
  });
});
