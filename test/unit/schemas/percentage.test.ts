import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatPercentage, parsePercentage } from '../../../schemas/workflow/alert.ts';
import { english } from '../../../schemas/wording/language.ts';

describe('a percentage', () => {
  for (const [text, share] of Object.entries({ '5%': 0.05, '0.5%': 0.005, '100%': 1, '0%': 0, ' 20 % ': 0.2 })) {
    it(`reads '${text}'`, () => assert.deepEqual(parsePercentage(text), { ok: true, share }));
  }

  for (const [text, message] of Object.entries({ '5': /Did you mean '5%'/, '101%': /more than 100%/, '-1%': /from 0 to 100/, '': /such as 5%/, 'x%': /such as/ })) {
    it(`refuses '${text}' and says why`, () => {
      const result = parsePercentage(text);
      assert.ok(!result.ok);
      assert.match(english.textOf(result.message), message);
    });
  }

  it('reads back as it was written', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000 }), (hundredths) => {
      const result = parsePercentage(formatPercentage(hundredths / 10_000));
      assert.ok(result.ok && Math.abs(result.share - hundredths / 10_000) < 1e-12);
    }));
  });
});
