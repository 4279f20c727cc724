import assert from 'node:assert/strict';
import { longestToldMs, retryAfterMs } from '../../../../daemon/actions/http-status-failure.ts';

describe('retryAfterMs', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 7);
  const cases: readonly (readonly [string | string[] | undefined, number | undefined])[] = [
    ['120', 120_000],
    [' 0 ', undefined],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
    ['Sun Nov  6 08:49:37 1994', 30_000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:07 GMT', undefined],
    ['Fri, 31 Dec 9999 23:59:59 GMT', longestToldMs],
    ['99999999999999999999', longestToldMs],
    ['172800', 172_800_000],
    [['7', '9'], 7_000],
    ['1.5', undefined],
    ['-1', undefined],
    ['', undefined],
    ['soon', undefined],
    ['1994-11-06T08:49:37Z', undefined],
    [undefined, undefined],
  ];
  for (const [header, expected] of cases) {
    it(`reads ${JSON.stringify(header)} as ${expected}`, () => assert.equal(retryAfterMs(header, now), expected));
  }
});
