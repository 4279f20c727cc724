import assert from 'node:assert/strict';
import fc from 'fast-check';
import { forecast, type ForecastInput, type QueueFlow } from '../../../../daemon/core/forecast.ts';
import { stallReasons } from '../../../../schemas/protocol/queue.ts';

const still: QueueFlow = { arrivalsPerMs: 0, left: 0, leftMs: 0, completedRecently: 0, failedRecently: 0 };
const perMinute = 1 / 60_000;
const rate100 = { limit: 100, perMs: 60_000, burst: 10 };

function of(input: Partial<ForecastInput> = {}): ReturnType<typeof forecast> {
  return forecast({ pending: 1000, delayed: 0, active: 5, paused: false, held: false, isStoreOk: true, rates: [], concurrency: 10, flow: still, ...input });
}

describe('the forecast of a queue', () => {
  it('is idle where nothing waits, whatever else is', () => {
    for (const more of [{ paused: true }, { held: true }, { isStoreOk: false }, { active: 9 }]) assert.deepEqual(of({ pending: 0, ...more }), { state: 'idle' });
  });

  it('says what stalls it, the greater trouble first', () => {
    const stalled = (input: Partial<ForecastInput>): string => {
      const verdict = of({ rates: [{ rate: rate100, used: 0 }], ...input });
      return verdict.state === 'stalled' ? verdict.reason : verdict.state;
    };
    const failing = { ...still, failedRecently: 3 };
    assert.equal(stalled({ isStoreOk: false, paused: true, held: true }), 'store');
    assert.equal(stalled({ paused: true, held: true, flow: failing }), 'paused');
    assert.equal(stalled({ held: true, flow: failing }), 'held');
    assert.equal(stalled({ pending: 0, delayed: 7, active: 0, flow: failing }), 'not-due');
    assert.equal(stalled({ flow: failing }), 'nothing-completes');
    assert.equal(stalled({ flow: { ...failing, failedRecently: 2 } }), 'draining', 'two failures are not a stall');
    assert.equal(stalled({ flow: { ...failing, completedRecently: 1 } }), 'draining');
  });

  it('goes by the rate until something has left', () => {
    assert.deepEqual(of({ pending: 900, delayed: 100, rates: [{ rate: rate100, used: 0 }] }), { state: 'draining', drainMs: 600_000, limitedBy: 'rate' });
    assert.deepEqual(of(), { state: 'unknown' }, 'without one there is nothing to go by');
  });

  it('is bounded by the concurrency and the time that attempts take, which a rate does not tell', () => {
    // 10 at a time, 12 seconds each: 50 a minute, though 100 are allowed.
    const slow = of({ rates: [{ rate: rate100, used: 0 }], flow: { ...still, completedRecently: 10, meanRunningMs: 12_000 } });
    assert.deepEqual(slow, { state: 'draining', drainMs: 1_200_000, limitedBy: 'concurrency' });
    const quick = of({ rates: [{ rate: rate100, used: 0 }], flow: { ...still, completedRecently: 10, meanRunningMs: 100 } });
    assert.deepEqual(quick, { state: 'draining', drainMs: 600_000, limitedBy: 'rate' });
  });

  it('goes by what has left, once that is enough to tell', () => {
    const measured = of({ rates: [{ rate: rate100, used: 0 }], flow: { ...still, left: 25, leftMs: 60_000, completedRecently: 25, meanRunningMs: 10 } });
    assert.deepEqual(measured, { state: 'draining', drainMs: 2_400_000, limitedBy: 'concurrency' });
    const soon = of({ rates: [{ rate: rate100, used: 0 }], flow: { ...still, left: 1, leftMs: 19_000, completedRecently: 1 } });
    assert.equal(soon.state === 'draining' && soon.drainMs, 600_000, 'the first attempts may still be running');
    const burst = of({ rates: [{ rate: rate100, used: 0 }], flow: { ...still, left: 110, leftMs: 60_000, completedRecently: 110 } });
    assert.deepEqual(burst, { state: 'draining', drainMs: 600_000, limitedBy: 'rate' }, 'the rest follows no faster than the rate');
  });

  it('expects no more of a slow rate than it allows', () => {
    const hourly = { limit: 1, perMs: 3_600_000, burst: 1 };
    assert.deepEqual(of({ pending: 5, rates: [{ rate: hourly, used: 0 }], flow: { ...still, left: 0, leftMs: 300_000 } }), { state: 'draining', drainMs: 18_000_000, limitedBy: 'rate' });
  });

  it('goes by the rate that lets the last of what waits start last: one whose burst takes all of it is none', () => {
    const daily = { limit: 50_000, perMs: 86_400_000, burst: 5000 };
    const rates = [{ rate: { limit: 20, perMs: 1000, burst: 2 }, used: 20 }, { rate: daily, used: 1000 }];
    assert.deepEqual(of({ pending: 3000, rates }), { state: 'draining', drainMs: 150_000, limitedBy: 'rate' }, 'at 20 a second');
    assert.deepEqual(of({ pending: 5000, rates }), { state: 'draining', drainMs: 8_640_000, limitedBy: 'rate' }, 'of the burst 4,000 are left');
    assert.deepEqual(of({ pending: 1, rates: rates.map(({ rate }) => ({ rate, used: 0 })) }), { state: 'draining', drainMs: 50, limitedBy: 'rate' });
  });

  it('sets what keeps coming off against what leaves', () => {
    const flow = { ...still, left: 100, leftMs: 60_000, completedRecently: 100 };
    const growing = of({ flow: { ...flow, arrivalsPerMs: 150 * perMinute } });
    assert.ok(growing.state === 'growing' && Math.round(growing.growthPerMinute) === 50, JSON.stringify(growing));
    const draining = of({ flow: { ...flow, arrivalsPerMs: 60 * perMinute } });
    assert.equal(draining.state === 'draining' && Math.round(draining.drainMs), 25 * 60_000);
    assert.deepEqual(of({ flow: { ...flow, arrivalsPerMs: 99 * perMinute } }), { state: 'steady' });
  });

  const count = fc.integer({ min: 0, max: 1_000_000 });
  const anyFlow = fc.record({
    arrivalsPerMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 100, noNaN: true })),
    left: count,
    leftMs: fc.integer({ min: 0, max: 300_000 }),
    completedRecently: count,
    failedRecently: count,
    meanRunningMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  });
  const anyInput = fc.record({
    pending: count,
    delayed: count,
    active: fc.integer({ min: 0, max: 100 }),
    paused: fc.boolean(),
    held: fc.boolean(),
    isStoreOk: fc.boolean(),
    rates: fc.tuple(fc.record({ used: fc.nat(1_000_000), rate: fc.record({ limit: fc.integer({ min: 1, max: 1_000_000 }), perMs: fc.integer({ min: 1, max: 86_400_000 }), burst: fc.constant(1) }) })),
    concurrency: fc.integer({ min: 1, max: 10_000 }),
    flow: anyFlow,
  });

  it('never promises what can not be: a time is positive and finite, and no shorter than the rate allows', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const verdict = forecast(input);
        if (verdict.state === 'draining') {
          assert.ok(verdict.drainMs > 0 && Number.isFinite(verdict.drainMs));
          assert.ok(verdict.drainMs >= (((input.pending + input.delayed) * input.rates[0].rate.perMs) / input.rates[0].rate.limit) * 0.999_999);
          assert.ok(!input.paused && !input.held && input.isStoreOk && input.pending + input.active > 0);
        }
        if (verdict.state === 'growing') assert.ok(verdict.growthPerMinute > 0 && input.flow.arrivalsPerMs > 0);
        if (verdict.state === 'stalled') assert.ok(stallReasons.includes(verdict.reason));
        assert.equal(verdict.state === 'idle', input.pending + input.delayed === 0);
      }),
    );
  });

  it('is no more hopeful where more waits or more comes', () => {
    const order = { idle: 0, draining: 1, unknown: 1, steady: 2, growing: 3, stalled: 4 };
    const rank = (verdict: ReturnType<typeof forecast>): number => order[verdict.state] * 1e300 + (verdict.state === 'draining' ? verdict.drainMs : 0);
    fc.assert(
      fc.property(anyInput, fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 10, noNaN: true }), (input, moreWaiting, moreComing) => {
        assert.ok(rank(forecast({ ...input, pending: input.pending + moreWaiting })) >= rank(forecast(input)) || input.pending + input.active === 0);
        const worse = { ...input, flow: { ...input.flow, arrivalsPerMs: input.flow.arrivalsPerMs + moreComing } };
        assert.ok(rank(forecast(worse)) >= rank(forecast(input)));
      }),
    );
  });
});
