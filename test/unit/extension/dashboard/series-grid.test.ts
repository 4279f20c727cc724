import assert from 'node:assert/strict';
import type { SeriesPoint } from '../../../../schemas/protocol/queue.ts';
import { columnsOf, gridSpan } from '../../../../extension/dashboard/series-grid.ts';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const idle = { pending: 0, delayed: 0, active: 0, dead: 0, arrivals: 0, completions: 0, failures: 0 };

describe('the grid of a series', () => {
  it('ends with the step that ended last, and begins a span before', () => {
    assert.deepEqual(gridSpan({ nowMs: 1_009_999, spanMs: 30_000, stepMs: 10_000 }), { fromMs: 970_000, stepMs: 10_000, steps: 3 });
    assert.deepEqual(gridSpan({ nowMs: 1_010_000, spanMs: 30_000, stepMs: 10_000 }), { fromMs: 980_000, stepMs: 10_000, steps: 3 });
  });

  it('adds counts up, takes the last depth, and weighs times by the attempts they are of', () => {
    const points: SeriesPoint[] = [
      { ...idle, at: at(0), pending: 9, arrivals: 3, completions: 1, waiting: { meanMs: 100, maxMs: 150 } },
      { ...idle, at: at(10), pending: 4, arrivals: 1, completions: 2, failures: 1, waiting: { meanMs: 300, maxMs: 900 }, running: { meanMs: 50, maxMs: 60 } },
    ];
    const { pending, arrivals, completions, failures, waitingMeanMs, waitingMaxMs, runningMeanMs } = columnsOf('q', points, { fromMs: 0, stepMs: 30_000, steps: 1 });
    assert.deepEqual({ pending, arrivals, completions, failures }, { pending: [4], arrivals: [4], completions: [3], failures: [1] });
    assert.deepEqual({ waitingMeanMs, waitingMaxMs, runningMeanMs }, { waitingMeanMs: [250], waitingMaxMs: [900], runningMeanMs: [50] });
  });

  it('has gaps if nothing is known, and no zeros', () => {
    const { pending, waitingMeanMs } = columnsOf('q', [{ ...idle, at: at(10) }], { fromMs: 0, stepMs: 10_000, steps: 3 });
    assert.deepEqual(pending, [null, 0, null]);
    assert.deepEqual(waitingMeanMs, [null, null, null]);
  });

  it('leaves out what lies outside of it', () => {
    const points: SeriesPoint[] = [{ ...idle, at: at(-10), pending: 1 }, { ...idle, at: at(0), pending: 2 }, { ...idle, at: at(20), pending: 3 }];
    assert.deepEqual(columnsOf('q', points, { fromMs: 0, stepMs: 10_000, steps: 2 }).pending, [2, null]);
  });
});
