import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('whose turn it is', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const many = (count: number): { list: number[] } => ({ list: Array.from({ length: count }, (_, index) => index) });
  const fan = (concurrency: number, script: string, extra = ''): string => `
queues: { mail: { concurrency: ${concurrency}${extra} } }
inputs: { list: { type: array } }
steps:
  each:
    queue: mail
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { do: "${script}", n: "\${{ item }}" }
`;
  const single = (name: string, extra: string): string => `steps: { call: { queue: mail, uses: test/scripted${extra}, with: { name: ${name} } } }`;

  it('is that of the job with the highest priority, with thousands waiting', async () => {
    await bench.run(fan(2, 'slow:1'), many(3000));
    await bench.run(single('reset', ', priority: high'));
    await bench.run(single('report', ', priority: low'));
    await bench.run(single('alarm', ', priority: 9'));
    const before = bench.action.seen.length;
    await bench.advance(second);
    assert.deepEqual(bench.action.inputs.slice(before).map(({ n, name }) => n ?? name), ['alarm', 'reset', 2, 3], 'and then on in order');
  });

  it('is that of the queue\'s own priority where the step names none', async () => {
    await bench.run(fan(1, 'slow:1', ', priority: 8'), many(3));
    await bench.run(single('normal', ', priority: 5'));
    await bench.advance(10 * second);
    assert.deepEqual(bench.action.inputs.map(({ n, name }) => n ?? name), [0, 1, 2, 'normal']);
  });

  it('is then that of the job that was due first, and then of the oldest', async () => {
    await bench.run(`
queues: { mail: { concurrency: 1, retry: { delays: [5s] } } }
steps: { call: { queue: mail, uses: test/scripted, with: { name: retried, do: [503, ok] } } }
`);
    await bench.run(single('busy', ', priority: 9').replace('name: busy', 'name: busy, do: "slow:4"'));
    await bench.run(single('first', ''));
    await bench.advance(second);
    await bench.run(single('second', ''));
    await bench.run(single('third', ''));
    await bench.advance(second);
    await bench.run(single('guard', ', priority: 9').replace('name: guard', 'name: guard, do: "slow:4"'));
    await bench.advance(20 * second);
    assert.deepEqual(bench.action.inputs.map(({ name }) => name), ['retried', 'busy', 'guard', 'first', 'second', 'third', 'retried']);
  });

  it('comes to no more jobs at once than the concurrency allows', async () => {
    await bench.run(fan(7, 'slow:1'), many(100));
    await bench.advance(5 * second);
    assert.equal(bench.action.mostAlive, 7);
    assert.equal(bench.action.seen.length, 42);
  });

  it('follows a concurrency that is changed while it runs, is kept over restarts, and goes back to the file\'s', async () => {
    await bench.run(fan(2, 'slow:1'), many(200));
    await bench.setQueue('mail', { concurrency: 5 });
    assert.equal(bench.action.seen.length, 5);
    await bench.stop();
    await bench.start();
    assert.equal(bench.queue('mail').concurrency, 5);
    await bench.setQueue('mail', { concurrency: 'file' });
    assert.equal(bench.queue('mail').concurrency, 2);
    await bench.advance(5 * second);
    bench.action.mostAlive = 0;
    await bench.advance(5 * second);
    assert.equal(bench.action.mostAlive, 2);
  });

  it('comes to nobody while the queue is paused, also after a restart', async () => {
    await bench.run(fan(2, 'slow:1'), many(10));
    await bench.setQueue('mail', { paused: true });
    await bench.advance(10 * second);
    assert.equal(bench.action.seen.length, 2, 'what was under way ends');
    await bench.crash();
    await bench.start();
    await bench.advance(10 * second);
    assert.equal(bench.action.seen.length, 2);
    await bench.setQueue('mail', { paused: false });
    await bench.advance(10 * second);
    assert.deepEqual(await bench.tally(1), { succeeded: 10 });
  });

  it('keeps the definition of a queue whose file is gone', async () => {
    await bench.run(fan(3, 'slow:1'), many(50));
    await bench.stop();
    bench.action.mostAlive = 0;
    await bench.start([]);
    await bench.advance(5 * second);
    assert.deepEqual([bench.queue('mail').concurrency, bench.action.mostAlive], [3, 3]);
  });
});
