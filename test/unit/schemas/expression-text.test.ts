/** Text and times in expressions, where JavaScript's own functions would answer otherwise than CEL. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluateExpression, parseExpression, type ExpressionResult } from '../../../schemas/workflow/expression/expression.ts';
import type { Json } from '../../../schemas/workflow/json.ts';

function evaluate(source: string, inputs: Readonly<Record<string, Json>> = {}): ExpressionResult {
  const parsed = parseExpression(source);
  assert.ok(parsed.ok, source);
  return evaluateExpression(parsed.expression, { inputs });
}

function valueOf(source: string, inputs?: Readonly<Record<string, Json>>): Json {
  const result = evaluate(source, inputs);
  assert.ok(result.ok, `${source}: ${JSON.stringify(result)}`);
  return result.value;
}

function messageOf(source: string): string {
  const result = evaluate(source);
  assert.ok(!result.ok, `${source} has a value: ${JSON.stringify(result)}`);
  return result.error.message;
}

describe('text in expressions', () => {
  it('is counted in code points, by every function alike', () => {
    const values: Readonly<Record<string, Json>> = {
      "size('a😀b')": 3, "'a😀b'.size()": 3, "'a😀b'.charAt(1)": '😀', "'a😀b'.charAt(2)": 'b', "'a😀b'.charAt(3)": '', "'a😀b'.indexOf('b')": 2, "'😀a😀a'.lastIndexOf('a')": 3,
      "'a😀b'.indexOf('z')": -1, "'a😀b'.substring(2)": 'b', "'a😀b'.substring(1, 2)": '😀', "'a😀b'.split('')": ['a', '😀', 'b'], "'😀'.replace('', '-')": '-😀-', "''.split('')": [],
      "'\\uFF5E' < '😀'": true, "'a😀' < 'a😀b'": true, "'😀' < '😁'": true,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(values).map((source) => [source, valueOf(source)])), values);
  });

  it('gives the same part by its position as by its characters', () => {
    const text = fc.array(fc.constantFrom('a', 'ß', '😀', '\u200b', '\ud800', '𝒳', 'é')).map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, fc.nat(8), fc.nat(8), (whole, a, b) => {
        const characters = Array.from(whole);
        const [start, end] = [Math.min(a, b, characters.length), Math.min(Math.max(a, b), characters.length)];
        assert.equal(valueOf('inputs.t.substring(int(inputs.s), int(inputs.e))', { t: whole, s: start, e: end }), characters.slice(start, end).join(''));
        assert.equal(valueOf('inputs.t.charAt(int(inputs.s))', { t: whole, s: start }), characters[start] ?? '');
        assert.deepEqual(valueOf("inputs.t.split('')", { t: whole }), characters);
        assert.equal(valueOf('size(inputs.t)', { t: whole }), characters.length);
      }),
    );
  });

  it('says a position that is outside in the same count', () => {
    assert.equal(messageOf("'a😀'.charAt(3)"), 'Position 3 is outside of this text, which has 2 characters.');
    assert.equal(messageOf("'a😀'.substring(0, 3)"), 'Position 3 is outside of this text, which has 2 characters.');
    assert.equal(messageOf("'😀'.substring(1, 0)"), 'The part ends at 0, before it begins at 1.');
    assert.match(messageOf("'a'.matches('😀(')"), /at character 3\.$/);
  });

  it('changes the case of A to Z only, where the function says ASCII', () => {
    assert.deepEqual([valueOf("'ÄSß'.lowerAscii()"), valueOf("'äßs'.upperAscii()"), valueOf("'İK'.lowerAscii()")], ['Äsß', 'äßS', 'İk']);
  });
});

describe('timestamps in expressions', () => {
  for (const day of ['2025-02-29', '2025-02-30', '2025-04-31', '2025-13-01', '2025-00-10', '2025-01-00', '1900-02-29', '2025-01-32']) {
    it(`do not roll over: ${day}`, () => assert.equal(messageOf(`timestamp('${day}T00:00:00Z')`), `There is no such day as ${day}.`));
  }

  for (const time of ['24:00:00Z', '12:60:00Z', '23:59:60Z', '12:00:00+24:00', '12:00:00-01:60']) {
    it(`do not roll over: ${time}`, () => assert.equal(messageOf(`timestamp('2025-01-01T${time}')`), `There is no such time as '${time}'.`));
  }

  it('take every day that there is', () => {
    assert.equal(valueOf("timestamp('2024-02-29T23:59:59Z')"), '2024-02-29T23:59:59.000Z');
    assert.equal(valueOf("timestamp('2000-02-29t00:00:00.123456789z')"), '2000-02-29T00:00:00.123Z');
    assert.equal(valueOf("timestamp('0001-01-01T00:00:00Z')"), '0001-01-01T00:00:00.000Z');
    assert.equal(valueOf("timestamp('9999-12-31T23:59:59Z')"), '9999-12-31T23:59:59.000Z');
  });

  it('stay within the years 1 to 9999', () => {
    for (const source of ["timestamp('0000-01-01T00:00:00Z')", "timestamp('9999-12-31T23:59:59-01:00')", "timestamp('9999-12-31T00:00:00Z') + duration('2d')", 'timestamp(253402300800)']) {
      assert.match(messageOf(source), /^This point in time is out of range/);
    }
  });
});
