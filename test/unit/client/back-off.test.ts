import assert from 'node:assert/strict';
import { backOffDelayMs, RestartBudget } from '../../../client/connection-state.ts';

describe('back-off between tries to connect', () => {
  it('doubles up to its bound', () => {
    assert.deepEqual([1, 2, 3, 8, 9, 1000].map((attempt) => backOffDelayMs(attempt, 1)), [250, 500, 1000, 30_000, 30_000, 30_000]);
  });

  it('spreads windows that lost the same daemon over half of the delay', () => {
    assert.equal(backOffDelayMs(3, 0), 500);
    assert.equal(backOffDelayMs(3, 0.5), 750);
  });
});

describe('the budget of restarts after crashes', () => {
  it('gives up on a daemon that keeps dying, and forgets what is long ago', () => {
    const budget = new RestartBudget();
    assert.deepEqual([0, 1, 2, 3].map((at) => budget.take(at)), [true, true, true, false]);
    assert.equal(budget.take(10 * 60_000 + 1), true);
    assert.equal(budget.take(10 * 60_000 + 1), false);
  });

  it('begins again when a person starts it', () => {
    const budget = new RestartBudget();
    for (const at of [0, 1, 2]) budget.take(at);
    budget.reset();
    assert.equal(budget.take(3), true);
  });
});
