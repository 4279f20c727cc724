import assert from 'node:assert/strict';
import type { Rate } from '../../../../../schemas/workflow/rate.ts';
import { RateWindows } from '../../../../../daemon/core/rate-windows.ts';
import { QueueLimits, type QueueLoad, type StartAnswer } from '../../../../../daemon/engine/queue/queue-limits.ts';
import type { QueueHold } from '../../../../../daemon/store/store.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

const oneAMinute: Rate = { limit: 1, perMs: 60_000, burst: 1 };
const idle: QueueLoad = { taken: 0, machineRoom: Infinity };

function holdUntil(until: number): QueueHold {
  return { until, by: { jobId: 1, cause: '429', at: 0 } };
}

interface Row {
  readonly when: string;
  readonly set?: (limits: QueueLimits, clock: FakeClock) => void;
  readonly load?: Partial<QueueLoad>;
  readonly answer: (now: number) => StartAnswer;
}

function useStart(limits: QueueLimits, clock: FakeClock): void {
  const now = clock.monotonic();
  const ticket = limits.windows?.take(now);
  assert.ok(ticket !== undefined);
  RateWindows.started(ticket, now);
}

const rows: readonly Row[] = [
  { when: 'nothing is in the way', answer: () => ({ kind: 'free', freeSlots: 3 }) },
  { when: 'one attempt is under way', load: { taken: 1 }, answer: () => ({ kind: 'free', freeSlots: 2 }) },
  { when: 'the machine allows fewer', load: { machineRoom: 1 }, answer: () => ({ kind: 'free', freeSlots: 1 }) },
  { when: 'all places are taken', load: { taken: 3 }, answer: () => ({ kind: 'full', by: 'concurrency' }) },
  { when: 'the concurrency was lowered below what is under way', set: (limits) => limits.override({ concurrency: 1 }), load: { taken: 3 }, answer: () => ({ kind: 'full', by: 'concurrency' }) },
  { when: 'the machine allows no more', load: { machineRoom: 0 }, answer: () => ({ kind: 'full', by: 'machine' }) },
  { when: 'it is stopped', set: (limits) => limits.stop(), answer: () => ({ kind: 'shut', by: 'stop' }) },
  { when: 'somebody asked it to stand still', set: (limits) => void limits.standStill(), answer: () => ({ kind: 'shut', by: 'standstill' }) },
  { when: 'it stood still and continues', set: (limits) => void limits.goOn(limits.standStill()), answer: () => ({ kind: 'free', freeSlots: 3 }) },
  { when: 'it is paused', set: (limits) => limits.override({ paused: true }), answer: () => ({ kind: 'shut', by: 'pause' }) },
  {
    when: 'it is paused and held',
    set: (limits, clock) => {
      limits.override({ paused: true });
      limits.holdBack(holdUntil(clock.now() + 1000));
    },
    answer: () => ({ kind: 'shut', by: 'pause' }),
  },
  {
    when: 'it is held, whatever is under way',
    set: (limits, clock) => limits.holdBack(holdUntil(clock.now() + 1000)),
    load: { taken: 3 },
    answer: (now) => ({ kind: 'held', until: now + 1000, inMs: 1000, hold: holdUntil(now + 1000) }),
  },
  { when: 'a hold has ended', set: (limits, clock) => limits.holdBack(holdUntil(clock.now())), answer: () => ({ kind: 'free', freeSlots: 3 }) },
  { when: 'the rate has a start left', set: (limits) => limits.override({ rate: oneAMinute }), answer: () => ({ kind: 'free', freeSlots: 3 }) },
  {
    when: 'the rate is used up, and set by hand to none',
    set: (limits, clock) => {
      limits.override({ rate: oneAMinute });
      useStart(limits, clock);
      limits.override({ rate: 'none' });
    },
    answer: () => ({ kind: 'free', freeSlots: 3 }),
  },
];

describe('queue limits', () => {
  for (const { when, set, load, answer } of rows) {
    it(`say whether an attempt may start: ${when}`, () => {
      const clock = new FakeClock();
      const limits = declared(clock);
      set?.(limits, clock);
      assert.deepEqual(limits.mayStart({ ...idle, ...load }), answer(clock.now()));
    });
  }

  it('say until when a rate that is used up lets nothing start', () => {
    const clock = new FakeClock();
    const limits = declared(clock);
    limits.override({ rate: oneAMinute });
    useStart(limits, clock);
    const answer = limits.mayStart(idle);
    assert.equal(answer.kind, 'rate');
    assert.ok('until' in answer && answer.until >= clock.now() + oneAMinute.perMs && answer.inMs === answer.until - clock.now());
    const { inMs } = answer;
    clock.jumpWall(3_600_000);
    const afterSet = limits.mayStart(idle);
    assert.ok(afterSet.kind === 'rate' && afterSet.inMs === inMs, 'a rate counts time that passes, and not the wall clock');
  });

  it('count a start that the rate allows within the lead as one that it allows now', () => {
    const clock = new FakeClock();
    const limits = declared(clock);
    limits.override({ rate: oneAMinute });
    useStart(limits, clock);
    const answer = limits.mayStart(idle);
    assert.ok(answer.kind === 'rate');
    assert.equal(limits.mayStart(idle, answer.inMs - 1).kind, 'rate');
    assert.equal(limits.mayStart(idle, answer.inMs).kind, 'free');
  });

  it('have what was claimed given back when they tighten', () => {
    const tightened: string[] = [];
    const clock = new FakeClock();
    const limits = new QueueLimits({ name: 'mail', clock, onTightened: () => tightened.push('tightened') });
    limits.start();
    limits.override({ concurrency: 2 });
    assert.equal(tightened.length, 0);
    const tighten = [() => limits.override({ paused: true }), () => limits.holdBack(holdUntil(clock.now() + 1)), () => void limits.standStill(), () => limits.stop()];
    for (const [index, step] of tighten.entries()) {
      step();
      assert.equal(tightened.length, index + 1);
    }
  });
});

function declared(clock: FakeClock): QueueLimits {
  const limits = new QueueLimits({ name: 'mail', clock, onTightened: () => {} });
  limits.declare({ name: 'mail', concurrency: 3 });
  limits.start();
  return limits;
}
