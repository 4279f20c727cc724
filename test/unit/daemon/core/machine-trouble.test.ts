import assert from 'node:assert/strict';
import { attemptVerdict, throttleBound } from '../../../../daemon/core/attempt-verdict.ts';
import { machineTroubleOf } from '../../../../daemon/core/machine-trouble.ts';

const online = (): boolean => false;
const offline = (): boolean => true;

describe('the fault of this machine', () => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL', 'EAI_MEMORY']) {
    it(`is ${code}: of its resources`, () => assert.equal(machineTroubleOf([code], online), 'resources'));
  }
  for (const code of ['ENETDOWN', 'ENETUNREACH', 'EAI_AGAIN']) {
    it(`is ${code}: of its network`, () => assert.equal(machineTroubleOf([code], online), 'network'));
  }
  for (const code of ['ENOTFOUND', 'EHOSTUNREACH']) {
    it(`is ${code} only where it has no network at all`, () => {
      assert.equal(machineTroubleOf([code], online), undefined);
      assert.equal(machineTroubleOf([code], offline), 'network');
    });
  }
  it('is nothing that a receiver has answered, nor a part of what failed', () => {
    for (const codes of [['ECONNREFUSED'], ['ECONNRESET'], ['ETIMEDOUT'], ['CERT_HAS_EXPIRED'], [], ['ENETUNREACH', 'ECONNREFUSED'], ['EMFILE', '']]) {
      assert.equal(machineTroubleOf(codes, offline), undefined, codes.join());
    }
    assert.equal(machineTroubleOf(['ENETUNREACH', 'EMFILE'], online), 'resources');
  });
});

describe('an attempt that this machine could not make', () => {
  const failed = { error: { kind: 'network' }, tries: 1, throttles: 0, policy: { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 }, random: 0.5 } as const;

  it('comes again uncharged, though the policy allows no repeat, later each time', () => {
    const delays = [0, 1, 2, 10, 99].map((throttles) => attemptVerdict({ ...failed, throttles, machine: 'resources' }));
    assert.deepEqual(delays, [1000, 2000, 4000, 120_000, 120_000].map((delayMs) => ({ kind: 'retry', delayMs, charged: false })));
  });

  it('makes its queue wait if there is no network', () => {
    assert.deepEqual(attemptVerdict({ ...failed, machine: 'network' }), { kind: 'retry', delayMs: 1000, charged: false, holdMs: 1000 });
    assert.deepEqual(attemptVerdict({ ...failed, throttles: 10, machine: 'network' }), { kind: 'retry', delayMs: 120_000, charged: false, holdMs: 30_000 });
  });

  it('is judged like any other after a hundred times', () => {
    assert.deepEqual(attemptVerdict({ ...failed, throttles: throttleBound, machine: 'network' }), { kind: 'dead' });
  });
});
