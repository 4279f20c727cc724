import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseRetryPolicy, retryDelayMs, retryDelaysMs, type RetryPolicy } from '../../../schemas/workflow/retry-policy.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { english } from '../../../schemas/wording/language.ts';

describe('the waits of a retry policy', () => {
  it('are those of its list, or grow up to the longest, one fewer than attempts', () => {
    assert.deepEqual(retryDelaysMs({ kind: 'delays', delaysMs: [60_000, 300_000] }), [60_000, 300_000]);
    assert.deepEqual(retryDelaysMs({ kind: 'exponential', firstMs: 5_000, factor: 3, maxMs: 60_000, attempts: 5 }), [5_000, 15_000, 45_000, 60_000]);
    assert.deepEqual(retryDelaysMs({ kind: 'exponential', firstMs: 5_000, factor: 2, maxMs: 60_000, attempts: 1 }), []);
  });

  it('can be had one by one, and the first few alone', () => {
    const backoff = { kind: 'exponential', firstMs: 1_000, factor: 2, maxMs: 600_000, attempts: 101 } as const;
    assert.deepEqual([retryDelayMs(backoff, 1), retryDelayMs(backoff, 3), retryDelayMs(backoff, 100), retryDelayMs(backoff, 101)], [1_000, 4_000, 600_000, undefined]);
    assert.deepEqual(retryDelaysMs(backoff, 2), [1_000, 2_000]);
    assert.equal(retryDelaysMs(backoff).length, 100);
  });
});

describe('a retry policy', () => {
  const read: [Json, RetryPolicy][] = [
    [{ delays: ['1m', '5m', '30m', '2h'] }, { backoff: { kind: 'delays', delaysMs: [60_000, 300_000, 1_800_000, 7_200_000] }, jitter: 0 }],
    [{ delays: ['1m'], jitter: '10%' }, { backoff: { kind: 'delays', delaysMs: [60_000] }, jitter: 0.1 }],
    [{ delays: [] }, { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 }],
    ['none', { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 }],
    [false, { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 }],
    [
      { type: 'exponential', first: '5s', factor: 2, max: '10m', attempts: 6 },
      { backoff: { kind: 'exponential', firstMs: 5_000, factor: 2, maxMs: 600_000, attempts: 6 }, jitter: 0.1 },
    ],
    [{ type: 'exponential' }, { backoff: { kind: 'exponential', firstMs: 5_000, factor: 2, maxMs: 600_000, attempts: 5 }, jitter: 0.1 }],
    [{ type: 'exponential', first: '1h', jitter: 0 }, { backoff: { kind: 'exponential', firstMs: 3_600_000, factor: 2, maxMs: 3_600_000, attempts: 5 }, jitter: 0 }],
    [
      { delays: ['1s'], on: [503, '429', '5xx', 'network'], unless: 'timeout' },
      { backoff: { kind: 'delays', delaysMs: [1_000] }, jitter: 0, on: [503, 429, '5xx', 'network'], unless: ['timeout'] },
    ],
  ];
  for (const [value, policy] of read) {
    it(`reads ${JSON.stringify(value)}`, () => assert.deepEqual(parseRetryPolicy(value), { ok: true, policy }));
  }

  const refused: [Json, readonly (string | number)[], RegExp][] = [
    [{}, [], /either 'delays' or 'type: exponential'/],
    [null, [], /is such as/],
    ['often', [], /is such as/],
    [{ delays: '1m' }, ['delays'], /list of durations/],
    [{ delays: ['1m', '5'] }, ['delays', 1], /'5' has none/],
    [{ delays: [60] }, ['delays', 0], /'60' has none/],
    [{ delays: Array.from({ length: 101 }, () => '1s') }, ['delays'], /At most 100/],
    [{ delays: ['1m'], attempts: 3 }, ['attempts'], /not a key/],
    [{ delays: ['1m'], jitter: '150%' }, ['jitter'], /more than 100%/],
    [{ delays: ['1m'], jitter: 10 }, ['jitter'], /Did you mean '10%'/],
    [{ delays: ['1m'], on: ['6xx'] }, ['on', 0], /A condition is/],
    [{ delays: ['1m'], on: [99] }, ['on', 0], /100 to 599/],
    [{ type: 'linear' }, ['type'], /'exponential'/],
    [{ type: 'exponential', delays: ['1m'] }, ['delays'], /not a key/],
    [{ type: 'exponential', factor: 0.5 }, ['factor'], /1 to 10/],
    [{ type: 'exponential', attempts: 102 }, ['attempts'], /1 to 101/],
    [{ type: 'exponential', first: '1m', max: '1s' }, ['max'], /shorter than 'first'/],
    [{ type: 'exponential', first: '0s' }, ['first'], /longer than zero/],
  ];
  for (const [value, path, message] of refused) {
    it(`refuses ${JSON.stringify(value).slice(0, 60)} and says why`, () => {
      const result = parseRetryPolicy(value);
      assert.ok(!result.ok);
      assert.deepEqual(result.problems.map((problem) => problem.path), [path]);
      assert.match(english.paragraphOf(result.problems.map((problem) => problem.message)), message);
    });
  }

  it('is read or refused with a reason, whatever the value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const result = parseRetryPolicy(value as Json);
      assert.ok(result.ok || result.problems.length > 0);
    }));
  });
});
