import assert from 'node:assert/strict';
import fc from 'fast-check';
import { csvLines, type CsvShape } from '../../../../daemon/actions/files/csv-text.ts';
import { readItems } from '../../../../daemon/engine/item-file.ts';

const shape: CsvShape = { delimiter: ',', lineEnd: '\n', columns: undefined, escapesFormulas: false };

describe('the text of CSV rows', () => {
  it('is read by foreach.file as what was written, whatever is in the cells', async () => {
    const cell = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('"', ',', ';', '\n', '\r', ' ', '\t', "'", '=', 'a', '\u00a0', '\u2028', '\ufeff') }));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 8 }), fc.constantFrom(',', ';', '\t', '|'), fc.constantFrom('\n', '\r\n'), async (width, cells, delimiter, lineEnd) => {
        const rows = cells.map((row) => Object.fromEntries(row.slice(0, width).map((value, index) => [`c${index}`, value])));
        const lines = csvLines(rows, undefined, { ...shape, delimiter, lineEnd });
        assert.ok('text' in lines);
        const read: unknown[] = [];
        for await (const items of readItems(once(lines.text), { extension: '.csv', csv: { delimiter } })) read.push(...items.map((item) => JSON.parse(item) as unknown));
        assert.deepEqual(read, rows);
      }),
      { numRuns: 500 },
    );
  });

  it('has what JSON has of numbers, digit by digit', () => {
    const lines = csvLines([{ a: 9_007_199_254_740_991, b: 0.1, c: -0, d: 1e21 }], undefined, shape);
    assert.ok('text' in lines);
    assert.equal(lines.text, 'a,b,c,d\n9007199254740991,0.1,0,1e+21\n');
  });
});

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
