import assert from 'node:assert/strict';
import { type Column, renderTable } from '../../../../../daemon/cli/render/table.ts';
import { widthOf } from '../../../../../daemon/cli/render/text-width.ts';
import { processorMs } from '../../../../support/processor-time.ts';
import { pipe } from '../protocol-samples.ts';

interface Row {
  readonly name: string;
  readonly count: string;
  readonly note: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinkTo: 6 },
  { title: 'COUNT', value: ({ count }) => count, align: 'right' },
  { title: 'NOTE', value: ({ note }) => note, dropOrder: 1 },
];
const rows: readonly Row[] = [
  { name: 'a-rather-long-name', count: '12,345', note: 'noted' },
  { name: '', count: '7', note: '' },
];

describe('a table', () => {
  it('is aligned and whole in a pipe', () => {
    assert.equal(
      renderTable(rows, columns, pipe),
      ['NAME                 COUNT  NOTE', 'a-rather-long-name  12,345  noted', '                         7'].join('\n'),
    );
  });

  it('cuts what may be cut until it fits', () => {
    assert.equal(renderTable(rows, columns, { ...pipe, width: 26 }), ['NAME          COUNT  NOTE', 'a-rather-l…  12,345  noted', '                  7'].join('\n'));
  });

  it('leaves out what may be left out before it cuts too much', () => {
    assert.equal(renderTable(rows, columns, { ...pipe, width: 15 }), ['NAME      COUNT', 'a-rath…  12,345', '              7'].join('\n'));
  });

  it('fits texts of wide characters too', () => {
    const text = renderTable([{ name: '世界世界世界世界世界', count: '1', note: '' }], columns, { ...pipe, width: 20 });
    for (const line of text.split('\n')) assert.ok(widthOf(line) <= 20, line);
    assert.ok(renderTable([{ name: '世界世界世界世界世界', count: '1', note: '' }], columns, pipe).includes('世界世界世界世界世界'));
  });

  it('colours a cell without moving its neighbours', () => {
    const red = columns.map((column) => ({ ...column, format: () => 'red' as const }));
    const style = (format: string | undefined, text: string): string => (format === 'red' ? `\u001b[31m${text}\u001b[39m` : text);
    const coloured = renderTable(rows, red, { ...pipe, style });
    assert.ok(coloured.includes('\u001b[31m'));
    const plain = coloured.replace(/\u001b\[\d+m/g, '').split('\n').map((line) => line.trimEnd()).join('\n');
    assert.equal(plain, renderTable(rows, columns, pipe));
  });

  it('draws thousands of rows in no time', () => {
    const many = Array.from({ length: 5000 }, () => rows[0] ?? { name: '', count: '', note: '' });
    let text = '';
    assert.ok(processorMs(() => (text = renderTable(many, columns, pipe))) < 5_000);
    assert.equal(text.split('\n').length, 5001);
  });
});
