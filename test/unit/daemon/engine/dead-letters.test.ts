import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('a dead letter', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const chain = `
inputs: { script: {} }
steps:
  first: { uses: test/scripted, retry: none, with: { do: "\${{ inputs.script }}", output: done } }
  next: { needs: [first], uses: test/scripted, with: { got: "\${{ steps.first.output }}" } }
  last: { needs: [next], uses: test/scripted, with: { last: true } }
`;

  it('that is replayed unedited continues in a new round, with the same key', async () => {
    const run = await bench.run(chain, { script: [503, 'ok'] });
    const { number, idempotencyKey } = await bench.jobOf(run, 'first');
    await bench.replay([number]);
    const job = await bench.jobOf(run, 'first');
    assert.deepEqual(job.attempts.map(({ number: attempt, round, revision, state }) => [attempt, round, revision, state]), [
      [1, 1, 1, 'failed'],
      [2, 2, 1, 'succeeded'],
    ]);
    assert.deepEqual([job.idempotencyKey, job.revisions.length], [idempotencyKey, 1]);
    assert.deepEqual(bench.action.seen.slice(0, 2).map(({ key }) => key), [idempotencyKey, idempotencyKey]);
  });

  it('whose replay succeeds reopens its step and its run, and what was skipped continues', async () => {
    const run = await bench.run(chain, { script: [503, 'ok'] });
    assert.deepEqual(await bench.states(run), { run: 'failed', first: 'failed', next: 'skipped', last: 'skipped' });
    await bench.replay(await bench.dead(run));
    assert.deepEqual(await bench.states(run), { run: 'succeeded', first: 'succeeded', next: 'succeeded', last: 'succeeded' });
    assert.deepEqual(bench.action.inputs.at(-2), { got: 'done' });
    assert.equal((await bench.runDetail(run)).error, undefined);
  });

  it('that is edited is a new revision with a new key; what was stays', async () => {
    const run = await bench.run(chain, { script: 'invalid' });
    const before = await bench.jobOf(run, 'first');
    await bench.replay([before.number], { do: 'ok', output: 'fixed' });
    const job = await bench.jobOf(run, 'first');
    assert.notEqual(job.idempotencyKey, before.idempotencyKey);
    assert.deepEqual(job.revisions.map(({ revision, payload }) => [revision, payload]), [
      [1, { do: 'invalid', output: 'done' }],
      [2, { do: 'ok', output: 'fixed' }],
    ]);
    assert.deepEqual(job.attempts[0], before.attempts[0]);
    assert.deepEqual(bench.action.inputs[2], { got: 'fixed' });
  });

  it('that dies again is a dead letter again, as often as it likes', async () => {
    const run = await bench.run(chain, { script: [503, 503, 503, 'ok'] });
    for (let round = 0; round < 3; round++) {
      const [number, ...others] = await bench.dead(run);
      assert.ok(number !== undefined && others.length === 0);
      assert.equal((await bench.states(run))['run'], 'failed');
      await bench.replay([number]);
    }
    assert.equal((await bench.states(run))['run'], 'succeeded');
    assert.equal((await bench.jobOf(run, 'first')).attempts.length, 4);
  });

  it('has its whole budget of attempts again', async () => {
    const run = await bench.run(`
queues: { erp: { retry: { delays: [10s, 20s] } } }
steps: { call: { queue: erp, uses: test/scripted, with: { do: [503, 503, 503, 503, 503, ok] } } }
`);
    await bench.advance(60 * second);
    const at = bench.clock.now();
    await bench.replay(await bench.dead(run));
    await bench.advance(60 * second);
    assert.deepEqual(bench.action.times.slice(3).map((time) => time - at), [0, 10 * second, 30 * second]);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('that is discarded leaves its step failed and is no longer a dead letter', async () => {
    const run = await bench.run(chain, { script: 'invalid' });
    const [number] = await bench.dead(run);
    assert.ok(number !== undefined);
    await bench.discard([number]);
    assert.deepEqual(await bench.states(run), { run: 'failed', first: 'failed', next: 'skipped', last: 'skipped' });
    assert.equal((await bench.job(number)).state, 'discarded');
    await assert.rejects(bench.replay([number]), { code: 'wrong-state' });
  });

  it('refuses to be replayed twice, and so does a job that is none', async () => {
    const run = await bench.run(chain, { script: [503, 'hang'] });
    const [number = 0] = await bench.dead(run);
    await bench.replay([number]);
    await assert.rejects(bench.replay([number]), { code: 'wrong-state' });
    await assert.rejects(bench.replay([4711]), { code: 'not-found' });
  });

  it('of one item lets its siblings, which `fail` had cancelled, continue after its replay', async () => {
    const run = await bench.run(`
queues: { mail: { concurrency: 1 } }
inputs: { list: { type: array } }
steps:
  each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: fail }, with: { do: "\${{ item }}" } }
  after: { needs: [each], uses: test/scripted, with: { n: "\${{ steps.each.results.size() }}" } }
`, { list: ['ok', ['invalid', 'ok'], ...Array.from({ length: 2500 }, () => 'ok')] });
    const { succeeded, dead, cancelled = 0, ...others } = await bench.tally(run);
    assert.deepEqual([succeeded, dead, others], [1, 1, {}]);
    assert.ok(cancelled > 500, 'what had been made of the items by then');
    await bench.replay(await bench.dead(run));
    assert.deepEqual(await bench.tally(run, 'each'), { succeeded: 2502 });
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
    assert.deepEqual(bench.action.inputs.at(-1), { n: 2502 });
  });

  it('of one item doesn\'t repeat the others', async () => {
    const run = await bench.run(`
inputs: { list: { type: array } }
steps:
  each: { uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: "\${{ item.do }}", n: "\${{ item.n }}" } }
`, { list: [{ n: 1, do: 'ok' }, { n: 2, do: ['invalid', 'ok'] }, { n: 3, do: 'ok' }] });
    await bench.replay(await bench.dead(run));
    assert.deepEqual(bench.action.inputs.map(({ n }) => n), [1, 2, 3, 2]);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('is kept over a crash, with all that it was', async () => {
    const run = await bench.run(chain, { script: [503, 'ok'] });
    const before = await bench.jobOf(run, 'first');
    await bench.crash();
    await bench.start();
    assert.deepEqual(await bench.jobOf(run, 'first'), before);
    await bench.replay([before.number]);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });
});
