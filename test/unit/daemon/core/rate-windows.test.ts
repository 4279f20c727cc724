import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RateWindow, type RestoredStart } from '../../../../daemon/core/rate-window.ts';
import { keptForMs, RateWindows, type StartTicket } from '../../../../daemon/core/rate-windows.ts';
import type { Rate } from '../../../../schemas/workflow/rate.ts';
import { mostInAWindow } from '../../../support/most-in-a-window.ts';
import { overfull, rates } from '../../../support/rate-arrivals.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const several = fc.uniqueArray(rates, { minLength: 1, maxLength: 3, selector: ({ perMs }) => perMs });
/** Shares: of the shortest window that passes before, of what it may take to be sent, of the guard for the way and the answer. */
const step = fc.record({
  kind: fc.constantFrom('call', 'call', 'call', 'call', 'call', 'call', 'unused', 'restart'),
  pause: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: share }),
  connect: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: share }),
  way: fc.oneof(fc.constant(0), fc.constant(1), share),
  answer: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 20, noNaN: true })),
});

interface Call {
  readonly ticket: StartTicket;
  readonly sentAt: number;
  readonly arrivesAt: number;
  readonly endsAt: number;
  isSent: boolean;
}

/** As many starts as the rates allow until then, each of which ends immediately. */
function steady(windows: { nextStart: (now: number) => number; startAt: (at: number) => void }, until: number): number[] {
  const starts: number[] = [];
  for (let at = windows.nextStart(0); at < until; at = windows.nextStart(at)) {
    windows.startAt(at);
    starts.push(at);
  }
  return starts;
}

function steadyOf(rates: readonly Rate[], until: number): number[] {
  const windows = new RateWindows(rates);
  return steady({ nextStart: (now) => windows.nextStart(now), startAt: (at) => RateWindows.ended(windows.take(at), at) }, until);
}

const perSecond: Rate = { limit: 20, perMs: 1000, burst: 2 };
const perMinute: Rate = { limit: 100, perMs: 60_000, burst: 100 };

