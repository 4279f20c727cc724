import assert from 'node:assert/strict';
import type { QueueView } from '../../../../schemas/protocol/queue.ts';
import { chartModels, type ChartId, type ChartModel } from '../../../../extension/dashboard/chart-model.ts';
import { readOut, formatTick, formatValue } from '../../../../extension/dashboard/chart-text.ts';
import { columnsOf, type SeriesGrid } from '../../../../extension/dashboard/series-grid.ts';

const span = { fromMs: 0, stepMs: 30_000, steps: 2 };
const point = { at: '1970-01-01T00:00:00.000Z', pending: 5, delayed: 2, active: 1, dead: 3, arrivals: 4, completions: 3, failures: 1, waiting: { meanMs: 2000, maxMs: 5000 } };
const grid: SeriesGrid = { ...span, queues: [columnsOf('erp', [point], span), columnsOf('web', [], span)], leftOut: [] };

function chart(models: readonly ChartModel[], id: ChartId): ChartModel {
  const found = models.find((model) => model.id === id);
  assert.ok(found !== undefined);
  return found;
}

describe('the charts', () => {
  it('of one queue show what it did, with rates by the minute', () => {
    const models = chartModels({ ...grid, queues: grid.queues.slice(0, 1) }, [], true);
    assert.deepEqual(chart(models, 'depth').lines.map(({ label, values }) => [label, values[0]]), [['Active', 1], ['Pending', 5], ['Delayed', 2]]);
    assert.deepEqual(chart(models, 'throughput').lines.map(({ label, values }) => [label, values[0]]), [['Succeeded', 6], ['Arrived', 8], ['Failed', 2]]);
    assert.deepEqual(chart(models, 'failures').lines.map(({ values }) => values), [[0.25, null]]);
    assert.deepEqual(chart(models, 'waiting').lines.map(({ values }) => values[0]), [2000, 5000, null]);
  });

  it('of all queues have a line for each, the same in every picture', () => {
    const models = chartModels(grid, [], false);
    for (const { lines } of models) assert.deepEqual(lines.map(({ label, color }) => [label, color]), [['erp', 'blue'], ['web', 'orange']]);
    assert.deepEqual(chart(models, 'depth').lines[0]?.values, [8, null]);
  });

  it('tell every line of a picture from the others without its colour', () => {
    const many: SeriesGrid = { ...grid, queues: Array.from({ length: 6 }, (_, index) => columnsOf(`q${index}`, [point], span)) };
    for (const { lines } of [...chartModels(many, [], false), ...chartModels({ ...grid, queues: grid.queues.slice(0, 1) }, [], true)]) {
      assert.equal(new Set(lines.map(({ dash }) => dash.join(' '))).size, lines.length);
    }
  });

  it('know what is now, besides what was at the end of the last step', () => {
    const view: QueueView = { name: 'erp', paused: false, concurrency: 1, overrides: { paused: false }, depth: { pending: 7, delayed: 1, active: 1, dead: 0 }, throughputPerMinute: 96, failureRate: 0.5, waiting: { meanMs: 40, maxMs: 50 }, forecast: { state: 'idle' }, alerts: [] };
    const live = (models: readonly ChartModel[]): unknown => models.map(({ id, lines }) => [id, lines.map((line) => line.live)]);
    assert.deepEqual(live(chartModels(grid, [view], false)), [['depth', [9, undefined]], ['throughput', [96, undefined]], ['failures', [0.5, undefined]], ['waiting', [40, undefined]]]);
    assert.deepEqual(live(chartModels({ ...grid, queues: grid.queues.slice(0, 1) }, [view], true)), [['depth', [1, 7, 1]], ['throughput', [undefined, undefined, undefined]], ['failures', [undefined]], ['waiting', [undefined, undefined, undefined]]]);
  });

  it('have no failure rate where no attempt ended', () => {
    const quiet = columnsOf('erp', [{ ...point, completions: 0, failures: 0 }], span);
    assert.deepEqual(chart(chartModels({ ...grid, queues: [quiet] }, [], true), 'failures').lines[0]?.values, [null, null]);
  });

  it('show the threshold of an alert in the picture that it belongs to', () => {
    const queue: QueueView = {
      name: 'erp',
      paused: false,
      concurrency: 1,
      overrides: { paused: false },
      depth: point,
      throughputPerMinute: 0,
      failureRate: 0,
      forecast: { state: 'idle' },
      alerts: [{ kind: 'failure-rate', severity: 'error', since: point.at, value: 0.3, threshold: 0.2, unit: 'share' }],
    };
    const models = chartModels({ ...grid, queues: grid.queues.slice(0, 1) }, [queue], true);
    assert.deepEqual(models.flatMap(({ id, thresholds }) => thresholds.map(({ value, severity }) => [id, value, severity])), [['failures', 0.2, 'error']]);
  });
});

describe('the texts of the charts', () => {
  it('write a value as what it is', () => {
    assert.deepEqual([formatValue('jobs', 12_345), formatValue('perMinute', 2.34), formatValue('perMinute', 996.4), formatValue('share', 0.012), formatValue('ms', 252_000), formatValue('jobs', null)], ['12,345', '2.3/min', '996/min', '1.2%', '4m 12s', '–']);
  });

  it('are short at an axis', () => {
    assert.deepEqual([formatTick('jobs', 5000), formatTick('jobs', 20_000), formatTick('share', 0.05), formatTick('ms', 0), formatTick('ms', 600_000)], ['5,000', '20k', '5%', '0', '10m']);
  });

  it('read a step out with every line', () => {
    const [depth] = chartModels({ ...grid, queues: grid.queues.slice(0, 1) }, [], true);
    assert.ok(depth !== undefined);
    assert.equal(readOut(depth, 0, '14:05'), '14:05, Active: 1, Pending: 5, Delayed: 2');
    assert.equal(readOut(depth, 1, '14:06'), '14:06, Active: –, Pending: –, Delayed: –');
  });
});
