import assert from 'node:assert/strict';
import type { QueueBucket, SeriesStep } from '../../../daemon/core/queue-series.ts';
import { seriesResolutions } from '../../../schemas/protocol/queue.ts';
import type { StoreBench } from './store-bench.ts';
import { anchorAt } from '../anchor-at.ts';

const { '10s': fine, '5min': coarse } = seriesResolutions;

function step(pending: number, arrivals: number, waitedMs: number): QueueBucket {
  return {
    depth: { pending, delayed: 1, active: 2, dead: 3 },
    arrivals,
    completions: 5,
    failures: 1,
    waiting: { count: 1, totalMs: waitedMs, maxMs: waitedMs },
    running: { count: 2, totalMs: 30, maxMs: 20 },
  };
}

export function describeSeries(bench: () => StoreBench): void {
  const of = (store: StoreBench, stepMs: number, from: number, to: number, queue = 'a'): Promise<readonly SeriesStep[]> => store.store.series({ queue, stepMs, from, to });

  it('keeps what each queue did, in both resolutions, and adds up what falls into one step', async () => {
    const store = bench();
    const began = store.now;
    await store.store.recordSeries({ at: began + 1, anchor: anchorAt(began + 1), steps: [{ queue: 'a', ...step(10, 4, 100) }, { queue: 'b', ...step(7, 0, 0) }] });
    await store.store.recordSeries({ at: began + 9999, anchor: anchorAt(began + 9999), steps: [{ queue: 'a', ...step(12, 2, 50) }] });
    await store.store.recordSeries({ at: began + 20_000, anchor: anchorAt(began + 20_000), steps: [{ queue: 'a', ...step(9, 1, 300) }] });
    const both = { ...step(12, 6, 0), completions: 10, failures: 2, waiting: { count: 2, totalMs: 150, maxMs: 100 }, running: { count: 4, totalMs: 60, maxMs: 20 } };
    const later = { at: began + 20_000, ...step(9, 1, 300) };
    assert.deepEqual(await of(store, fine.stepMs, began, began + 60_000), [{ at: began, ...both }, later]);
    assert.deepEqual(await of(store, coarse.stepMs, began, began + 60_000), [
      { at: began, ...step(9, 7, 0), completions: 15, failures: 3, waiting: { count: 3, totalMs: 450, maxMs: 300 }, running: { count: 6, totalMs: 90, maxMs: 20 } },
    ]);
    assert.deepEqual((await of(store, fine.stepMs, began, began + 60_000, 'b')).map(({ depth }) => depth.pending), [7]);
    assert.deepEqual(await of(store, fine.stepMs, began + 10_000, began + 20_000), [{ at: began, ...both }], 'with the one before, for its depths, and without the end');
    assert.deepEqual(await of(store, fine.stepMs, began, began + 60_000, 'nowhere'), []);
    await store.crash();
    assert.equal((await of(store, fine.stepMs, began, began + 60_000)).length, 2);
  });

  it('forgets what is older than it keeps, but for the one that has the depths from there on', async () => {
    const store = bench();
    const began = store.now;
    for (let n = 0; n < 5; n++) await store.store.recordSeries({ at: began + n * fine.stepMs, anchor: anchorAt(began + n * fine.stepMs), steps: [{ queue: 'a', ...step(n, 1, 0) }] });
    await store.store.recordSeries({ at: began + fine.keepMs + 3 * fine.stepMs, anchor: anchorAt(began + fine.keepMs + 3 * fine.stepMs), steps: [{ queue: 'a', ...step(99, 1, 0) }] });
    const kept = await of(store, fine.stepMs, 0, began + 2 * fine.keepMs);
    assert.deepEqual(kept.map(({ depth }) => depth.pending), [3, 4, 99]);
    assert.deepEqual((await of(store, coarse.stepMs, 0, began + 2 * fine.keepMs)).map(({ arrivals }) => arrivals), [5, 1]);
  });
}
