import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isExactNumber, LossyJsonError, parseExactJson, quoteInexactNumbers } from '../../../schemas/workflow/exact-json.ts';

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
      assert.throws(() => parseExactJson(`{"a":[ ${literal} ]}`), (error) => error instanceof LossyJsonError && error.message.includes(`the number ${literal} `) && error.offset === 7);
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
    assert.throws(() => parseExactJson('7615917337495251231'), /^LossyJsonError: the number 7615917337495251231 would become 7615917337495251000, because numbers beyond 2\^53 keep about 16 digits: write it as text, in quotes$/);
    assert.throws(() => parseExactJson('1e999'), /the number 1e999 is too large/);
  });

  it('refuses a key that an object has twice, however it is written, and tells the lines of a document', () => {
    const problem = (text: string, tellLines = false): string => {
      try {
        parseExactJson(text, { tellLines });
        return '';
      } catch (error) {
        assert.ok(error instanceof LossyJsonError);
        return `${error.offset}: ${error.message}`;
      }
    };
    const remedy = 'and only the last value would be kept: remove or rename one of them';
    assert.equal(problem('{"a":1,"a":1}'), `7: the key "a" is in the same object twice, ${remedy}`);
    assert.equal(problem('[{"x":{"a b":1, "c":[{}], "a\\u0020b":2}}]', true), `26: the key "a b" is in the same object twice, ${remedy}`);
    assert.equal(problem('{\n  "a": 1,\n  "b": 2,\n  "a": 3\n}\n', true), `24: the key "a" is in the same object twice (lines 2 and 4), ${remedy}`);
    assert.equal(problem('{"__proto__":1,"__proto__":2}').length > 0, true);
    assert.match(problem(`{"${'k'.repeat(500)}":1,"${'k'.repeat(500)}":2}`), /^506: the key "k{40}\.\.\." is in/);
    for (const text of ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', '{"a":"a","b":"\\"a\\":","A":1}', '["a","a"]', '{}', '""']) assert.equal(problem(text), '', text);
  });

  it('finds every key that is repeated, and no other', () => {
    interface Written {
      readonly text: string;
      readonly repeats: boolean;
    }
    const key = fc.constantFrom('a', 'b', 'c"', '\\', '{', '');
    const { written } = fc.letrec<{ written: Written }>((tie) => ({
      written: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 0 }).map((value): Written => ({ text: JSON.stringify(value), repeats: false })),
        fc.array(tie('written'), { maxLength: 4 }).map((items): Written => ({ text: `[${items.map(({ text }) => text).join(', ')}]`, repeats: items.some(({ repeats }) => repeats) })),
        fc.array(fc.tuple(key, tie('written')), { maxLength: 4 }).map((members): Written => ({
          text: `{${members.map(([name, { text }]) => `${JSON.stringify(name)} : ${text}`).join('\n,')}}`,
          repeats: members.some(([, { repeats }]) => repeats) || new Set(members.map(([name]) => name)).size < members.length,
        })),
      ),
    }));
    let refused = 0;
    fc.assert(
      fc.property(written, ({ text, repeats }) => {
        if (repeats) refused++;
        if (repeats) assert.throws(() => parseExactJson(text), LossyJsonError);
        else assert.deepEqual(parseExactJson(text), JSON.parse(text));
      }),
      { numRuns: 3000 },
    );
    assert.ok(refused > 100, String(refused));
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
