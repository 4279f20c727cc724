import assert from 'node:assert/strict';
import type { StoreBench } from './store-bench.ts';

export function describeAlerting(bench: () => StoreBench): void {
  it('keeps what is raised over a crash, the last of each, and forgets what has ended', async () => {
    const store = bench();
    const raised = { severity: 'warning', since: 1000, peak: 0.25, peakAt: 2000 } as const;
    await store.store.saveAlerts({ alerts: [{ queue: 'a', kind: 'depth', raised }, { queue: 'a', kind: 'oldest', raised }, { queue: 'b', kind: 'depth', raised }] });
    await store.store.saveAlerts({ alerts: [{ queue: 'a', kind: 'depth', raised: { ...raised, severity: 'error', peak: 9 } }, { queue: 'b', kind: 'depth' }] });
    await store.crash();
    assert.deepEqual(await store.store.listAlerts(), [
      { queue: 'a', kind: 'depth', ...raised, severity: 'error', peak: 9 },
      { queue: 'a', kind: 'oldest', ...raised },
    ]);
  });

  it('keeps a book for whoever has read it last, over a crash, and refuses those who have an older one', async () => {
    const store = bench();
    const keep = (version: number, content?: string, name = 'ops') => store.store.keepAlertBook({ name, version, ...(content === undefined ? {} : { content }) });
    assert.deepEqual([await keep(0, '{"a":1}'), await keep(0, '{"a":2}'), await keep(1, '{"a":3}')], [{ kept: true }, { kept: false }, { kept: true }]);
    await keep(0, '{}', 'chat');
    await store.crash();
    assert.deepEqual(await store.store.listAlertBooks(), [{ name: 'chat', version: 1, content: '{}' }, { name: 'ops', version: 2, content: '{"a":3}' }]);
    assert.deepEqual([await keep(1), await keep(2)], [{ kept: false }, { kept: true }]);
    assert.deepEqual((await store.store.listAlertBooks()).map(({ name }) => name), ['chat']);
  });

  it('takes one of two that write a book in the same turn', async () => {
    const store = bench();
    const kept = await Promise.all(['one', 'other'].map((content) => store.store.keepAlertBook({ name: 'ops', version: 0, content })));
    assert.deepEqual(kept, [{ kept: true }, { kept: false }]);
    assert.equal((await store.store.listAlertBooks())[0]?.content, 'one');
  });
}
