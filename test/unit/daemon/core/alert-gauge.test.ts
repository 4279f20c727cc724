import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AlertGauge, clearDelayMs, raiseDelayMs } from '../../../../daemon/core/alert-gauge.ts';
import { alertKinds } from '../../../../schemas/workflow/alert.ts';

const step = 5000;

/** What a gauge says, look by look, five seconds apart. */
function play(gauge: AlertGauge, values: readonly number[]): readonly (string | undefined)[] {
  return values.map((value, index) => {
    gauge.look(value, index * step);
    return gauge.raised?.severity;
  });
}

function times<Value>(count: number, value: Value): readonly Value[] {
  return Array.from({ length: count }, () => value);
}

describe('a gauge of alerts', () => {
  const depth = (): AlertGauge => new AlertGauge('depth', { warning: 100, error: 1000 });

  it('raises what is reached for long enough, and not a spike', () => {
    assert.deepEqual(play(depth(), [99, 100, 100, 100]), [undefined, undefined, undefined, 'warning']);
    assert.deepEqual(play(depth(), [5000, 5000, 0, 5000, 5000, 0]), times(6, undefined));
    assert.deepEqual(play(depth(), [5000, 5000, 5000]), [undefined, undefined, 'error'], 'the greatest immediately');
    assert.deepEqual(play(depth(), [5000, 200, 200, 200]), [undefined, undefined, 'warning', 'warning'], 'all of that time it was a warning at least');
  });

  it('tells immediately what takes its time anyway, or what a person has to end', () => {
    for (const kind of alertKinds.filter((one) => raiseDelayMs[one] === 0)) assert.deepEqual(play(new AlertGauge(kind, { error: 1 }), [0, 1]), [undefined, 'error'], kind);
  });

  it('tells immediately what has been so for an unknown time', () => {
    const gauge = depth();
    assert.equal(gauge.look(500, 0, true), true);
    assert.deepEqual(gauge.raised, { severity: 'warning', value: 500, threshold: 100 });
  });

  it('stays until the value is well below for long enough', () => {
    const gauge = depth();
    play(gauge, times(3, 150));
    const looks = (values: readonly number[], from: number): readonly (string | undefined)[] =>
      values.map((value, index) => (gauge.look(value, from + index * step), gauge.raised?.severity));
    assert.deepEqual(looks(times(100, 81), 15_000), times(100, 'warning'), 'just below is not enough');
    assert.deepEqual(looks(times(7, 79), 1_000_000), [...times(6, 'warning'), undefined]);
  });

  it('ends immediately when a person has fixed the last dead letter, and not before', () => {
    const gauge = new AlertGauge('dead-letters', { error: 5 });
    gauge.look(5, 0);
    assert.deepEqual([gauge.look(1, 1000), gauge.raised?.severity], [false, 'error']);
    assert.deepEqual([gauge.look(0, 2000), gauge.raised], [true, undefined]);
  });

  it('goes up and down between its severities', () => {
    const gauge = depth();
    gauge.look(1500, 0, true);
    gauge.look(850, 1000);
    assert.equal(gauge.raised?.severity, 'error');
    gauge.look(700, 2000);
    assert.equal(gauge.look(700, 2000 + clearDelayMs), true);
    assert.deepEqual(gauge.raised, { severity: 'warning', value: 700, threshold: 100 });
    gauge.look(1200, 60_000);
    assert.equal(gauge.look(1300, 60_000 + raiseDelayMs.depth), true);
    assert.deepEqual(gauge.raised, { severity: 'error', value: 1300, threshold: 1000 });
  });

  it('tells the value of now, and takes other thresholds from the next look on', () => {
    const gauge = depth();
    gauge.look(150, 0, true);
    gauge.look(160, 1000);
    assert.equal(gauge.raised?.value, 160);
    gauge.declare({ warning: 120 });
    gauge.look(170, 2000);
    assert.deepEqual(gauge.raised, { severity: 'warning', value: 170, threshold: 120 });
    gauge.declare({ error: 5000 });
    gauge.look(170, 3000);
    gauge.look(170, 3000 + clearDelayMs);
    assert.equal(gauge.raised, undefined);
  });

  it('takes a threshold of nought for anything at all', () => {
    assert.deepEqual(play(new AlertGauge('dead-letters', { error: 0 }), [0, 1]), [undefined, 'error']);
  });

  it('changes no more than once in a dwell, whatever the value does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 1, max: 20_000 })), { maxLength: 200 }), (looks) => {
        const gauge = depth();
        let now = 0;
        let raisedAt = -Infinity;
        for (const [value, passedMs] of looks) {
          now += passedMs;
          const before = gauge.raised;
          if (!gauge.look(value, now)) continue;
          const { raised } = gauge;
          if (raised !== undefined && (before === undefined || before.severity === 'warning')) {
            assert.ok(value >= raised.threshold);
            raisedAt = now;
          } else {
            assert.ok(now - raisedAt >= clearDelayMs, 'what was told stays for its time');
          }
        }
      }),
    );
  });
});
