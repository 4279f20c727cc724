import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InexactNumberError, isExactNumber, parseExactJson, quoteInexactNumbers } from '../../../schemas/workflow/exact-json.ts';

/** A number as JavaScript writes it, exactly. */
function decimal(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
}

describe('exact JSON', () => {
  const exact = ['0', '-0', '0.1', '123456789.123456789', '9007199254740991', '-9007199254740991', '9007199254740992', '18014398509481984', '1e21', '1E+300', '1.5e300', '100000000000000000000', '52.520006599999999', '1e-400', '12345.6789e3', '10000000000000000000000'];
  const inexact = ['9007199254740993', '-9007199254740993', '7615917337495251231', '9.007199254740993e15', '9007199254740993.0', '12345678901234567.89', '1e999', '-1E+999', '123456789012345678901234567890'];
  for (const literal of exact) {
    it(`reads ${literal}`, () => {
      assert.ok(isExactNumber(literal));
      assert.deepEqual(parseExactJson(`{"a":[${literal}]}`), { a: [Number(literal)] });
    });
  }
  for (const literal of inexact) {
    it(`refuses ${literal}, and keeps its digits where it has to`, () => {
      assert.equal(isExactNumber(literal), false);
      assert.throws(() => parseExactJson(`{"a":[ ${literal} ]}`), (error) => error instanceof InexactNumberError && error.number.literal === literal && error.number.offset === 7);
      const { text, numbers } = quoteInexactNumbers(`{"b":1.50,"a":[${literal},7]}`);
      assert.deepEqual([JSON.parse(text), numbers], [{ b: 1.5, a: [literal, 7] }, [literal]]);
    });
  }

  it('leaves texts alone, whatever they hold', () => {
    for (const value of ['9007199254740993', 'a"9007199254740993', '\\', '\\"9007199254740993\\', { '9007199254740993': '\\\\"' }]) {
      const text = JSON.stringify([value, 1]);
      assert.deepEqual(parseExactJson(text), [value, 1]);
      assert.deepEqual(quoteInexactNumbers(text), { text, numbers: [] });
    }
  });

  it('says what the number would become, and what to do', () => {
    assert.throws(() => parseExactJson('7615917337495251231'), /^InexactNumberError: the number 7615917337495251231 would become 7615917337495251000, because numbers beyond 2\^53 keep about 16 digits: write it as text, in quotes$/);
    assert.throws(() => parseExactJson('1e999'), /the number 1e999 is too large/);
  });

  it('is as strict as JSON', () => {
    assert.throws(() => parseExactJson('{"a":01}'), SyntaxError);
  });

  it('finds every whole number that a round trip changes, and none that it keeps', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (value) => {
        // What is written again, digit by digit: 2^60 is a double, and goes out as 1152921504606847000 all the same.
        assert.equal(isExactNumber(String(value)), decimal(JSON.stringify(Number(value))) === value);
      }),
      { numRuns: 5000 },
    );
  });

  it('gives what JSON gives for all that JSON writes', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.deepEqual(parseExactJson(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))), { numRuns: 500 });
  });
});
