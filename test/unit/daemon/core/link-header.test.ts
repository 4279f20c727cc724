import assert from 'node:assert/strict';
import fc from 'fast-check';
import { linksOf } from '../../../../daemon/core/link-header.ts';

describe('the link header of a page', () => {
  for (const [what, header, links] of [
    ['as GitHub sends it', '<https://api.github.com/r?page=2>; rel="next", <https://api.github.com/r?page=5>; rel="last"', { next: 'https://api.github.com/r?page=2', last: 'https://api.github.com/r?page=5' }],
    ['without quotes, and in any case', '</a>;REL=Next', { next: '/a' }],
    ['with several relations of one target', '</a>; rel="prev first"', { prev: '/a', first: '/a' }],
    ['with commas and semicolons in targets and quoted values', '</a,b;c>; title="x, <no>; rel=\\"prev\\""; rel="next"', { next: '/a,b;c' }],
    ['with other parameters in front', '</a>; title="t"; type=text/html; rel=next', { next: '/a' }],
    ['with the first of two targets of a relation', '</a>; rel=next, </b>; rel=next', { next: '/a' }],
    ['with the first rel of a target', '</a>; rel=prev; rel=next', { prev: '/a' }],
    ['with relations that are URLs', '</a>; rel="https://example.com/rel/x"', { 'https://example.com/rel/x': '/a' }],
    ['with a target of which nobody says what it is', '</a>', {}],
    ['that is no such thing', 'nonsense; rel=next', {}],
  ] as const) {
    it(`is read ${what}`, () => assert.deepEqual(linksOf(header), links));
  }

  it('is read to its end, whatever is in it', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', '\\', ';', ',', '=', ' ', 'rel', 'next', 'a'), maxLength: 200 }), (header) => {
      for (const target of Object.values(linksOf(header))) assert.ok(header.includes(`<`) && header.includes(target));
    }));
  });

  it('takes time in proportion to its length', () => {
    const hostile = [`<${'<'.repeat(50_000)}`, `<a>${'"'.repeat(50_001)}`, `<a>; rel="${'\\'.repeat(50_001)}`, `<a>${'; rel ='.repeat(8000)}`, `<a>${' '.repeat(50_000)}`];
    for (const header of hostile) assert.deepEqual(Object.keys(linksOf(header)).length <= 1, true);
  });
});
