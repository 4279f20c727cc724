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
    for (const error of [...[301, 400, 401, 404, 410, 600, 999].map(http), ...[500, 550].map(smtp), { kind: 'invalid' }, { kind: 'internal' }, { kind: 'status' }]) {
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

  const later = (status: number, retryAfterMs?: number): Partial<FailedAttempt> & { readonly error: FailedWith } => ({
    error: http(status),
    throttled: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  const after = ({ error, ...asked }: ReturnType<typeof later>, more: Partial<FailedAttempt> = {}): ReturnType<typeof verdict> => verdict(error, { ...asked, ...more });
  const hour = minutes(60);

  it('lets Retry-After make a delay longer, holds the queue for it, and charges nothing', () => {
    assert.deepEqual(after(later(503, 90_000)), { kind: 'retry', delayMs: 90_000, charged: false, holdMs: 90_000 });
    assert.deepEqual(verdict(http(500), { retryAfterMs: 90_000 }), { kind: 'retry', delayMs: 90_000, charged: false, holdMs: 90_000 }, 'any status that is retried');
    assert.deepEqual(verdict(http(500), { retryAfterMs: 400 * day }), { kind: 'retry', delayMs: day, charged: false, holdMs: minutes(120) }, 'a day is the most');
  });

  it('never lets Retry-After make a delay of the policy shorter, though the queue is held for no longer than that', () => {
    assert.deepEqual(after(later(503, 1000)), { kind: 'retry', delayMs: minutes(1), charged: false, holdMs: 1000 });
    assert.deepEqual(after(later(429, 1000), { tries: 3 }), { kind: 'retry', delayMs: minutes(30), charged: false, holdMs: 1000 });
    assert.deepEqual(after(later(429, 1000), { tries: 5 }), { kind: 'retry', delayMs: minutes(120), charged: false, holdMs: 1000 }, 'the last delay, though no attempt is left');
  });

  it('holds a queue for an hour at most, or for the longest delay of the policy, whatever the job itself has to wait', () => {
    const brief: RetryPolicy = { ...erp, backoff: { kind: 'delays', delaysMs: [minutes(1)] } };
    assert.deepEqual(after(later(503, 10 * day), { policy: brief }), { kind: 'retry', delayMs: day, charged: false, holdMs: hour });
    assert.deepEqual(after(later(503, 10 * day)), { kind: 'retry', delayMs: day, charged: false, holdMs: 2 * hour });
    assert.deepEqual(after(later(503, 10 * day), { policy: noRetryPolicy }), { kind: 'dead', holdMs: hour });
  });

  it('makes one attempt under `none`, whatever the answer', () => {
    const once: RetryPolicy = { backoff: { kind: 'exponential', firstMs: 1, factor: 1, maxMs: 1, attempts: 1 }, jitter: 0 };
    for (const policy of [noRetryPolicy, once]) {
      for (const answer of [later(429), later(429, 1000), later(503, 1000), { error: http(503) }, { error: http(502), retryAfterMs: 1000 }]) {
        assert.equal(after(answer, { policy }).kind, 'dead', JSON.stringify(answer));
      }
    }
    assert.deepEqual(after(later(503, 1000), { policy: noRetryPolicy }), { kind: 'dead', holdMs: 1000 }, 'others of the queue wait');
  });

  it('waits longer and longer where "too many" names no time, and never less than the policy says', () => {
    const quick: RetryPolicy = { ...erp, backoff: { kind: 'delays', delaysMs: [3000] } };
    const waits = [0, 1, 2, 5, 6, 50].map((throttles) => {
      const found = after(later(429), { throttles, policy: quick });
      return found.kind === 'retry' && !found.charged ? [found.delayMs, found.holdMs] : found;
    });
    assert.deepEqual(waits, [[3000, 1000], [3000, 2000], [4000, 4000], [32_000, 32_000], [60_000, 60_000], [60_000, 60_000]]);
  });

  it('charges "later" once it has been said too often', () => {
    const often = { throttles: throttleBound };
    assert.deepEqual(after(later(429, minutes(2)), often), { kind: 'retry', delayMs: minutes(2), charged: true, holdMs: minutes(2) });
    assert.deepEqual(after(later(429, 5), often), { kind: 'retry', delayMs: minutes(1), charged: true, holdMs: 5 });
    assert.deepEqual(after(later(429, minutes(2)), { ...often, tries: 5 }), { kind: 'dead', holdMs: minutes(2) });
  });

  it('holds nothing over an answer that is final for this job and says nothing of others', () => {
    for (const status of [301, 400, 403, 404, 410]) assert.deepEqual(verdict(http(status), { retryAfterMs: day }), { kind: 'dead' });
    assert.deepEqual(verdict(http(502), { retryAfterMs: day, policy: { ...erp, unless: [502] } }), { kind: 'dead' });
    assert.deepEqual(after(later(429, 7000), { policy: { ...erp, unless: [429] } }), { kind: 'dead', holdMs: 7000 }, 'too many requests concerns all');
  });

  it('lets a job continue immediately after one crash, and waits longer after more, up to some minutes', () => {
    assert.equal(crashDelayMs(1, 0.9), 0);
    assert.deepEqual([2, 3, 4].map((crashes) => crashDelayMs(crashes, 0.5)), [1000, 2000, 4000]);
    for (let crashes = 2; crashes < 60; crashes++) assert.ok(crashDelayMs(crashes, 0.999) <= 375_000);
  });
});
