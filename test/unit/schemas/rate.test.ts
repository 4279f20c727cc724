import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exactRate, exactRates, isWithoutEffect, maxRateLimit, parseRate, parseRateLimit, parseRateText, type Rate, ratesOf } from '../../../schemas/workflow/rate.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { english } from '../../../schemas/wording/language.ts';

describe('a rate', () => {
  const read: [Json, Rate][] = [
    ['100/min', { limit: 100, perMs: 60_000, burst: 10 }],
    ['5/s', { limit: 5, perMs: 1_000, burst: 1 }],
    ['1000/h', { limit: 1_000, perMs: 3_600_000, burst: 100 }],
    [' 20 / d ', { limit: 20, perMs: 86_400_000, burst: 2 }],
    [{ limit: 1_000, per: '1m', burst: 50 }, { limit: 1_000, perMs: 60_000, burst: 50 }],
    [{ limit: 19, per: '90s' }, { limit: 19, perMs: 90_000, burst: 1 }],
    [{ limit: 1, per: '1s', burst: 1 }, { limit: 1, perMs: 1_000, burst: 1 }],
  ];
  for (const [value, rate] of read) {
    it(`reads ${JSON.stringify(value)}`, () => assert.deepEqual(parseRate(value), { ok: true, rate }));
  }

  const refused: [Json, readonly string[], RegExp][] = [
    ['100/m', [], /Did you mean '100\/min'/],
    ['100/minute', [], /Did you mean '100\/min'/],
    ['100/S', [], /Did you mean '100\/s'/],
    ['100/week', [], /not per 'week'/],
    ['0/min', [], /from 1 to 1,000,000/],
    ['1000001/min', [], /from 1 to 1,000,000/],
    ['0.5/s', [], /whole number/],
    ['100', [], /Did you mean '100\/min'/],
    [100, [], /Did you mean '100\/min'/],
    ['fast', [], /such as '100\/min'/],
    [null, [], /such as/],
    [[], [], /such as/],
    [{ per: '1m' }, [], /'limit' is missing/],
    [{ limit: 10 }, [], /'per' is missing/],
    [{ limit: 1.5, per: '1m' }, ['limit'], /whole number/],
    [{ limit: 10, per: 60 }, ['per'], /duration with a unit/],
    [{ limit: 10, per: '60' }, ['per'], /'60' has none/],
    [{ limit: 10, per: '0s' }, ['per'], /zero/],
    [{ limit: 10, per: '1m', burst: 11 }, ['burst'], /can't be more than 'limit'/],
    [{ limit: 10, per: '1m', burst: 0 }, ['burst'], /at least 1/],
    [{ limit: 10, per: '1m', every: 1 }, ['every'], /'every' is none of them/],
  ];
  for (const [value, path, message] of refused) {
    it(`refuses ${JSON.stringify(value)} and says why`, () => {
      const result = parseRate(value);
      assert.ok(!result.ok);
      assert.equal(result.problems.length, 1);
      assert.deepEqual(result.problems[0]?.path, path);
      assert.match(english.textOf(result.problems[0].message), message);
    });
  }

  it('may be several that hold together, in a list or with commas between them', () => {
    const both = [{ limit: 20, perMs: 1000, burst: 2 }, { limit: 50_000, perMs: 86_400_000, burst: 5000 }];
    assert.deepEqual(parseRateLimit(['20/s', { limit: 50_000, per: '1d' }]), { ok: true, limit: both });
    assert.deepEqual(parseRateText('20/s, 50000/d'), { ok: true, limit: both });
    assert.deepEqual(parseRateText('20/s'), { ok: true, limit: both[0] });
    assert.deepEqual(parseRateLimit(['20/s']), { ok: true, limit: both[0] }, 'a list of one is that one');
    assert.equal(exactRates(both), '20/s, 50000/d');
    assert.deepEqual([ratesOf(undefined), ratesOf(both)], [[], both]);
  });

  it('of a list is refused at its place, and so are two for the same window', () => {
    const wrong = (value: Json): readonly (readonly (string | number)[])[] => {
      const result = parseRateLimit(value);
      return result.ok ? [] : result.problems.map(({ path }) => path);
    };
    assert.deepEqual(wrong(['20/s', '100/m', { limit: 0, per: '1h' }]), [[1], [2, 'limit']]);
    assert.deepEqual(wrong(['20/s', '1200/min', { limit: 30, per: '1s' }]), [[2]]);
    assert.deepEqual([wrong([]), wrong(['1/s', '2/min', '3/h', '4/d', { limit: 5, per: '2d' }])], [[[]], [[]]]);
    assert.deepEqual(wrong([['20/s'], '50/d']), [[0]]);
  });

  it('has no effect beside one that never lets as many start', () => {
    const rate = (text: string): Rate => ratesOf(parseRateText(text).ok ? (parseRateText(text) as { readonly limit: Rate }).limit : undefined)[0] ?? assert.fail();
    assert.equal(isWithoutEffect(rate('1000000/d'), rate('10/s')), true, '864,000 a day at most');
    assert.equal(isWithoutEffect(rate('50000/d'), rate('20/s')), false);
    assert.equal(isWithoutEffect(rate('100/s'), rate('50/d')), true);
  });

  it('reports everything that is wrong with it', () => {
    const result = parseRate({ limit: 0, per: 'x', burst: -1, extra: 1 });
    assert.ok(!result.ok);
    assert.deepEqual(result.problems.map(({ path }) => path[0]).sort(), ['burst', 'extra', 'limit', 'per']);
  });

  it('is shown as it is written where its window is a whole unit', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: maxRateLimit }), fc.constantFrom('s', 'min', 'h', 'd'), (limit, unit) => {
      const result = parseRate(`${limit}/${unit}`);
      assert.ok(result.ok);
      assert.equal(exactRate(result.rate), `${limit}/${unit}`);
      assert.ok(result.rate.burst >= 1 && result.rate.burst <= limit);
    }));
    assert.equal(exactRate({ limit: 100, perMs: 90_000, burst: 10 }), '100 per 90s');
    assert.equal(exactRate({ limit: 7, perMs: 5_400_000, burst: 1 }), '7 per 1h30m');
  });
});
