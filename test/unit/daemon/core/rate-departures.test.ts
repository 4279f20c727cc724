import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RateWindow, type RateTicket } from '../../../../daemon/core/rate-window.ts';
import type { Rate } from '../../../../schemas/workflow/rate.ts';
import { overfull, rates } from '../../../support/rate-arrivals.ts';

interface Departures {
  readonly starts: readonly number[];
  /** When requests left, in order. */
  readonly times: readonly number[];
  /** How long each waited to leave. */
  readonly waits: readonly number[];
}

/** Attempts that take `connectMs` from their start until they are ready to leave, each; as many at a time as there are. */
function depart(rate: Rate, count: number, connectMs: (index: number) => number): Departures {
  const window = new RateWindow(rate);
  const ready: { ticket: RateTicket; readyAt: number; connectMs: number }[] = [];
  const leaving: RateTicket[] = [];
  const starts: number[] = [];
  const times: number[] = [];
  const waits: number[] = [];
  for (let now = 0; times.length < count; ) {
    const start = starts.length < count ? window.nextStart(now) : Infinity;
    const readyAt = ready[0]?.readyAt ?? Infinity;
    const leavesAt = leaving[0]?.at ?? Infinity;
    now = Math.max(now, Math.min(start, readyAt, leavesAt));
    const [left] = leaving;
    const [next] = ready;
    if (left !== undefined && leavesAt <= now) {
      leaving.shift();
      window.sent(left, now);
      window.ended(left, now);
      times.push(now);
    } else if (next !== undefined && readyAt <= now) {
      ready.shift();
      const ticket = window.depart(next.ticket, now, next.connectMs);
      waits.push(ticket.at - now);
      leaving.push(ticket);
      leaving.sort((one, other) => one.at - other.at);
    } else {
      const ticket = window.take(start);
      const ms = connectMs(starts.length);
      window.started(ticket, start);
      starts.push(start);
      ready.push({ ticket, readyAt: start + ms, connectMs: ms });
      ready.sort((one, other) => one.readyAt - other.readyAt);
    }
  }
  return { starts, times, waits };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

describe('a rate window, as requests leave', () => {
  it('spaces what leaves, however long each attempt takes to get ready', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 30 }), (rate, delays) => {
        const { times } = depart(rate, 100, (index) => delays[index % delays.length] ?? 0);
        assert.equal(overfull(times, rate), undefined);
        const spacing = rate.perMs / rate.limit;
        const late = Math.min(20, Math.max(spacing / 2, 4));
        for (let index = rate.burst; index < times.length; index++) {
          const gap = (times[index] ?? 0) - (times[index - rate.burst] ?? 0);
          assert.ok(gap >= spacing - late - 1e-6, `${rate.burst + 1} left within ${gap} ms`);
        }
      }),
    );
  });

  it('lets what started during a slow first connection leave one by one, and the next start when its turn to leave comes', () => {
    // The nginx of the fault: 20 a second, and the connection of a cold daemon takes 150 ms.
    const { times, waits } = depart({ limit: 20, perMs: 1000, burst: 1 }, 600, (index) => Math.max(0, 150 - 50.2 * index));
    assert.ok(Math.min(...gaps(times)) >= 49.9, `${Math.min(...gaps(times))}`);
    assert.ok(Math.max(...waits.slice(4, 20)) <= 100, 'waits to leave don\'t grow');
    assert.ok(Math.max(...waits.slice(500)) < 1, 'and come to an end');
    assert.ok((times.at(-1) ?? 0) < 600 * 50.4 + 150, 'nothing but the first connection is lost');
  });

  it('loses no more by connections that all take long than the log does', () => {
    for (const rate of [{ limit: 20, perMs: 1000, burst: 1 }, { limit: 100, perMs: 60_000, burst: 10 }, { limit: 300, perMs: 1000, burst: 30 }]) {
      for (const connectMs of [0, 7, 40, 110, 333, 900]) {
        const { times } = depart(rate, 2000, (index) => connectMs + (index % 3));
        // The log counts a call from its end on, so that it costs the time from its start to there once a window.
        const used = (times.length * (rate.perMs + connectMs + 4)) / rate.limit / ((times.at(-1) ?? 0) - (times[0] ?? 0));
        assert.ok(used >= 0.98, `${rate.limit} per ${rate.perMs} ms, ${connectMs} ms each: ${used}`);
      }
    }
  });

  it('isn\'t held up by one that never gets ready in time', () => {
    const { times, starts } = depart({ limit: 60, perMs: 60_000, burst: 1 }, 60, (index) => (index === 3 ? 9000 : 1));
    assert.ok((times.at(-1) ?? 0) < 63_000, `${times.at(-1)}`);
    assert.ok(Math.max(...gaps(starts)) < 2100, 'one place is lost at most');
  });

  it('sends one that was late for its own turn to leave to the end of the line', () => {
    const window = new RateWindow({ limit: 20, perMs: 1000, burst: 1 });
    const [first, second] = [window.take(0), window.take(50)];
    const firstLeaves = window.depart(first, 100, 100);
    const secondLeaves = window.depart(second, 100, 50);
    assert.deepEqual([firstLeaves.at, secondLeaves.at], [100, 150]);
    assert.equal(window.mayStillLeave(secondLeaves, 165), true);
    // The process stood still for six seconds.
    assert.equal(window.mayStillLeave(secondLeaves, 6100), false);
    assert.ok(window.nextStart(6100) >= 6100);
  });
});
