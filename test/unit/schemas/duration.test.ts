import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatDuration } from '../../../schemas/wording/amount.ts';
import { exactDuration, maxDurationMs, parseDuration } from '../../../schemas/workflow/duration.ts';
import { english } from '../../../schemas/wording/language.ts';

describe('a duration', () => {
  const read: Record<string, number> = {
    '500ms': 500, '30s': 30_000, '1h30m': 5_400_000, '1.5h': 5_400_000, '30d': 2_592_000_000, '2w': 1_209_600_000,
    '1w1d1h1m1s1ms': 694_861_001, '0s': 0, ' 5m ': 300_000, '0.5ms': 1, '520w': 314_496_000_000,
  };
  for (const [text, ms] of Object.entries(read)) {
    it(`reads '${text}'`, () => assert.deepEqual(parseDuration(text), { ok: true, ms }));
  }

  const refused: Record<string, RegExp> = {
    '30': /'30' has none: write '30s'.*'30ms'/,
    '1.5': /has none/,
    '': /carries a unit/,
    '-5s': /negative/,
    '30m1h': /'h' is in the wrong place/,
    '1h1h': /wrong place/,
    '5 minutes': /is not a valid duration/,
    '5min': /'min' .* is not a unit of time. Did you mean 'm'\?/,
    '10S': /Did you mean 's'\?/,
    '5y': /'y' .* is not a unit of time/,
    '5constructor': /is not a unit of time\. Units are/,
    '1h30': /is not a valid duration/,
    '11000d': /longer than ten years/,
    '1e3s': /is not a unit of time/,
    '.5h': /is not a valid duration/,
  };
  for (const [text, message] of Object.entries(refused)) {
    it(`refuses '${text}' and says why`, () => {
      const result = parseDuration(text);
      assert.ok(!result.ok);
      assert.match(english.textOf(result.message), message);
    });
  }

  it('is written exactly so that it reads back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: maxDurationMs }), (ms) => {
      assert.deepEqual(parseDuration(exactDuration(ms)), { ok: true, ms });
    }));
  });

  it('is shown for people within a twentieth of what it is, in two parts at most', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: maxDurationMs }), (ms) => {
      const shown = formatDuration(ms);
      assert.ok(shown.split(' ').length <= 2, shown);
      const back = parseDuration(shown.replace(' ', ''));
      assert.ok(back.ok && Math.abs(back.ms - ms) <= ms / 20, `${ms} is shown as ${shown}`);
    }));
  });

  const shown: [number, string][] = [
    [0, '0s'], [250, '250ms'], [1_500, '1.5s'], [59_960, '1m'], [60_000, '1m'], [5_400_000, '1h 30m'], [3_599_999, '1h'],
    [90_000, '1m 30s'], [172_800_000, '2d'], [-90_000, '-1m 30s'], [Number.POSITIVE_INFINITY, 'forever'],
  ];
  for (const [ms, text] of shown) {
    it(`of ${ms} ms is shown as ${text}`, () => assert.equal(formatDuration(ms), text));
  }

  it('is refused or read at once, whatever the text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2_000 }), (text) => typeof parseDuration(text).ok === 'boolean'));
  });
});
