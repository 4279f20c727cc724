import assert from 'node:assert/strict';
import { english } from '../../../../schemas/wording/language.ts';
import { holdMessage, setByHandMessage } from '../../../../schemas/wording/queue.ts';

describe('the wording of a queue', () => {
  it('says who holds it back, and why', () => {
    const told = (heldBy: Parameters<typeof holdMessage>[0]): string => english.textOf(holdMessage(heldBy, (cause) => cause.toUpperCase()));
    const heldBy = { job: 'j7', cause: '429 Too Many', at: '2026-11-28T12:00:00.000Z' };
    assert.deepEqual(
      [told(undefined), told(heldBy), told({ ...heldBy, retryAfterMs: 7_200_000 }), told({ ...heldBy, machine: true }), told({ ...heldBy, project: true })],
      [
        'A receiver asked for a pause.',
        'j7 was answered 429 TOO MANY.',
        'j7 was answered 429 TOO MANY and asked to wait 2h.',
        'This machine has no network (429 TOO MANY, met by j7).',
        '429 TOO MANY (met by j7).',
      ],
    );
  });

  it('says which limits were set by hand, none being a limit as well', () => {
    const told = (overrides: Omit<Parameters<typeof setByHandMessage>[0], 'paused'>): string | undefined => {
      const limits = setByHandMessage({ paused: true, ...overrides });
      return limits && english.textOf(limits);
    };
    const rate = { limit: 1000, perMs: 60_000, burst: 100 };
    assert.deepEqual(
      [told({}), told({ rate }), told({ concurrency: 5 }), told({ rate, concurrency: 5 }), told({ rate: 'none' }), told({ rate: 'none', concurrency: 5 })],
      [undefined, 'rate 1,000/min', 'concurrency 5', 'rate 1,000/min and concurrency 5', 'no rate limit', 'no rate limit and concurrency 5'],
    );
  });
});
