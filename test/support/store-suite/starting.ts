import assert from 'node:assert/strict';
import type { NewTrigger } from '../../../daemon/ledger/call.ts';
import type { CreateRunParams } from '../../../daemon/store/store.ts';
import type { StoreBench } from './store-bench.ts';

const text = `
on: { schedule: [{ cron: '0 9 * * *' }] }
steps:
  only: { uses: test/scripted, with: { at: "\${{ default(trigger.scheduledAt, trigger.kind) }}" } }
`;

const trigger: NewTrigger = {
  shown: { kind: 'schedule', scheduledAt: '2026-01-05T09:00:00.000Z' },
  value: JSON.stringify({ kind: 'schedule', at: '2026-01-05T09:00:00.120Z', scheduledAt: '2026-01-05T09:00:00.000Z' }),
};

export function describeStarting(bench: () => StoreBench): void {
  const start = (params: Partial<CreateRunParams> = {}) => bench().store.createRun({ workflow: 'test', version: 'v', text, inputs: '{}', now: bench().now, ...params });
  const value = async (runId: number, expression: string): Promise<unknown> => {
    const result = await bench().store.evaluate({ runId, expression, env: {} });
    assert.ok(result?.ok === true, JSON.stringify(result));
    return result.value;
  };

  it('shows what started a run, and lets its expressions see all of it', async () => {
    const { runId } = await start({ trigger });
    assert.deepEqual((await bench().runDetail(runId)).trigger, { kind: 'schedule', scheduledAt: '2026-01-05T09:00:00.000Z' });
    assert.deepEqual((await bench().store.listRuns({ limit: 1 })).runs[0]?.trigger, { kind: 'schedule', scheduledAt: '2026-01-05T09:00:00.000Z' });
    assert.deepEqual(await value(runId, 'trigger'), JSON.parse(trigger.value));
    assert.equal((await bench().next()).payload, '{"at":"2026-01-05T09:00:00.000Z"}');
  });

  it('knows a run that a person started by its kind and its time', async () => {
    const { runId } = await start();
    assert.deepEqual((await bench().runDetail(runId)).trigger, { kind: 'manual' });
    assert.deepEqual(await value(runId, 'trigger'), { kind: 'manual', at: new Date(bench().now).toISOString() });
    assert.equal((await bench().next()).payload, '{"at":"manual"}');
  });

  it('starts one run for a key of a workflow, in one batch and later', async () => {
    const [first, second] = await Promise.all([start({ key: 'deal-1' }), start({ key: 'deal-1', inputs: '{"other":1}' })]);
    assert.deepEqual(second, { runId: first.runId, existed: true });
    assert.equal(first.existed, undefined);
    await bench().crash();
    assert.deepEqual(await start({ key: 'deal-1' }), { runId: first.runId, existed: true });
    assert.equal(bench().depth().pending, 1);
    const others = await Promise.all([start({ key: 'deal-2' }), start({ key: 'deal-1', workflow: 'other' }), start(), start()]);
    assert.equal(new Set([first, ...others].map(({ runId }) => runId)).size, 5);
    assert.equal(others.some(({ existed }) => existed), false);
  });

  it('answers for a key also where the queue is full, and keeps the key as long as the run', async () => {
    await bench().crash([{ name: 'default', maxDepth: 1 }]);
    const { runId } = await start({ key: 'k' });
    assert.deepEqual(await start({ key: 'k' }), { runId, existed: true });
    await assert.rejects(start({ key: 'other' }), { code: 'queue-full' });
    await bench().succeed(await bench().next());
    bench().now += 1000;
    while ((await bench().store.prune({ now: bench().now, runsBefore: bench().now, deadLetters: [], limit: 100 })).more);
    const again = await start({ key: 'k' });
    assert.equal(again.existed, undefined);
    assert.notEqual(again.runId, runId);
  });
}
