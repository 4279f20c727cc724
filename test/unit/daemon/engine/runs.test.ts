import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

describe('a run', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  it('runs steps in the order of their needs and references, and hands outputs on', async () => {
    const run = await bench.run(`
steps:
  third:
    needs: [second]
    uses: test/scripted
    with: { name: third }
  second:
    uses: test/scripted
    with: { name: "after \${{ steps.first.output.name }}", n: "\${{ inputs.n + 1 }}" }
  first:
    uses: test/scripted
    with: { name: first }
inputs:
  n: { type: number }
`, { n: 41 });
    assert.deepEqual(await bench.states(run), { run: 'succeeded', third: 'succeeded', second: 'succeeded', first: 'succeeded' });
    assert.deepEqual(bench.action.seen.map(({ input }) => input), [{ name: 'first' }, { name: 'after first', n: 42 }, { name: 'third' }]);
  });

  it('makes a job of each item, and gives their results to the next step in item order', async () => {
    const run = await bench.run(`
steps:
  each:
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", key: "\${{ item.id }}", on-item-failure: continue, tolerate: 1 }
    with: { do: "\${{ item.do }}", output: "\${{ item.id }}" }
  after:
    uses: test/scripted
    with: { ids: "\${{ steps.each.results.filter(r, r.status == 'succeeded').map(r, r.output) }}", all: "\${{ steps.each.results }}" }
inputs:
  list: { type: array }
`, { list: [{ id: 'a', do: 'ok' }, { id: 'b', do: 'invalid' }, { id: 'c', do: 'ok' }, { id: 'a', do: 'ok' }] });
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
    const input = bench.action.inputs.at(-1);
    assert.deepEqual(input?.['ids'], ['a', 'c']);
    const [, second] = input['all'] as readonly Record<string, unknown>[];
    assert.deepEqual(second, {
      key: 'b',
      item: { id: 'b', do: 'invalid' },
      status: 'dead',
      output: null,
      error: { kind: 'invalid', cause: 'invalid', message: 'The attempt met: invalid.' },
    });
    const { steps } = await bench.runDetail(run);
    assert.deepEqual(steps.slice(0, 1).map(({ jobs, duplicates }) => [jobs.total, duplicates]), [[3, 1]]);
  });
});
