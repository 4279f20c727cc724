import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

describe('jobs claimed ahead of free places', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  /** Five short attempts, one of a second, and four more that are short. */
  const mixed = `
queues: { mail: { concurrency: 1 } }
steps:
  each:
    queue: mail
    uses: test/scripted
    foreach: { items: "\${{ ['ok', 'ok', 'ok', 'ok', 'ok', 'slow:1', 'ok', 'ok', 'ok', 'ok'] }}", on-item-failure: continue }
    with: { do: "\${{ item }}" }
`;
  const active = (): number => bench.queue('mail').depth.active;

  it('are as many as there are places, once attempts have shown to be short, and start no sooner for it', async () => {
    await bench.run(mixed);
    assert.deepEqual([bench.action.seen.length, active()], [6, 2]);
  });

  it('go back where attempts become long, and that was no attempt', async () => {
    const run = await bench.run(mixed);
    await bench.advance(300);
    assert.equal(active(), 1);
    await bench.advance(1000);
    assert.equal((await bench.states(run))['run'], 'succeeded');
    assert.deepEqual(new Set((await bench.jobs(run)).map(({ attemptCount }) => attemptCount)), new Set([1]));
  });

  it('go back at once when the queue is paused', async () => {
    await bench.run(mixed);
    await bench.setQueue('mail', { paused: true });
    await bench.rest();
    assert.equal(active(), 1);
    await bench.advance(1000);
    assert.equal(bench.action.seen.length, 6, 'none of them has started');
  });

  it('let a job of a higher priority pass', async () => {
    await bench.run(mixed);
    await bench.run(`steps: { call: { queue: mail, uses: test/scripted, priority: high, with: { name: alarm } } }`);
    const before = bench.action.seen.length;
    await bench.advance(2000);
    assert.deepEqual(bench.action.inputs[before], { name: 'alarm' });
  });

  it('can be cancelled before their turn', async () => {
    const run = await bench.run(mixed);
    await bench.cancelRun(run);
    await bench.advance(2000);
    assert.deepEqual([(await bench.states(run))['run'], bench.action.seen.length], ['cancelled', 6]);
  });
});
