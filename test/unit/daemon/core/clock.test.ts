import assert from 'node:assert/strict';
import { type ClockAnchor, shiftBetween } from '../../../../daemon/core/clock.ts';

const hour = 3_600_000;
const nine = Date.UTC(2026, 0, 5, 9);

/** At nine, on a machine that has been running for five hours. */
const named: ClockAnchor = { wallMs: nine, uptimeMs: 5 * hour, bootId: 'one', hostname: 'here' };
const nameless: ClockAnchor = { wallMs: nine, uptimeMs: 5 * hour, hostname: 'here' };

/** What was read next: so much later by each clock. */
function later(before: ClockAnchor, wallMs: number, uptimeMs: number, more: Partial<ClockAnchor> = {}): ClockAnchor {
  return { ...before, wallMs: before.wallMs + wallMs, uptimeMs: before.uptimeMs + uptimeMs, ...more };
}

describe('how far the wall clock was set between two readings', () => {
  for (const [name, before] of [['of a start of the machine that has a name', named], ['of a system that names none', nameless]] as const) {
    describe(name, () => {
      it('is the difference to the time that has passed', () => {
        for (const [restMs, setMs] of [[0, 2 * hour], [10 * hour, 2 * hour], [0, -6 * hour], [8 * hour, -6 * hour], [1000 * hour, -hour]] as const) {
          assert.equal(shiftBetween(before, later(before, restMs + setMs, restMs)), setMs, `${restMs / hour} h of rest, set by ${setMs / hour} h`);
        }
      });

      it('is nothing for a rest, even a long one, nor for small corrections', () => {
        for (const restMs of [0, hour, 1000 * hour]) {
          for (const correctionMs of [0, 1500, -1500]) assert.equal(shiftBetween(before, later(before, restMs + correctionMs, restMs)), 0);
        }
      });

      it('is nothing after a restart of the machine, unless the clock is behind: then it was set back by that much at least', () => {
        const restarted = { uptimeMs: hour, ...(before.bootId === undefined ? {} : { bootId: 'two' }) };
        assert.equal(shiftBetween(before, later(before, 10 * hour, 0, restarted)), 0);
        assert.equal(shiftBetween(before, later(before, -3 * hour, 0, restarted)), -3 * hour);
      });
    });
  }

  it('is nothing after a restart of a machine that has been running longer by now', () => {
    assert.equal(shiftBetween(named, later(named, 100 * hour, 0, { uptimeMs: 50 * hour, bootId: 'two' })), 0);
    assert.equal(shiftBetween(nameless, later(nameless, 100 * hour, 0, { uptimeMs: 50 * hour })), 0);
  });

  it('isn\'t guessed where a restart would look the same', () => {
    // Set forward by six hours, or restarted an hour after the first reading.
    assert.equal(shiftBetween(nameless, later(nameless, 7 * hour, hour)), 0);
    assert.equal(shiftBetween(named, later(named, 7 * hour, hour)), 6 * hour, 'the name tells');
  });

  it('isn\'t taken from the uptime of another machine', () => {
    assert.equal(shiftBetween(nameless, later(nameless, hour, 40 * hour, { hostname: 'elsewhere' })), 0);
    assert.equal(shiftBetween(nameless, later(nameless, hour, 40 * hour, { bootId: 'one' })), 0);
    assert.equal(shiftBetween(named, later(nameless, hour, 40 * hour)), 0);
  });

  it('isn\'t taken from an uptime that began again under the same name, as that of a container may', () => {
    assert.equal(shiftBetween(named, later(named, hour, -4 * hour)), 0);
  });
});
