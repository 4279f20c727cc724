import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { previewRun } from '../../../../daemon/service/run-preview.ts';
import type { RunPreview } from '../../../../schemas/protocol/run.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { EngineBench } from '../../../support/engine-bench.ts';
import { english } from '../../../../schemas/wording/language.ts';

describe('the preview of a run', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start([{ name: 'mail', rate: { limit: 60, perMs: 60_000, burst: 6 }, concurrency: 2 }]);
  });
  afterEach(async () => bench.dispose());

  const preview = async (text: string, inputs: JsonObject = {}, id = 'letter'): Promise<RunPreview> => {
    const { workflow, diagnostics } = analyseWorkflow({ text, id, actions: 'any' });
    assert.ok(workflow, english.paragraphOf(diagnostics.map(({ message }) => message)));
    return previewRun({ workflow, inputs, projectFolder: bench.folder, env: {}, masker: new Masker(['hunter22']), engine: bench.engine, store: bench.store, now: bench.clock.now() });
  };
  const each = (foreach: string, input = '{ to: "${{ item.mail }}", n: "${{ job.index }}" }'): string => `
inputs: { list: { type: array }, note: { type: string } }
steps:
  send: { queue: mail, uses: test/scripted, foreach: { ${foreach}, on-item-failure: continue }, with: ${input} }
  after: { needs: [send], uses: test/scripted, with: {} }
`;

  it('counts what would be made, renders the first and says when it ends, and makes none of it', async () => {
    const list = ['a', 'b', 'a', 'c', 'b', 'a'].map((mail) => ({ mail }));
    const { steps, later } = await preview(each('items: "${{ inputs.list }}", key: "${{ item.mail }}"'), { list });
    const [send] = steps;
    assert.ok(send);
    assert.deepEqual([send.step, send.jobs, send.duplicates, send.duplicateKeys], ['send', 3, 3, ['a', 'b', 'a']]);
    assert.deepEqual(send.first, { key: 'a', payload: { to: 'a', n: 0 } });
    assert.deepEqual([send.queue, send.rate, send.concurrency, send.ahead], ['mail', { limit: 60, perMs: 60_000, burst: 6 }, 2, 0]);
    assert.deepEqual([send.forecast.state, send.forecast.drainMs], ['draining', 3000]);
    assert.deepEqual(later, ['after']);
    assert.deepEqual([bench.action.inputs, (await bench.store.listRuns({ limit: 1 })).runs], [[], []]);
  });

  it('counts batches of what passes, as the run makes them', async () => {
    const list = [0, 1, 1, 2, 3, 4, 5].map((n) => ({ n }));
    const [send] = (await preview(each('items: "${{ inputs.list }}", where: item.n > 0, batch: 3, key: "${{ item.n }}"', '{ n: "${{ item.map(x, x.n) }}", at: "${{ job.index }}" }'), { list })).steps;
    assert.deepEqual([send?.jobs, send?.duplicates, send?.unusable], [2, 1, 0]);
    assert.deepEqual(send?.first, { key: '["1","2","3"]', payload: { n: [1, 2, 3], at: 1 } });
  });

  it('reads a file to its end, and says what of it can not be used', async () => {
    mkdirSync(path.join(bench.folder, 'data'));
    writeFileSync(path.join(bench.folder, 'data', 'list.csv'), `mail\n${Array.from({ length: 700 }, (_, n) => `p${n % 600}`).join('\n')}\n`);
    const [send] = (await preview(each('file: data/list.csv, key: "${{ item.mail }}"'))).steps;
    assert.deepEqual([send?.jobs, send?.duplicates, send?.duplicateKeys.length], [600, 100, 5]);
    writeFileSync(path.join(bench.folder, 'data', 'list.jsonl'), '{"mail":"a"}\nno\n');
    assert.match((await preview(each('file: data/list.jsonl'))).steps[0]?.problem ?? '', /line 2/);
    writeFileSync(path.join(bench.folder, '.sluice', 'state', 'list.csv'), 'mail\na\n');
    assert.match((await preview(each('file: .sluice/state/list.csv'))).steps[0]?.problem ?? '', /belongs to the daemon/);
    const unusable = (await preview(each('items: "${{ inputs.list }}", key: "${{ item.mail }}"'), { list: [{ mail: '' }, { mail: 'a' }] })).steps[0];
    assert.deepEqual([unusable?.unusable, unusable?.jobs], [1, 2]);
    assert.match(unusable?.first?.problem ?? '', /key must be/);
  });

  it('says what `concurrency` would do with it, as it does then', async () => {
    const text = (whenFull: string): string => `inputs: { who: { type: string } }\nconcurrency: { key: "\${{ inputs.who }}", limit: 2, when-full: ${whenFull} }\nsteps: { only: { uses: test/scripted, with: {} } }\n`;
    const then = async (whenFull: string, who = 'ada'): Promise<RunPreview['concurrency']> => (await preview(text(whenFull), { who }, 'test')).concurrency;
    assert.equal((await preview(each('items: [1]'))).concurrency, undefined);
    await bench.setQueue('default', { paused: true });
    const start = () => bench.run(text('queue'), { who: 'ada' });
    const none = { then: 'starts', limit: 2, underWay: 0, waiting: 0, runs: [] };
    assert.deepEqual(await then('skip'), none);
    for (let count = 0; count < 3; count++) await start();
    const three = { limit: 2, underWay: 2, waiting: 1 };
    assert.deepEqual(await then('queue'), { then: 'queued', ...three, runs: ['r1', 'r2', 'r3'] });
    assert.deepEqual(await then('skip'), { then: 'skipped', ...three, runs: ['r1', 'r2', 'r3'] });
    assert.deepEqual(await then('cancel-oldest'), { then: 'cancels', ...three, runs: ['r1', 'r2'] });
    assert.deepEqual(await then('skip', 'bob'), none, 'another key');
  });

  it('shows secrets as references, and masks their values in data', async () => {
    const text = 'inputs: { note: {} }\nsteps:\n  call: { uses: http/request, with: { url: "https://example.com", headers: { authorization: "Bearer ${{ secrets.TOKEN }}" }, json: { note: "${{ inputs.note }}" } } }\n';
    const [call] = (await preview(text, { note: 'my hunter22' })).steps;
    assert.deepEqual(call?.first?.payload, { url: 'https://example.com', headers: { authorization: 'Bearer ${{ secrets.TOKEN }}' }, json: { note: 'my ***' } });
  });

  it('tells a step that is skipped from one that would fail', async () => {
    const text = 'inputs: { go: {} }\nsteps:\n  one: { if: "${{ inputs.go }}", uses: test/scripted, with: {} }\n  two: { uses: test/scripted, with: { n: "${{ inputs.go.n }}" } }\n';
    const [one, two] = (await preview(text, { go: false })).steps;
    assert.deepEqual([one?.skipped, one?.jobs], [true, 0]);
    assert.deepEqual([two?.jobs, two?.unusable], [1, 1]);
    assert.match(two?.first?.problem ?? '', /inputs\.go\.n/);
  });

  it('counts all steps of a queue before it says when that is empty', async () => {
    const text = 'steps:\n  one: { queue: mail, uses: test/scripted, with: {} }\n  two: { queue: mail, uses: test/scripted, with: {} }\n';
    assert.deepEqual((await preview(text)).steps.map(({ forecast }) => forecast.drainMs), [2000, 2000]);
  });
});
