import assert from 'node:assert/strict';
import { openJobs, runOutcome, stepOutcome, type StepTally } from '../../../../daemon/core/step-outcome.ts';
import type { Tolerance } from '../../../../schemas/workflow/model.ts';

const tally = (counts: Partial<StepTally>): StepTally => ({ total: 1, succeeded: 0, dead: 0, cancelled: 0, discarded: 0, expanded: true, ...counts });
const none: Tolerance = { kind: 'count', count: 0 };
const go = (tolerate: Tolerance = none) => ({ onItemFailure: 'continue', tolerate }) as const;
const stop = (tolerate: Tolerance = none) => ({ onItemFailure: 'fail', tolerate }) as const;
const tenth: Tolerance = { kind: 'share', share: 0.1 };

describe('the outcome of a step', () => {
  it('counts what has not ended', () => {
    assert.equal(openJobs(tally({ total: 10, succeeded: 3, dead: 2, cancelled: 1, discarded: 1 })), 3);
  });

  it('of one job is that of the job', () => {
    assert.equal(stepOutcome(tally({}), undefined, false), 'open');
    assert.equal(stepOutcome(tally({ succeeded: 1 }), undefined, false), 'succeeded');
    assert.equal(stepOutcome(tally({ dead: 1 }), undefined, false), 'failed');
    assert.equal(stepOutcome(tally({ discarded: 1 }), undefined, false), 'failed');
    assert.equal(stepOutcome(tally({ cancelled: 1 }), undefined, false), 'cancelled');
  });

  it('waits for all items where failed ones do not stop it, then for no more deaths than it tolerates', () => {
    assert.equal(stepOutcome(tally({ total: 9, dead: 8 }), go(), false), 'open');
    assert.equal(stepOutcome(tally({ total: 9, dead: 9, expanded: false }), go(), false), 'open');
    assert.equal(stepOutcome(tally({ total: 9, succeeded: 8, dead: 1 }), go(), false), 'failed');
    assert.equal(stepOutcome(tally({ total: 9, succeeded: 8, discarded: 1 }), go({ kind: 'count', count: 1 }), false), 'succeeded');
    assert.equal(stepOutcome(tally({ total: 20, succeeded: 18, dead: 2 }), go(tenth), false), 'succeeded');
    assert.equal(stepOutcome(tally({ total: 19, succeeded: 17, dead: 2 }), go(tenth), false), 'failed');
  });

  it('fails at the first death too many where that stops it, a share only once all items are known', () => {
    assert.equal(stepOutcome(tally({ total: 9, dead: 1 }), stop(), false), 'failed');
    assert.equal(stepOutcome(tally({ total: 9, dead: 1, expanded: false }), stop(), false), 'failed');
    assert.equal(stepOutcome(tally({ total: 9, dead: 1, expanded: false }), stop({ kind: 'share', share: 0 }), false), 'failed');
    assert.equal(stepOutcome(tally({ total: 9, dead: 9, expanded: false }), stop(tenth), false), 'open');
    assert.equal(stepOutcome(tally({ total: 10, dead: 1 }), stop(tenth), false), 'open');
    assert.equal(stepOutcome(tally({ total: 10, dead: 2 }), stop(tenth), false), 'failed');
  });

  it('takes a share of a whole number for just that, whatever binary fractions say', () => {
    assert.equal(stepOutcome(tally({ total: 100, succeeded: 71, dead: 29 }), go({ kind: 'share', share: 0.29 }), false), 'succeeded');
  });

  it('of no items is success, and of cancelled ones alone cancelled', () => {
    assert.equal(stepOutcome(tally({ total: 0 }), go(), false), 'succeeded');
    assert.equal(stepOutcome(tally({ total: 0, expanded: false }), go(), false), 'open');
    assert.equal(stepOutcome(tally({ total: 3, cancelled: 3 }), go(), false), 'cancelled');
    assert.equal(stepOutcome(tally({ total: 3, cancelled: 2, succeeded: 1 }), go(), false), 'succeeded');
  });

  it('of a cancelled run is that, once nothing is open, however many items there might have been', () => {
    assert.equal(stepOutcome(tally({ total: 3, cancelled: 2 }), go(), true), 'open');
    assert.equal(stepOutcome(tally({ total: 3, cancelled: 2, dead: 1, expanded: false }), go(), true), 'cancelled');
  });
});

describe('the outcome of a run', () => {
  it('is open while a step is, then the worst of its steps', () => {
    assert.equal(runOutcome(['failed', 'waiting']), 'open');
    assert.equal(runOutcome(['failed', 'running']), 'open');
    assert.equal(runOutcome(['succeeded', 'skipped']), 'succeeded');
    assert.equal(runOutcome(['succeeded', 'cancelled']), 'cancelled');
    assert.equal(runOutcome(['cancelled', 'failed', 'cancelled']), 'failed');
    assert.equal(runOutcome([]), 'succeeded');
  });
});
