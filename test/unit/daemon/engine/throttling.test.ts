import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('an other side that says "later"', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const list = (do1: string, others: number): { list: { do: string | string[]; n: number }[] } => ({
    list: [{ do: [do1, 'ok'], n: 0 }, ...Array.from({ length: others }, (_, index) => ({ do: 'ok', n: index + 1 }))],
  });
  const workflow = (queue: string): string => `
queues: { crm: ${queue} }
inputs: { list: { type: array } }
steps:
  each:
    queue: crm
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { do: "\${{ item.do }}", n: "\${{ item.n }}" }
`;

  it('holds the whole queue until then, and isn\'t charged as an attempt', async () => {
    const run = await bench.run(workflow('{ concurrency: 1, retry: { delays: [1s] } }'), list('429:30', 5));
    assert.equal(bench.action.seen.length, 1);
    const now = bench.clock.now();
    assert.deepEqual(bench.queue('crm').hold, { until: now + 30 * second, by: { jobId: 1, cause: '429', retryAfterMs: 30 * second, at: now } });
    await bench.advance(30 * second - 1);
    assert.equal(bench.action.seen.length, 1, 'no other job of the queue starts');
    await bench.advance(1);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
    const [first] = await bench.jobs(run);
    const { attempts } = await bench.job(Number(first?.id.slice(1)));
    assert.deepEqual(attempts.map(({ state }) => state), ['throttled', 'succeeded']);
  });

  it('leaves other queues alone', async () => {
    await bench.run(workflow('{ concurrency: 1 }'), list('429:30', 1));
    const other = await bench.run('steps: { call: { uses: test/scripted, with: {} } }');
    assert.equal((await bench.states(other))['run'], 'succeeded');
  });

  it('is respected over a crash and over a stop', async () => {
    for (const end of [() => bench.crash(), () => bench.stop()]) {
      const before = bench.action.seen.length;
      const run = await bench.run(workflow('{ concurrency: 1 }'), list('429:60', 3));
      await end();
      await bench.start();
      await bench.advance(60 * second - 1);
      assert.equal(bench.action.seen.length, before + 1);
      await bench.advance(1);
      assert.equal((await bench.states(run))['run'], 'succeeded');
    }
  });

  it('wins over a shorter delay, and a longer delay over it once attempts are charged', async () => {
    await bench.run(`
queues: { erp: { retry: { delays: [1s] } } }
steps: { call: { queue: erp, uses: test/scripted, with: { do: ["503:40", ok] } } }
`);
    const [first = 0] = bench.action.times;
    await bench.advance(10 * minute);
    assert.deepEqual(bench.action.times, [first, first + 40 * second]);
  });

  it('holds the queue for a moment where it doesn\'t say how long', async () => {
    const run = await bench.run(workflow('{ concurrency: 1, retry: { delays: [1s] } }'), list('429', 2));
    assert.equal(bench.action.seen.length, 1);
    await bench.advance(5 * second);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
  });

  it('is charged after a hundred times, so that no job continues for ever', async () => {
    const run = await bench.run('steps: { call: { uses: test/scripted, retry: { delays: [1s] }, with: { do: "429:10" } } }');
    await bench.advance(60 * minute);
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.length], ['dead', 102]);
    assert.deepEqual(attempts.slice(-2).map((attempt) => attempt.state), ['failed', 'failed']);
  });

  it('can\'t hold a queue for longer than an hour, though its own job waits for a day', async () => {
    const run = await bench.run(workflow('{ concurrency: 1, retry: { delays: [1s] } }'), list('429:99999999', 1));
    await bench.advance(60 * minute - 1);
    assert.equal(bench.action.seen.length, 1);
    await bench.advance(1);
    assert.deepEqual(await bench.tally(1), { delayed: 1, succeeded: 1 });
    await bench.advance(23 * 60 * minute);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('is no reason for a second attempt under `retry: none`, but others of the queue wait', async () => {
    for (const answer of ['429', '429:20', '503:20']) {
      const before = bench.action.seen.length;
      const run = await bench.run(workflow('{ concurrency: 1, retry: none }'), list(answer, 1));
      assert.equal(bench.action.seen.length, before + 1);
      await bench.advance(20 * second);
      const { attempts } = await bench.job(Number((await bench.jobs(run))[0]?.id.slice(1)));
      assert.deepEqual([attempts.length, bench.action.seen.length], [1, before + 2], answer);
    }
  });

  it('is only believed of an answer that doesn\'t end the job', async () => {
    await bench.run(workflow('{ concurrency: 1 }'), list('404:86400', 1));
    assert.deepEqual([bench.queue('crm').hold, bench.action.seen.length], [undefined, 2]);
  });

  it('keeps back what was claimed but hasn\'t started', async () => {
    // The second job is claimed some milliseconds ahead of the start that the rate allows it.
    await bench.run(`
queues: { crm: { rate: { limit: 100, per: 1s, burst: 1 }, concurrency: 5 } }
inputs: { list: { type: array } }
steps:
  each:
    queue: crm
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { do: "\${{ item.do }}" }
`, list('429:30', 3));
    await bench.advance(29 * second);
    assert.equal(bench.action.seen.length, 1);
    await bench.advance(10 * second);
    assert.deepEqual(await bench.tally(1), { succeeded: 4 });
  });
});