describe('rates that hold together', () => {
  it('let no more than each limit arrive in any window of it, no matter who is slow, gives back or restarts', () => {
    fc.assert(
      fc.property(several, fc.array(step, { minLength: 10, maxLength: 300 }), (limits, steps) => {
        const shortestMs = Math.min(...limits.map(({ perMs }) => perMs));
        const guardMs = Math.min(...limits.map((rate) => new RateWindow(rate).guardMs));
        let windows = new RateWindows(limits);
        let calls: Call[] = [];
        let stored: RestoredStart[] = [];
        const arrivals: number[] = [];
        let now = 0;
        const happened = (until: number): void => {
          for (const call of calls) {
            if (call.sentAt <= until && !call.isSent) {
              call.isSent = true;
              RateWindows.sent(call.ticket, call.sentAt);
              arrivals.push(call.arrivesAt);
            }
            if (call.endsAt <= until) RateWindows.ended(call.ticket, call.endsAt);
          }
        };
        for (const { kind, pause, connect, way, answer } of steps) {
          now += pause * shortestMs;
          happened(now);
          if (kind === 'restart') {
            windows = new RateWindows(limits);
            for (const { ticket, endsAt } of calls) stored.push({ at: ticket.at, endedAt: Math.min(endsAt, now), isCutOff: endsAt > now });
            stored = stored.filter(({ at }) => at >= now - keptForMs(limits));
            windows.restore(stored, now);
            calls = [];
            continue;
          }
          const at = windows.nextStart(now);
          assert.ok(at >= now);
          const ticket = windows.take(at);
          if (kind === 'unused') {
            windows.giveBack(ticket);
            assert.ok(Math.abs(windows.nextStart(now) - at) < 1e-6);
            continue;
          }
          now = at;
          const sentAt = at + (connect * Math.min(shortestMs, 10_000)) / 2;
          const arrivesAt = sentAt + way * guardMs;
          calls.push({ ticket, sentAt, arrivesAt, endsAt: arrivesAt + answer * guardMs, isSent: false });
        }
        happened(Infinity);
        for (const rate of limits) assert.equal(overfull(arrivals, rate), undefined, JSON.stringify(rate));
      }),
      { numRuns: 300 },
    );
  });

  it('start what the window of one rate alone would, where there is only one', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const window = new RateWindow(rate);
        const alone = steady({ nextStart: (now) => window.nextStart(now), startAt: (at) => window.ended(window.take(at), at) }, 10 * rate.perMs);
        assert.deepEqual(steadyOf([rate], 10 * rate.perMs), alone);
      }),
    );
  });

  it('use up the tightest of them, and wait for no other', () => {
    const starts = steadyOf([perSecond, perMinute], 600_000);
    assert.ok(mostInAWindow(starts, 1000) <= 20 && mostInAWindow(starts, 60_000) <= 100);
    assert.ok(starts.length >= 990, `${starts.length} of 1,000 in ten minutes`);
    const first = starts.findIndex((at) => at > 6000);
    assert.equal(first, 100, 'the first hundred go at 20 a second');
  });

  it('say which of them is in the way', () => {
    const windows = new RateWindows([perSecond, perMinute]);
    assert.equal(windows.binding(0)?.at, 0);
    for (const _ of [1, 2]) RateWindows.ended(windows.take(0), 0);
    assert.equal(windows.binding(0)?.rate, perSecond);
    const rest = new RateWindows([perSecond, perMinute]);
    rest.restore(Array.from({ length: 100 }, (_, index) => ({ at: index * 60, endedAt: index * 60, isCutOff: false })), 30_000);
    assert.equal(rest.binding(30_000)?.rate, perMinute);
    assert.deepEqual(rest.used(30_000).map(({ used }) => used), [0, 100]);
  });

  it('let a request leave when all of them do', () => {
    const slow: Rate = { limit: 10, perMs: 10_000, burst: 1 };
    const windows = new RateWindows([{ limit: 100, perMs: 1000, burst: 1 }, slow]);
    const first = windows.take(windows.nextStart(0));
    RateWindows.started(first, 0);
    assert.equal(RateWindows.depart(first, 0, 0).at, 0);
    const second = windows.take(windows.nextStart(0));
    const leaves = RateWindows.depart(second, second.at, 0).at;
    assert.ok(leaves >= 1000, `${leaves}: a tenth of the slow rate's window later`);
  });

  it('know what has started when one is added, taken away and comes back', () => {
    const windows = new RateWindows([perSecond]);
    for (let now = 0, left = 60; left > 0; left--) {
      now = windows.nextStart(now);
      RateWindows.ended(windows.take(now), now);
    }
    windows.change([perSecond, perMinute]);
    assert.equal(windows.used(4000)[1]?.used, 60);
    windows.change([perSecond]);
    RateWindows.ended(windows.take(windows.nextStart(4000)), 4000);
    windows.change([perMinute, perSecond]);
    assert.equal(windows.used(5000)[0]?.used, 61, 'it counted while it did not hold');
    assert.deepEqual(windows.rates, [perMinute, perSecond]);
  });

  it('count the starts of a queue that they take over, in the window of the same length', () => {
    const other = new RateWindows([perSecond, perMinute]);
    for (let now = 0, left = 50; left > 0; left--) {
      now = other.nextStart(now);
      RateWindows.ended(other.take(now), now);
    }
    const windows = new RateWindows([perMinute]);
    windows.absorb(other);
    windows.absorb(other);
    assert.equal(windows.used(3000)[0]?.used, 50);
  });

  it('count a shared start in each as late as that rate has to, and not as late as another', () => {
    const windows = new RateWindows([perSecond, { limit: 1000, perMs: 86_400_000, burst: 1000 }]);
    const starts = Array.from({ length: 40 }, (_, index) => ({ at: index * 55, countedAt: index * 55 + 10_000 }));
    windows.recall(starts);
    assert.ok(windows.nextStart(2200) <= 3300, `${windows.nextStart(2200)}: a second after it counts, which is a second after it started`);
  });
});
