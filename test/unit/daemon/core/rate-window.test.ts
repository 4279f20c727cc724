import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keptStartsMs, RateWindow, type RateTicket, type RestoredStart } from '../../../../daemon/core/rate-window.ts';
import type { Rate } from '../../../../schemas/workflow/rate.ts';
import { overfull, rates } from '../../../support/rate-arrivals.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** Shares: of the window that passes before, of half a window until it is sent, of the guard for the way, of the guard for the answer. */
const step = fc.record({
  kind: fc.constantFrom('call', 'call', 'call', 'call', 'call', 'call', 'unused', 'restart'),
  pause: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: share }),
  connect: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: share }),
  way: fc.oneof(fc.constant(0), fc.constant(1), share),
  answer: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 20, noNaN: true })),
});

interface Call {
  readonly ticket: RateTicket;
  readonly sentAt: number;
  readonly arrivesAt: number;
  readonly endsAt: number;
  isSent: boolean;
}

function steady(rate: Rate, windows: number): number[] {
  const window = new RateWindow(rate);
  const starts: number[] = [];
  for (let now = 0; now < windows * rate.perMs; ) {
    now = window.nextStart(now);
    window.ended(window.take(now), now);
    starts.push(now);
  }
  return starts;
}

describe('a rate window', () => {
  it('knows over a restart that what started last may have left late', () => {
    const window = new RateWindow({ limit: 20, perMs: 1000, burst: 1 });
    window.restore([{ at: 0, endedAt: 40, isCutOff: false }], 60);
    const at = window.depart(window.take(window.nextStart(60)), 60, 0).at;
    assert.equal(at, 90);
  });

  it('lets no more than the limit arrive in any window, no matter who is slow, gives back or restarts', () => {
    fc.assert(
      fc.property(rates, fc.array(step, { minLength: 10, maxLength: 300 }), (rate, steps) => {
        let window = new RateWindow(rate);
        let calls: Call[] = [];
        let stored: RestoredStart[] = [];
        const arrivals: number[] = [];
        let now = 0;
        const happened = (until: number): void => {
          for (const call of calls) {
            if (call.sentAt <= until && !call.isSent) {
              call.isSent = true;
              window.sent(call.ticket, call.sentAt);
              arrivals.push(call.arrivesAt);
            }
            if (call.endsAt <= until) window.ended(call.ticket, call.endsAt);
          }
        };
        for (const { kind, pause, connect, way, answer } of steps) {
          now += pause * rate.perMs;
          happened(now);
          if (kind === 'restart') {
            window = new RateWindow(rate);
            for (const { ticket, endsAt } of calls) stored.push({ at: ticket.at, endedAt: Math.min(endsAt, now), isCutOff: endsAt > now });
            stored = stored.filter(({ at }) => at >= now - keptStartsMs(rate));
            window.restore(stored, now);
            calls = [];
            continue;
          }
          const at = window.nextStart(now);
          assert.ok(at >= now);
          const ticket = window.take(at);
          if (kind === 'unused') {
            window.giveBack(ticket);
            assert.ok(Math.abs(window.nextStart(now) - at) < 1e-6);
            continue;
          }
          now = at;
          const sentAt = at + (connect * Math.min(rate.perMs, 10_000)) / 2;
          const arrivesAt = sentAt + way * window.guardMs;
          calls.push({ ticket, sentAt, arrivesAt, endsAt: arrivesAt + answer * window.guardMs, isSent: false });
        }
        happened(Infinity);
        assert.equal(overfull(arrivals, rate), undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a start for as long as it may count: a call that took long to leave counts from there, after a restart too', () => {
    // The fewest starts that are kept: those of the window.
    const rate = { limit: 10_000, perMs: 60_000, burst: 10_000 };
    const [startedAt, sentAt] = [0, 9000];
    const now = sentAt + rate.perMs - 1;
    assert.ok(startedAt >= now - keptStartsMs(rate), 'a start that still counts is known');
  });

  it('counts a call that starts later than planned from its real start', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.record({ late: share, way: share }), { minLength: 10, maxLength: 200 }), (rate, calls) => {
        const window = new RateWindow(rate);
        const arrivals: number[] = [];
        let now = 0;
        for (const { late, way } of calls) {
          const at = window.nextStart(now);
          const ticket = window.take(at);
          now = at + late * late * rate.perMs;
          window.started(ticket, now);
          window.sent(ticket, now);
          arrivals.push(now + way * window.guardMs);
        }
        assert.equal(overfull(arrivals, rate), undefined);
      }),
    );
  });

  it('would let too many through without its guard (control)', () => {
    const rate = { limit: 2, perMs: 1000, burst: 2 };
    assert.notEqual(overfull([0 + 15, 1, 1000], rate), undefined);
    assert.equal(overfull([0, 1, 1000], rate), undefined);
  });

  it('uses at least 99 % of the limit under steady load', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const windows = 100;
        const starts = steady(rate, windows);
        assert.ok(starts.length >= 0.99 * rate.limit * windows, `${starts.length} of ${rate.limit * windows}`);
        assert.equal(overfull(starts, rate), undefined);
      }),
    );
  });

  it('lets a burst start back to back, and spaces what follows', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const window = new RateWindow(rate);
        for (let count = 0; count < rate.burst; count++) {
          assert.ok(window.nextStart(5000) - 5000 < 1e-6);
          window.take(5000);
        }
        assert.ok(window.nextStart(5000) >= 5000 + rate.perMs / rate.limit / 2);
      }),
    );
  });

  it('never lets more than the burst start together, after a pause either', () => {
    const rate = { limit: 100, perMs: 60_000, burst: 5 };
    const starts = steady(rate, 1);
    const together = new Map<number, number>();
    for (const start of starts) together.set(start, (together.get(start) ?? 0) + 1);
    assert.equal(Math.max(...together.values()), 5);
    assert.equal(starts.filter((start) => start === 0).length, 5);
  });

  it('holds with the starts of another window that it has absorbed, whenever they were, and however often', () => {
    const starts = fc.array(share, { maxLength: 40 });
    fc.assert(
      fc.property(rates, rates, starts, starts, starts, fc.boolean(), (rate, otherRate, pauses, otherPauses, later, isTwice) => {
        const window = new RateWindow(rate);
        const other = new RateWindow(otherRate);
        const arrivals: number[] = [];
        const call = (of: RateWindow, from: number): number => {
          const at = of.nextStart(from);
          of.ended(of.take(at), at);
          return at;
        };
        // Both are busy until a common moment, from which on all calls go by the one.
        let now = 0;
        let otherNow = 0;
        for (const pause of pauses) arrivals.push((now = call(window, now + pause * rate.perMs)));
        for (const pause of otherPauses) arrivals.push((otherNow = call(other, otherNow + pause * otherRate.perMs)));
        const before = arrivals.length;
        now = Math.max(now, otherNow);
        window.absorb(other);
        if (isTwice) window.absorb(other);
        for (const pause of later) arrivals.push((now = call(window, now + pause * rate.perMs)));
        // What came before may be more than the limit: two queues let it go. No call after that adds to a window that is full.
        const sorted = arrivals.slice(0, before).sort((one, another) => one - another);
        for (const at of arrivals.slice(before)) {
          const recent = sorted.filter((earlier) => earlier > at - rate.perMs + 1e-6).length;
          assert.ok(recent < rate.limit, `a call at ${at} follows ${recent} in one window`);
          sorted.push(at);
        }
        assert.ok(window.nextStart(now) <= now + 1.02 * rate.perMs + 2, 'opens again after one window');
      }),
    );
  });

  it('doesn\'t count a start twice that it has absorbed already', () => {
    const rate = { limit: 10, perMs: 1000, burst: 10 };
    const window = new RateWindow(rate);
    const other = new RateWindow(rate);
    for (let count = 0; count < 4; count++) other.ended(other.take(0), 0);
    window.absorb(other);
    window.absorb(other);
    assert.equal(window.used(1), 4);
  });

  it('restores what giving back took', () => {
    fc.assert(
      fc.property(rates, fc.nat(50), fc.integer({ min: 1, max: 20 }), (rate, before, taken) => {
        const window = new RateWindow(rate);
        let now = 0;
        for (let count = 0; count < before; count++) window.take((now = window.nextStart(now)));
        const next = window.nextStart(now);
        const used = window.used(now);
        const tickets = Array.from({ length: taken }, () => window.take(window.nextStart(now)));
        for (const ticket of tickets.reverse()) window.giveBack(ticket);
        assert.ok(Math.abs(window.nextStart(now) - next) < 1e-6);
        assert.equal(window.used(now), used);
      }),
    );
  });

  it('counts what is within the window, up to its limit', () => {
    const window = new RateWindow({ limit: 3, perMs: 1000, burst: 3 });
    for (const at of [0, 100, 200]) window.ended(window.take(at), at);
    assert.deepEqual([window.used(200), window.used(1050), window.used(1200)], [3, 2, 0]);
  });

  it('keeps its limit though timers call a millisecond too soon', () => {
    const rate = { limit: 20, perMs: 1000, burst: 20 };
    const window = new RateWindow(rate);
    const starts: number[] = [];
    for (let now = 0; starts.length < 200; ) {
      const ticket = window.take(window.nextStart(now));
      now = Math.max(now, ticket.at - (starts.length % 3) / 2);
      window.ended(ticket, now);
      starts.push(now);
    }
    assert.equal(overfull(starts, rate), undefined);
  });

  it('opens earlier the more is known of a call: that it was sent, that it has ended', () => {
    const window = new RateWindow({ limit: 1, perMs: 10_000, burst: 1 });
    const ticket = window.take(0);
    assert.equal(window.nextStart(0), 20_002);
    window.sent(ticket, 0);
    assert.equal(window.nextStart(0), 12_502);
    window.ended(ticket, 10);
    assert.ok(window.nextStart(0) < 10_200);
  });

  it('forgets an ended ticket that is out of its log', () => {
    const window = new RateWindow({ limit: 1, perMs: 100, burst: 1 });
    const first = window.take(0);
    for (let now = 0, count = 0; count < 3000; count++) window.take((now = window.nextStart(now)));
    const next = window.nextStart(0);
    window.ended(first, 1);
    assert.equal(window.nextStart(0), next);
  });

  it('waits a window at most after the rate was lowered, over a restart too', () => {
    const fast = { limit: 1000, perMs: 60_000, burst: 100 };
    const slow = { limit: 10, perMs: 60_000, burst: 1 };
    const starts = steady(fast, 1);
    const now = starts.at(-1) ?? 0;
    const tenth = starts.at(-10) ?? 0;
    const restarted = new RateWindow(slow);
    restarted.restore(
      starts.map((at) => ({ at, endedAt: at, isCutOff: false })),
      now,
    );
    const changed = new RateWindow(fast);
    for (const start of starts) changed.ended(changed.take(start), start);
    changed.change(slow);
    for (const window of [restarted, changed]) {
      const next = window.nextStart(now);
      assert.ok(next >= tenth + slow.perMs && next <= now + slow.perMs + window.guardMs, `${next - now} ms`);
    }
  });

  it('remembers, when the rate is raised, what has started before, and gives no second burst for a change of nothing', () => {
    const window = new RateWindow({ limit: 10, perMs: 60_000, burst: 10 });
    for (let count = 0; count < 10; count++) window.take(0);
    window.change({ limit: 12, perMs: 60_000, burst: 12 });
    assert.equal(window.used(0), 10);
    const spaced = new RateWindow({ limit: 100, perMs: 60_000, burst: 3 });
    for (let count = 0; count < 3; count++) spaced.take(0);
    const next = spaced.nextStart(0);
    spaced.change(spaced.rate);
    assert.equal(spaced.nextStart(0), next);
  });

  it('takes a start of the future, as a clock that was set back leaves it, for one of now', () => {
    const window = new RateWindow({ limit: 1, perMs: 1000, burst: 1 });
    window.restore([{ at: 90_000, endedAt: 90_000, isCutOff: true }], 500);
    assert.ok(window.nextStart(500) <= 500 + 1000 + window.guardMs + 2);
  });
});
