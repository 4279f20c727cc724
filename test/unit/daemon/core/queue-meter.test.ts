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

  it('tells in its first minute what there was, and not what it would be if that continued', () => {
    const meter = new QueueMeter(0);
    for (let job = 0; job < 123; job++) meter.count(job * 10, true);
    assert.equal(meter.throughputPerMinute(11_000), 123);
    assert.equal(meter.throughputPerMinute(60_000), 123);
    assert.equal(meter.throughputPerMinute(120_000), 61.5);
  });

  it('tells the share that failed', () => {
    const meter = new QueueMeter(0);
    for (const succeeded of [true, true, true, false]) meter.count(1000, succeeded);
    assert.equal(meter.failureRate(1000), 0.25);
    assert.equal(meter.throughputPerMinute(60_000), 3, 'what failed is not throughput');
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

  it('looks back as far as it is asked to, up to an hour', () => {
    const meter = new QueueMeter(0);
    meter.count(0, false);
    meter.count(30 * 60_000, true);
    assert.equal(meter.failureRate(30 * 60_000, 40 * 60_000), 0.5);
    assert.equal(meter.failureRate(30 * 60_000), 0);
    meter.count(61 * 60_000, true);
    assert.equal(meter.failureRate(61 * 60_000, 120 * 60_000), 0, 'what is older is forgotten');
  });

  it('gives what has happened since it was last taken, and again where that could not be kept', () => {
    const meter = new QueueMeter(0);
    meter.moved(0, 3, 1);
    meter.waited(5, 100);
    meter.waited(6, 300);
    meter.ran(20_000, 50);
    const taken = meter.take();
    assert.deepEqual([taken.arrived, taken.left, taken.waiting.totalMs, taken.waiting.maxMs, taken.running.count], [3, 1, 400, 300, 1]);
    assert.equal(meter.take().isEmpty, true);
    meter.count(20_001, true);
    meter.giveBack(taken);
    const again = meter.take();
    assert.deepEqual([again.arrived, again.succeeded, again.waiting.count, again.waiting.maxMs], [3, 1, 2, 300]);
    assert.equal(meter.recent(20_001).waiting.maxMs, 300, 'its own figures stay');
  });

  describe('the flow', () => {
    /** A queue that is busy from the start, and does `perSecond` jobs. */
    const busy = (seconds: number, perSecond: number): QueueMeter => {
      const meter = new QueueMeter(0);
      for (let second = 0; second < seconds; second++) meter.moved(second * 1000, 0, perSecond);
      return meter;
    };

    it('tells how fast jobs leave while some are due', () => {
      const { left, leftMs } = busy(100, 2).flow(100_000, 0);
      assert.equal(left / leftMs, 2 / 1000);
    });

    it('sees soon that it has become slower', () => {
      const meter = busy(200, 10);
      for (let second = 200; second < 260; second++) meter.moved(second * 1000, 0, 1);
      const { left, leftMs } = meter.flow(260_000, 0);
      assert.equal(left / leftMs, 1 / 1000);
    });

    it('counts nothing of the time in which there was nothing to do', () => {
      const meter = busy(100, 2);
      assert.deepEqual(pick(meter.flow(105_000, 104_000)), [0, 0]);
      meter.moved(112_000, 0, 4);
      assert.deepEqual(pick(meter.flow(130_000, 104_000)), [4, 20_000]);
      assert.deepEqual(pick(meter.flow(130_000, undefined)), [0, 0]);
    });

    it('takes a burst for no stream, and a stream for one', () => {
      const meter = new QueueMeter(0);
      for (let ms = 0; ms < 15_000; ms += 100) meter.moved(ms, 300, 0);
      assert.equal(meter.flow(16_000, 0).arrivalsPerMs, 0, '45,000 at once, over two buckets');
      for (let second = 60; second < 180; second++) meter.moved(second * 1000, 5, 0);
      assert.ok(meter.flow(180_000, 0).arrivalsPerMs > 0);
      const stream = new QueueMeter(0);
      for (let second = 0; second < 600; second++) stream.moved(second * 1000, 5, 0);
      assert.ok(Math.abs(stream.flow(600_000, 0).arrivalsPerMs - 5 / 1000) < 0.0002);
      assert.ok(stream.flow(620_000, 0).arrivalsPerMs > 0);
      assert.equal(stream.flow(650_000, 0).arrivalsPerMs, 0, 'it has ended');
    });

    it('takes what comes in parcels for a stream', () => {
      const meter = new QueueMeter(0);
      for (let minute = 0; minute < 10; minute++) meter.moved(minute * 60_000, 60, 0);
      for (const now of [545_000, 575_000, 595_000, 625_000]) {
        const { arrivalsPerMs } = meter.flow(now, 0);
        assert.ok(arrivalsPerMs > 0.8 / 1000 && arrivalsPerMs < 1.4 / 1000, String(arrivalsPerMs));
      }
      assert.equal(meter.flow(790_000, 0).arrivalsPerMs, 0);
    });
  });
});

function pick({ left, leftMs }: { readonly left: number; readonly leftMs: number }): readonly [number, number] {
  return [left, leftMs];
}
