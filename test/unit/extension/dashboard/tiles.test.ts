import assert from 'node:assert/strict';
import type { QueueView } from '../../../../schemas/protocol/queue.ts';
import { tilesOfAll, tilesOfQueue, type Tile, type TileId } from '../../../../extension/dashboard/tiles.ts';

const nowMs = Date.parse('2026-11-24T09:30:00Z');
const since = '2026-11-24T09:00:00.000Z';

function queueView(name: string, change: Partial<QueueView> = {}): QueueView {
  return { name, paused: false, concurrency: 5, overrides: { paused: false }, depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, throughputPerMinute: 0, failureRate: 0, forecast: { state: 'idle' }, alerts: [], ...change };
}

function tile(tiles: readonly Tile[], id: TileId): Tile {
  const found = tiles.find((one) => one.id === id);
  assert.ok(found !== undefined);
  return found;
}

describe('the figures of a queue', () => {
  it('say what waits, how fast it goes and when it will be done', () => {
    const queue = queueView('esp', {
      depth: { pending: 1200, delayed: 3, active: 5, dead: 2 },
      rate: { limit: 100, perMs: 60_000, burst: 10 },
      rateUsed: 97,
      throughputPerMinute: 96.4,
      failureRate: 0.012,
      waiting: { meanMs: 61_000, maxMs: 70_000 },
      oldestPendingAt: '2026-11-24T09:28:00.000Z',
      forecast: { state: 'draining', drainMs: 720_000, limitedBy: 'rate' },
    });
    assert.deepEqual(tilesOfQueue(queue, nowMs).map(({ id, value, detail }) => [id, value, detail]), [
      ['waiting', '1,203', '1,200 pending, 3 delayed'],
      ['active', '5', 'of 5 at a time'],
      ['throughput', '96/min', '97 used of 100/min'],
      ['failures', '1.2%', 'over five minutes'],
      ['time', '1m 1s', 'the oldest waits for 2m'],
      ['forecast', 'empty in 12m', 'as fast as the rate allows'],
      ['dead', '2', 'wait for a decision'],
    ]);
  });

  it('say how many dead letters have an edit that was not sent', () => {
    const edited = queueView('erp', { depth: { pending: 0, delayed: 0, active: 0, dead: 17 }, drafts: { count: 3, savedAt: '2026-11-24T09:28:00.000Z' } });
    assert.equal(tilesOfQueue(edited, nowMs).find(({ id }) => id === 'dead')?.detail, '3 edited, not sent');
    assert.equal(tilesOfAll([edited, queueView('esp')]).find(({ id }) => id === 'dead')?.detail, 'most: erp · 3 edited, not sent');
  });

  it('tell of no throughput if nothing is left to be done, whatever was done lately', () => {
    const idle = queueView('esp', { throughputPerMinute: 732 });
    assert.equal(tile(tilesOfQueue(idle, nowMs), 'throughput').value, '0/min');
    const busy = queueView('erp', { throughputPerMinute: 5, depth: { pending: 0, delayed: 0, active: 1, dead: 0 } });
    assert.equal(tile(tilesOfAll([idle, busy]), 'throughput').value, '5/min');
  });

  it('say that it grows, or stands still and why, where that is the truth', () => {
    const forecast = (change: QueueView['forecast']): readonly string[] => {
      const { value, detail } = tile(tilesOfQueue(queueView('q', { forecast: change }), nowMs), 'forecast');
      return [value, detail];
    };
    assert.deepEqual(forecast({ state: 'growing', growthPerMinute: 31.27 }), ['growing by 31/min', 'more jobs arrive than are completed']);
    assert.deepEqual(forecast({ state: 'stalled', reason: 'nothing-completes' }), ['stalled', 'all attempts are failing']);
    assert.deepEqual(forecast({ state: 'stalled', reason: 'held', until: '2026-11-24T09:32:00.000Z' }), ['stalled', 'held back; continues in 2m']);
    assert.deepEqual(forecast({ state: 'idle' }), ['empty', 'no job is waiting']);
  });

  it('carry each alert at the figure that it is about, the gravest first', () => {
    const queue = queueView('q', {
      alerts: [
        { kind: 'depth', severity: 'warning', since, value: 6000, threshold: 5000, unit: 'jobs' },
        { kind: 'failure-rate', severity: 'error', since, value: 0.3, threshold: 0.2, unit: 'share' },
        { kind: 'oldest', severity: 'warning', since, value: 700_000, threshold: 600_000, unit: 'ms' },
        { kind: 'filling', severity: 'warning', since, value: 400_000, threshold: 300_000, unit: 'ms' },
      ],
    });
    assert.deepEqual(tilesOfQueue(queue, nowMs).flatMap(({ id, alert }) => (alert === undefined ? [] : [[id, alert.severity, alert.text]])), [
      ['waiting', 'warning', 'limit 5,000'],
      ['failures', 'error', 'limit 20%'],
      ['time', 'warning', 'limit 10m'],
      ['forecast', 'warning', 'filling for more than 5m'],
    ]);
  });
});

describe('the figures of all queues', () => {
  const queues = [
    queueView('erp', { depth: { pending: 3, delayed: 40, active: 2, dead: 17 }, failureRate: 0.9, throughputPerMinute: 1, forecast: { state: 'stalled', reason: 'paused' } }),
    queueView('esp', { depth: { pending: 100, delayed: 0, active: 20, dead: 2 }, failureRate: 0.01, throughputPerMinute: 990, waiting: { meanMs: 5000, maxMs: 9000 }, forecast: { state: 'draining', drainMs: 60_000 } }),
  ];

  it('are sums, and name the worst if there is no sum', () => {
    assert.deepEqual(tilesOfAll(queues).map(({ id, value, detail }) => [id, value, detail]), [
      ['waiting', '143', '103 pending, 40 delayed'],
      ['active', '22', 'in 2 queues'],
      ['throughput', '991/min', 'attempts that succeeded'],
      ['failures', '90%', 'highest: erp'],
      ['time', '5s', 'longest: esp'],
      ['forecast', '1 stalled', 'erp'],
      ['dead', '19', 'most: erp'],
    ]);
  });

  it('name the queue of an alert', () => {
    const alerting = [...queues, queueView('web', { alerts: [{ kind: 'dead-letters', severity: 'error', since, value: 1, threshold: 1, unit: 'jobs' }] })];
    assert.deepEqual(tile(tilesOfAll(alerting), 'dead').alert, { severity: 'error', text: 'web: limit 1' });
  });

  it('say when the last one will be clear', () => {
    assert.deepEqual(tile(tilesOfAll(queues.slice(1)), 'forecast'), { id: 'forecast', label: 'Forecast', value: 'empty in 1m', detail: 'last: esp' });
  });
});
