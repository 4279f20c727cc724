import assert from 'node:assert/strict';
import type { EvaluateParams } from '../../../daemon/store/store.ts';
import { fanOut, type StoreBench } from './store-bench.ts';

const chain = `
inputs: { name: { type: string } }
steps:
  first: { uses: test/scripted, with: {} }
  second: { needs: [first], if: "\${{ always() }}", uses: test/scripted, with: {} }
`;

const words = `
inputs: { list: { type: array } }
steps:
  each:
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", as: word, key: "\${{ word }}", on-item-failure: continue }
    with: { word: "\${{ word }}" }
`;

export function describeEvaluating(bench: () => StoreBench): void {
  const evaluate = (runId: number, expression: string, rest: Partial<EvaluateParams> = {}) => bench().store.evaluate({ runId, expression, env: { REGION: 'eu' }, ...rest });
  const value = async (runId: number, expression: string, rest: Partial<EvaluateParams> = {}): Promise<unknown> => {
    const result = await evaluate(runId, expression, rest);
    assert.ok(result?.ok === true, JSON.stringify(result));
    return result.value;
  };
  const error = async (runId: number, expression: string, rest: Partial<EvaluateParams> = {}) => {
    const result = await evaluate(runId, expression, rest);
    assert.ok(result?.ok === false, JSON.stringify(result));
    return result.error;
  };

  it('gives the value that an expression has in a run', async () => {
    const run = await bench().run(chain, { name: 'Ada' });
    assert.equal(await value(run, 'steps.first.output'), null);
    await bench().succeed(await bench().next(), { body: { number: 7 } });
    assert.equal(await value(run, 'steps.first.output.body.number + 1'), 8);
    assert.equal(await value(run, 'inputs.name + " " + env.REGION'), 'Ada eu');
    assert.equal(await value(run, 'run.id'), `r${run}`);
    assert.equal(await value(run, 'steps.second.status'), 'running');
    assert.equal(await bench().store.evaluate({ runId: 999, expression: '1', env: {} }), undefined);
  });

  it('sees what the step sees: how those before it ended, and when it started', async () => {
    const run = await bench().run(chain, { name: 'Ada' });
    assert.equal(await value(run, 'failure()'), false);
    bench().now += 5000;
    await bench().die(await bench().next());
    assert.equal(await value(run, 'failure()', { step: 'second' }), true);
    assert.equal(await value(run, 'failure()', { step: 'first' }), false);
    assert.equal(await value(run, 'now()', { step: 'second' }), new Date(bench().now).toISOString());
    assert.match((await error(run, '1', { step: 'third' })).message, /no step 'third'/);
  });

  it('sees an item, the first if none is named', async () => {
    const run = await bench().run(words, { list: ['a', 'b', 'b', 'c'] });
    assert.equal((await error(run, 'word', { step: 'each' })).kind, 'missing', 'before there are items');
    await bench().fanOut();
    assert.equal(await value(run, 'word + job.key', { step: 'each' }), 'aa');
    assert.deepEqual(await value(run, '[word, job.index]', { step: 'each', index: 3 }), ['c', 3]);
    assert.match((await error(run, 'word', { step: 'each', index: 2 })).message, /no item 2\./, 'a duplicate has no job');
    assert.match((await error(run, 'word', { step: 'each', index: 9 })).message, /no item 9\./);
    assert.equal((await error(run, 'word')).kind, 'missing', 'without a step there is no item');
    for (const job of await bench().claim()) await bench().succeed(job, { n: 1 });
    assert.equal(await value(run, 'steps.each.results.filter(r, r.status == "succeeded").size()'), 3);
  });

  it('never gives a secret, and says where what is wrong stands', async () => {
    const run = await bench().run(chain, { name: 'Ada' });
    const secret = await error(run, 'inputs.name + secrets.TOKEN');
    assert.match(secret.message, /never shown/);
    assert.deepEqual(secret.range, { start: 14, end: 27 });
    assert.equal((await error(run, 'inputs.')).kind, 'syntax');
    assert.deepEqual((await error(run, '1 + inputs.nam')).kind, 'missing');
    assert.equal((await error(run, 'env.HOME')).kind, 'missing');
  });

  it('reads no more than a bound, whatever a step has given', async () => {
    const run = await bench().run(fanOut('on-item-failure: continue'), { list: Array.from({ length: 20 }, () => 'x'.repeat(1_000_000)) });
    const { kind, message } = await error(run, 'size(inputs.list)');
    assert.equal(kind, 'limit');
    assert.match(message, /16 MB/);
    assert.equal(await value(run, 'steps.each.status'), 'running', 'only what an expression reads counts');
  });

  it('hands on large results whole', async () => {
    const run = await bench().run(words, { list: ['a', 'b'] });
    await bench().fanOut();
    for (const n of [1, 2]) await bench().succeed(await bench().next(), { text: 'x'.repeat(20_000), n });
    const results = (await value(run, 'steps.each.results')) as { output: { n: number; text: string } }[];
    assert.deepEqual(results.map(({ output }) => [output.n, output.text.length]), [[1, 20_000], [2, 20_000]]);
  });

  it('reads of large results only those that are asked for', async () => {
    const run = await bench().run(words, { list: Array.from({ length: 20 }, (_, index) => `w${index}`) });
    await bench().fanOut();
    for (let index = 0; index < 20; index++) await bench().succeed(await bench().next(), { text: 'x'.repeat(1_000_000 + index) });
    assert.equal(await value(run, 'size(steps.each.results)'), 20);
    assert.equal(await value(run, 'size(steps.each.results[7].output.text) + size(steps.each.results[7].output.text)'), 2_000_014);
    assert.equal(await value(run, 'steps.each.results[19].key'), 'w19');
    assert.equal(await value(run, 'steps.each.results.filter(r, r.key == "w3").map(r, size(r.output.text))[0]'), 1_000_003);
    assert.equal((await error(run, 'steps.each.results.map(r, size(r.output.text))')).kind, 'limit');
  });
}
