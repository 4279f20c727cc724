import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JsonListSplitter } from '../../../../daemon/engine/json-list-splitter.ts';

describe('JsonListSplitter', () => {
  const split = (text: string, pieces: number): { values: unknown[]; problem: string | undefined } => {
    const splitter = new JsonListSplitter(10_000);
    const length = Math.max(1, Math.ceil(text.length / pieces));
    const values: unknown[] = [];
    for (let at = 0; at < text.length; at += length) for (const { element } of splitter.push(text.slice(at, at + length))) values.push(JSON.parse(element) as unknown);
    return { values, problem: splitter.end() };
  };

  it('gives the elements of any list, however it is written, and wherever it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 50 }), fc.constantFrom(undefined, 2, '\t'), (list, pieces, indent) => {
        const text = ` \n${JSON.stringify(list, undefined, indent)}\r\n`;
        assert.deepEqual(split(text, pieces), { values: JSON.parse(text) as unknown, problem: undefined });
      }),
      { numRuns: 1000 },
    );
  });

  it('never takes for a list what JSON takes for none', () => {
    const soup = fc.array(fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', ' ', '"a"', 'null', '-'), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(soup, (text) => {
        let outcome: ReturnType<typeof split> | undefined;
        try {
          outcome = split(text, 1);
        } catch {
          // An element that is no JSON: refused, too.
        }
        if (outcome !== undefined && outcome.problem === undefined) assert.deepEqual(outcome.values, JSON.parse(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('keeps no more than an element may have', () => {
    const splitter = new JsonListSplitter(1000);
    assert.deepEqual([...splitter.push('[1,\n"'), ...splitter.push('x'.repeat(2000))].map(({ element }) => element), ['1']);
    assert.match(splitter.end() ?? '', /near line 2 is longer than 1000 characters/);
  });
});
