import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  attemptVerdict,
  backoffMs,
  crashDelayMs,
  throttleBound,
  type FailedAttempt,
  type FailedWith,
} from '../../../../daemon/core/attempt-verdict.ts';
import { defaultRetryPolicy, noRetryPolicy, type RetryPolicy } from '../../../../schemas/workflow/retry-policy.ts';

const minutes = (count: number): number => count * 60_000;
const day = 86_400_000;
const erp: RetryPolicy = { backoff: { kind: 'delays', delaysMs: [1, 5, 30, 120].map(minutes) }, jitter: 0 };
const http = (status: number): FailedWith => ({ kind: 'status', status });
const smtp = (status: number): FailedWith => ({ kind: 'status', status, protocol: 'smtp' });
const verdict = (error: FailedWith, more: Partial<FailedAttempt> = {}) =>
  attemptVerdict({ error, tries: 1, throttles: 0, policy: erp, random: 0.5, ...more });
const isRetried = (error: FailedWith, policy?: RetryPolicy): boolean => verdict(error, { policy }).kind === 'retry';

describe('the verdict on a failed attempt', () => {
  it('waits exactly as listed, and then is death: n delays make n + 1 attempts', () => {
    const delays = [1, 2, 3, 4].map((tries) => verdict(http(503), { tries }));
    assert.deepEqual(delays, [1, 5, 30, 120].map((count) => ({ kind: 'retry', delayMs: minutes(count), charged: true })));
    assert.deepEqual(verdict(http(503), { tries: 5 }), { kind: 'dead' });
    assert.deepEqual(verdict(http(503), { policy: noRetryPolicy }), { kind: 'dead' });
  });

  it('grows exponentially up to its longest, over as many attempts as it says', () => {
    const policy: RetryPolicy = { backoff: { kind: 'exponential', firstMs: 5000, factor: 2, maxMs: 30_000, attempts: 6 }, jitter: 0 };
    assert.deepEqual([1, 2, 3, 4, 5, 6].map((tries) => backoffMs(policy, tries, 0.9)), [5000, 10_000, 20_000, 30_000, 30_000, undefined]);
  });

  it('without a policy, is that of the default: five attempts', () => {
    assert.deepEqual([1, 4, 5].map((tries) => verdict(http(500), { policy: undefined, tries }).kind), ['retry', 'retry', 'dead']);
    assert.equal(defaultRetryPolicy.jitter, 0.1);
  });

  it('moves a delay by no more than the jitter, either way', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (jitter, random) => {
        const delayMs = backoffMs({ ...erp, jitter }, 1, random) ?? Number.NaN;
        assert.ok(delayMs >= Math.floor(60_000 * (1 - jitter)) && delayMs <= Math.ceil(60_000 * (1 + jitter)));
      }),
    );
    const policy = { ...erp, jitter: 0.1 };
    assert.deepEqual([backoffMs(policy, 1, 0), backoffMs(policy, 1, 0.5), backoffMs(policy, 1, 1)], [54_000, 60_000, 66_000]);
  });

  it('retries network errors, timeouts, 408, 425, 429 and 5xx, and of e-mail 4yz', () => {
    for (const error of [{ kind: 'network' }, { kind: 'timeout' }, ...[408, 425, 429, 500, 503, 599].map(http), ...[421, 450].map(smtp)]) {
      assert.ok(isRetried(error), JSON.stringify(error));
    }
    for (const error of [...[301, 400, 401, 404, 410].map(http), ...[500, 550].map(smtp), { kind: 'invalid' }, { kind: 'internal' }, { kind: 'status' }]) {
      assert.ok(!isRetried(error), JSON.stringify(error));
    }
  });

  it('retries what `on` says instead, but not what `unless` says, and never what is invalid', () => {
    const on = (...conditions: NonNullable<RetryPolicy['on']>): RetryPolicy => ({ ...erp, on: conditions });
    assert.ok(isRetried(http(404), on(404)));
    assert.ok(!isRetried(http(503), on(404)));
    assert.ok(isRetried(http(418), on('4xx')) && !isRetried(http(418), on('5xx')));
    assert.ok(isRetried({ kind: 'timeout' }, on('timeout')) && !isRetried({ kind: 'network' }, on('timeout')));
    assert.ok(isRetried(smtp(550), on('5yz')) && !isRetried(http(550), on('5yz')) && !isRetried(smtp(550), on('5xx')));
    assert.ok(isRetried(smtp(450), on('4yz')) && !isRetried(http(450), on('4yz')));
    assert.ok(!isRetried(http(501), { ...erp, unless: [501] }) && isRetried(http(502), { ...erp, unless: [501] }));
    assert.ok(!isRetried(http(503), { ...erp, on: ['5xx'], unless: [503] }));
    assert.ok(!isRetried({ kind: 'invalid' }, on('network', 'timeout', '4xx', '5xx')));
  });

  it('lets Retry-After win over a shorter delay, holds the queue, and charges nothing', () => {
    assert.deepEqual(verdict(http(503), { retryAfterMs: 90_000 }), { kind: 'retry', delayMs: 90_000, charged: false, holdMs: 90_000 });
    assert.deepEqual(verdict(http(503), { retryAfterMs: 10 * day }), { kind: 'retry', delayMs: day, charged: false, holdMs: day }, 'a day at most');
    assert.deepEqual(verdict(http(503), { retryAfterMs: -5 }), { kind: 'retry', delayMs: 0, charged: false, holdMs: 0 });
    assert.deepEqual(verdict(http(503), { retryAfterMs: 5000, tries: 5 }), { kind: 'retry', delayMs: 5000, charged: false, holdMs: 5000 }, 'though no attempt is left');
  });

  it('waits longer and longer, a minute at most, where "too many" names no time', () => {
    const delays = [0, 1, 2, 5, 6, 50].map((throttles) => {
      const { holdMs, ...rest } = verdict(http(429), { throttled: true, throttles });
      assert.deepEqual(rest, { kind: 'retry', delayMs: holdMs, charged: false });
      return holdMs;
    });
    assert.deepEqual(delays, [1000, 2000, 4000, 32_000, 60_000, 60_000]);
  });

  it('charges "later" once it has been said too often', () => {
    const often = { throttled: true, retryAfterMs: minutes(2), throttles: throttleBound };
    assert.deepEqual(verdict(http(429), often), { kind: 'retry', delayMs: minutes(2), charged: true, holdMs: minutes(2) });
    assert.deepEqual(verdict(http(429), { ...often, retryAfterMs: 5 }), { kind: 'retry', delayMs: minutes(1), charged: true, holdMs: 5 });
    assert.deepEqual(verdict(http(429), { ...often, tries: 5 }), { kind: 'dead', holdMs: minutes(2) });
  });

  it('holds the queue even where this job is not tried again', () => {
    assert.deepEqual(verdict(http(404), { retryAfterMs: 7000 }), { kind: 'dead', holdMs: 7000 });
  });

  it('lets a job go on at once after one crash, and waits longer after more, up to some minutes', () => {
    assert.equal(crashDelayMs(1, 0.9), 0);
    assert.deepEqual([2, 3, 4].map((crashes) => crashDelayMs(crashes, 0.5)), [1000, 2000, 4000]);
    for (let crashes = 2; crashes < 60; crashes++) assert.ok(crashDelayMs(crashes, 0.999) <= 375_000);
  });
});
