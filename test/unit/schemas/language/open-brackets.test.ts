import assert from 'node:assert/strict';
import { expressionBrackets, flowBrackets, openSigns } from '../../../../schemas/language/open-expression.ts';

describe('open brackets', () => {
  const closers = (source: string, syntax: typeof flowBrackets): string => openSigns(source, syntax).brackets.map(({ closer }) => closer).join('');

  it('are those that nothing has closed, the innermost last', () => {
    assert.equal(closers('size([1, {"a": f(x), ', expressionBrackets), ')]}');
    assert.equal(closers('a(b[c{d}e]f)', expressionBrackets), '');
  });

  it('count the commas of each, and none of those further in', () => {
    assert.deepEqual(openSigns('f(a, g(b, c), [d, ', expressionBrackets).brackets.map(({ at, commas }) => [at, commas]), [[1, 2], [14, 1]]);
  });

  it('are closed by their own closer only', () => {
    assert.equal(closers('f(a], b', expressionBrackets), ')');
    assert.equal(closers('] } {', flowBrackets), '}');
  });

  it('stand outside of texts', () => {
    assert.deepEqual(openSigns(`f("(\\"[", '{`, expressionBrackets), { brackets: [{ at: 1, closer: ')', commas: 1 }], quoteAt: 10 });
  });

  it('of YAML are those of its lists and maps; its quotes are those at the beginning of a value', () => {
    assert.equal(closers(`with: { a: it's (, b: [`, flowBrackets), '}]');
    assert.equal(closers(`{ a: '[\\', b: "[\\"[", c: [`, flowBrackets), '}]');
    assert.equal(openSigns(`{ 'a`, flowBrackets).quoteAt, 2);
  });
});
