import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readItems } from '../../../../daemon/engine/item-file.ts';
import type { FoundItems } from '../../../../schemas/protocol/run.ts';
import type { CsvFormat } from '../../../../schemas/workflow/csv-format.ts';

interface Read {
  readonly rows: readonly unknown[];
  readonly found: FoundItems | undefined;
}

/** `pieceBytes`: how the file comes. */
async function read(content: string | Buffer, csv: CsvFormat = {}, pieceBytes = 65_536): Promise<Read> {
  const bytes = Buffer.from(content as string);
  const rows: unknown[] = [];
  let found: FoundItems | undefined;
  for await (const items of readItems(piecesOf(bytes, pieceBytes), { extension: '.csv', csv, onFound: (one) => (found = one) })) rows.push(...items.map((item) => JSON.parse(item) as unknown));
  return { rows, found };
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

const problemOf = async (content: string | Buffer, csv: CsvFormat = {}, pieceBytes?: number): Promise<string> => {
  try {
    await read(content, csv, pieceBytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return assert.fail('it was read');
};

describe('a CSV', () => {
  for (const [delimiter, text] of [
    [',', 'id,text\n1,"a;b|c"\n2,x;y\n'],
    [';', 'id;text\n1;1,50\n2;2,75\n'],
    ['\t', 'id\ttext\n1\ta, b; c\n2\t\n'],
    ['|', 'id|text\n1|"x|y"\n2|z\n'],
    [';', 'id;"text, or so; quoted"\n1;2\n2;"3;4;5,6"\n'],
    [',', 'id\n1;2\n2\n'],
    [';', 'sep=;\nid;a,b,c\n1;2\n2;4\n'],
    ['~', '"sep=~"\r\nid~text\r\n1~2\r\n2~1\r\n'],
  ] as const) {
    it(`has its delimiter found: ${JSON.stringify(text)}`, async () => {
      const { rows, found } = await read(text);
      assert.equal(found?.delimiter, delimiter);
      assert.deepEqual(rows.map((row) => (row as { readonly id: string }).id), text.startsWith('id\n') ? ['1;2', '2'] : ['1', '2']);
    });
  }

  it('has empty cells between tabs, and at the end of a line', async () => {
    assert.deepEqual((await read('a\tb\tc\r\n\t\t3\r\n1\t\t\r\n')).rows, [{ a: '', b: '', c: '3' }, { a: '1', b: '', c: '' }]);
  });

  it('tells what it turned out to be', async () => {
    assert.deepEqual((await read('\uFEFFsep=;\r\nname;;city\r\nAda;;"Lon\ndon"\r\n')).found, { encoding: 'utf-8', delimiter: ';', columns: ['name', 'city'], items: 1 });
    assert.deepEqual((await read('')).found, { encoding: 'utf-8', items: 0 });
  });

  it('has its columns as they are named, whatever the name', async () => {
    const { rows } = await read('__proto__,constructor,1\na,b,c\n');
    assert.equal(JSON.stringify(rows), '[{"1":"c","__proto__":"a","constructor":"b"}]');
  });

  it('leaves out a column that has neither a name nor a value, as Excel leaves some at the end', async () => {
    assert.deepEqual((await read('a,b,,\n1,2,,\n3,4,,\n')).rows, [{ a: '1', b: '2' }, { a: '3', b: '4' }]);
  });

  it('counts lines after `sep=`, and within quotes', async () => {
    assert.match(await problemOf('sep=;\na;b\n"1\n2";3\n4\n'), /^line 5 has another number of fields \(1\) than the heading in line 2 \(2\)/);
  });

  it('that says another delimiter than the workflow is refused', async () => {
    assert.match(await problemOf('sep=;\na;b\n', { delimiter: ',' }), /^line 1 says that fields are separated by ";", and `csv\.delimiter` is ","/);
  });

  describe('has text in its cells', () => {
    it('unless types are asked for', async () => {
      const text = 'id,n,x,yes\n0049,0049,1e2,TRUE\n12345678901234567890,,-.5,no\n';
      assert.deepEqual((await read(text)).rows[1], { id: '12345678901234567890', n: '', x: '-.5', yes: 'no' });
      assert.deepEqual((await read(text, { types: { n: 'integer', x: 'number', yes: 'boolean' } })).rows, [
        { id: '0049', n: 49, x: 100, yes: true },
        { id: '12345678901234567890', n: null, x: -0.5, yes: false },
      ]);
    });

    it('and one that is not of the type is an error at its line', async () => {
      assert.match(await problemOf('a,b\n1,2\n"\n",abc\n', { types: { b: 'integer' } }), /^line 3, column "b": "abc" is not a whole number$/);
      assert.match(await problemOf('a;b\n1;1.234,50\n', { types: { b: 'number' } }), /^line 2, column "b": "1\.234,50" is not a number: a number has a decimal point/);
      assert.match(await problemOf('a\nmaybe\n', { types: { a: 'boolean' } }), /"maybe" is neither true nor false/);
      assert.match(await problemOf('amount\n1\n', { types: { amuont: 'number' } }), /`csv\.types` names the column "amuont", which line 1 doesn't have; did you mean "amount"\?/);
    });

    it('of which no number is rounded', async () => {
      for (const literal of ['9007199254740993', '-9007199254740993', '1e400', '12345678901234567890.0']) assert.match(await problemOf(`a\n${literal}\n`, { types: { a: 'number' } }), /leave the column text/, literal);
      assert.deepEqual((await read('a\n9007199254740991\n', { types: { a: 'integer' } })).rows, [{ a: 9007199254740991 }]);
    });
  });

  describe('in an encoding', () => {
    const text = 'name;preis\nGrüße – „Ada“;5 €\n';
    const windows = Buffer.concat([Buffer.from('name;preis\nGr', 'latin1'), Buffer.from([0xfc, 0xdf, 0x65, 0x20, 0x96, 0x20, 0x84, 0x41, 0x64, 0x61, 0x93, 0x3b, 0x35, 0x20, 0x80, 0x0a])]);
    const row = { name: 'Grüße – „Ada“', preis: '5 €' };
    const big = (of: string): Buffer => Buffer.from(of, 'utf16le').swap16();

    for (const [what, bytes, csv, encoding] of [
      ['UTF-8', Buffer.from(text), {}, 'utf-8'],
      ['UTF-8 with its mark', Buffer.from(`\uFEFF${text}`), {}, 'utf-8'],
      ['UTF-16, little-endian', Buffer.from(`\uFEFF${text}`, 'utf16le'), {}, 'utf-16le'],
      ['UTF-16, big-endian', big(`\uFEFF${text}`), {}, 'utf-16be'],
      ['UTF-16 without a mark, where it is said', Buffer.from(text, 'utf16le'), { encoding: 'utf-16le' }, 'utf-16le'],
      ['UTF-16 big-endian without a mark, where it is said', big(text), { encoding: 'utf-16be' }, 'utf-16be'],
      ['Windows-1252, where it is said', windows, { encoding: 'windows-1252' }, 'windows-1252'],
    ] as const) {
      it(`is read as ${what}, however its pieces are cut`, async () => {
        for (const pieceBytes of [1, 2, 3, 7, 65_536]) {
          const { rows, found } = await read(bytes, csv, pieceBytes);
          assert.deepEqual(rows, [row], `${pieceBytes} bytes a piece`);
          assert.equal(found?.encoding, encoding);
        }
      });
    }

    it('that it is not in is refused with the place', async () => {
      assert.match(await problemOf(windows, {}, 3), /^it is not UTF-8: line 2, column 3 has the byte FC \(at offset 13\)/);
      assert.match(await problemOf(Buffer.from([0x61, 0x0a, 0x62, 0x81]), { encoding: 'windows-1252' }, 1), /^it is not Windows-1252: line 2, column 2 has the byte 81 \(at offset 3\)/);
      assert.match(await problemOf(Buffer.from(text), { encoding: 'windows-1252' }, 1), /^it is UTF-8, not Windows-1252: .* the first in line 2, column 3\. Take the encoding out/);
      assert.match(await problemOf(Buffer.from(`\uFEFF${text}`), { encoding: 'windows-1252' }), /^it is UTF-8, as its byte order mark says, and not Windows-1252/);
      assert.match(await problemOf(Buffer.from(`\uFEFF${text}`, 'utf16le'), { encoding: 'utf-8' }), /^it is UTF-16 \(little-endian\), as its byte order mark says/);
    });

    it('of eight bits that is ASCII only, or has a byte that UTF-8 has not, is that encoding', async () => {
      assert.deepEqual((await read('a\nb\n', { encoding: 'windows-1252' })).rows, [{ a: 'b' }]);
      assert.deepEqual((await read(Buffer.from('a\n\u{c3}\u{a4}\u{fc}\n', 'latin1'), { encoding: 'windows-1252' })).rows, [{ a: 'Ã¤ü' }]);
    });
  });

  it('is read as it was written, whatever its cells hold and however its pieces are cut', async () => {
    // A cell is trimmed unless it is quoted, a text has no zero byte, and lines that are empty are left out: each cell is quoted.
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', ' ', '\t', '|', 'é', '🙂', '=', '1'), maxLength: 8 });
    const table = fc.integer({ min: 1, max: 4 }).chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom(',', ';', '\t', '|'), fc.constantFrom('\n', '\r\n'), fc.constantFrom('utf8' as const, 'utf16le' as const), fc.integer({ min: 1, max: 40 }), async (cells, delimiter, end, encoding, pieceBytes) => {
        const names = (cells[0] ?? []).map((_, index) => `c${index}`);
        const quoted = cells.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(delimiter));
        const text = `\uFEFF${[names.join(delimiter), ...quoted].join(end)}${end}`;
        const { rows } = await read(Buffer.from(text, encoding), { delimiter }, pieceBytes);
        assert.deepEqual(rows, cells.map((row) => Object.fromEntries(row.map((one, index) => [`c${index}`, one]))));
      }),
      { numRuns: Number(process.env['SLUICE_RUNS'] ?? 200) },
    );
  });
});
