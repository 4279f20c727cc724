import assert from 'node:assert/strict';
import { meterSpanMs, QueueMeter } from '../../../../daemon/core/queue-meter.ts';

describe('the meter of a queue', () => {
  it('is at nought before anything has ended', () => {
    const meter = new QueueMeter(1234);
    assert.deepEqual([meter.throughputPerMinute(5000), meter.failureRate(5000)], [0, 0]);
  });

  it('tells what succeeded a minute, over its span or its life, whichever is shorter', () => {
    const meter = new QueueMeter(0);
    for (let now = 0; now < 60_000; now += 1000) meter.count(now, true);
    assert.equal(meter.throughputPerMinute(60_000), 60);
    for (let now = 60_000; now < 900_000; now += 1000) meter.count(now, true);
    const rate = meter.throughputPerMinute(900_000 - 1);
    assert.ok(rate > 57 && rate <= 60, String(rate));
  });

  it('begins with a rate that a first job does not blow up', () => {
    const meter = new QueueMeter(0);
    meter.count(1, true);
    assert.equal(meter.throughputPerMinute(1), 6);
  });

  it('tells the share that failed', () => {
    const meter = new QueueMeter(0);
    for (const succeeded of [true, true, true, false]) meter.count(1000, succeeded);
    assert.equal(meter.failureRate(1000), 0.25);
    assert.equal(meter.throughputPerMinute(60_000), 3, 'what failed is no throughput');
  });

  it('forgets what is older than its span, after however long a silence', () => {
    for (const silence of [meterSpanMs, meterSpanMs + 9_999, 100 * meterSpanMs + 12_345]) {
      const meter = new QueueMeter(0);
      meter.count(0, false);
      assert.equal(meter.failureRate(meterSpanMs - 10_001), 1);
      assert.equal(meter.failureRate(silence), 0);
      meter.count(silence, true);
      assert.equal(meter.failureRate(silence), 0);
    }
  });
});
