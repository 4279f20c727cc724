import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineMap } from '../../../schemas/workflow/line-map.ts';

describe('LineMap', () => {
  const places: readonly (readonly [name: string, text: string, offset: number, line: number, column: number])[] = [
    ['the start', 'ab\ncd', 0, 1, 1],
    ['a line break itself', 'ab\ncd', 2, 1, 3],
    ['behind LF', 'ab\ncd', 3, 2, 1],
    ['behind CR LF', 'ab\r\ncd', 4, 2, 1],
    ['behind a lone CR', 'ab\rcd', 3, 2, 1],
    ['the end', 'ab\ncd', 5, 2, 3],
    ['an empty last line', 'ab\n', 3, 2, 1],
    ['an empty text', '', 0, 1, 1],
    ['a tab as one column', '\tx', 1, 1, 2],
    ['an emoji as two', '😀x', 2, 1, 3],
    ['behind a byte order mark', '\uFEFFab', 1, 1, 1],
    ['the byte order mark itself', '\uFEFFab', 0, 1, 1],
    ['before the text', 'ab', -5, 1, 1],
    ['behind the text', 'ab', 99, 1, 3],
  ];
  for (const [name, text, offset, line, column] of places) {
    it(`knows ${name}`, () => assert.deepEqual(new LineMap(text).positionAt(offset), { line, column }));
  }

  it('takes lines and columns beyond the text as the nearest there is', () => {
    const map = new LineMap('ab\r\nc');
    assert.equal(map.offsetAt({ line: 1, column: 99 }), 2);
    assert.equal(map.offsetAt({ line: 0, column: 0 }), 0);
    assert.equal(map.offsetAt({ line: 99, column: 99 }), 5);
  });

  it('gives the text of a line without its break', () => {
    const map = new LineMap('a\r\nb\n\nc\rd');
    assert.deepEqual([1, 2, 3, 4, 5, 6].map((line) => map.lineText(line)), ['a', 'b', '', 'c', 'd', '']);
    assert.equal(map.lineCount, 5);
  });

  it('goes there and back for any offset that is not within a line break', () => {
    const texts = fc.array(fc.constantFrom('a', '\n', '\r\n', '\r', '\t', '😀', 'é'), { maxLength: 30 });
    fc.assert(
      fc.property(texts, fc.nat(60), (parts, at) => {
        const text = parts.join('');
        const offset = Math.min(at, text.length);
        if (text[offset - 1] === '\r' && text[offset] === '\n') return;
        const map = new LineMap(text);
        assert.equal(map.offsetAt(map.positionAt(offset)), offset);
      }),
    );
  });
});
