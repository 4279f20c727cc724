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
}
