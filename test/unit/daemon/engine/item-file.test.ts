import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('a file of items', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const over = (file: string, queue = ''): string => `
queues: { mail: { concurrency: 50${queue} } }
steps:
  each:
    queue: mail
    uses: test/scripted
    foreach: { file: "${file}", on-item-failure: continue }
    with: { item: "\${{ item }}" }
`;
  const items = (): unknown[] => bench.action.inputs.map(({ item }) => item);
  async function read(name: string, content: string): Promise<unknown[]> {
    bench.file(name, content);
    const run = await bench.run(over(name));
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
    return items();
  }
  async function fails(name: string, content: string | Buffer | undefined): Promise<string> {
    if (content !== undefined) bench.file(name, content);
    const run = await bench.run(over(name));
    const { state, steps } = await bench.runDetail(run);
    assert.deepEqual([state, steps[0]?.state], ['failed', 'failed']);
    return steps[0]?.error?.message ?? '';
  }

  it('gives the rows of a CSV by its header: quotes, byte order mark, CRLF, empty lines and all', async () => {
    assert.deepEqual(await read('people.csv', '\uFEFFemail, name\r\na@x,"Ann ""A"", of B"\r\n\r\nb@x,"two\r\nlines"\r\n'), [
      { email: 'a@x', name: 'Ann "A", of B' },
      { email: 'b@x', name: 'two\r\nlines' },
    ]);
  });

  it('gives the lines of a JSONL, byte order mark, CRLF and empty lines or not', async () => {
    assert.deepEqual(await read('people.jsonl', '\uFEFF{"a":1}\r\n\r\n[2]\r\n"ü"'), [{ a: 1 }, [2], 'ü']);
  });

  it('gives the elements of a JSON list, on many lines or a single long one', async () => {
    assert.deepEqual(await read('people.json', '\uFEFF[\r\n{"a":\r\n1},\r\n\r\n"ü"]\r\n'), [{ a: 1 }, 'ü']);
    const long = Array.from({ length: 300 }, (_, index) => `${index} ${'ü\\'.repeat(5000)}`);
    assert.deepEqual((await read('long.json', JSON.stringify(long))).slice(2), long);
  });

  it('that has a header only, or is empty, has no items', async () => {
    assert.deepEqual(await read('none.csv', 'email,name\n'), []);
    assert.deepEqual(await read('empty.csv', ''), []);
    assert.deepEqual(await read('none.jsonl', '\n'), []);
    assert.deepEqual(await read('none.json', '[]'), []);
  });

  it('of twenty thousand rows becomes as many jobs', async () => {
    bench.file('large.csv', `n,text\n${Array.from({ length: 20_000 }, (_, index) => `${index},"row, ${index}"`).join('\n')}\n`);
    const run = await bench.run(over('large.csv'));
    assert.deepEqual((await bench.runDetail(run)).jobs, { total: 20_000, open: 0, succeeded: 20_000, dead: 0, cancelled: 0, discarded: 0 });
    assert.deepEqual(items().at(-1), { n: '19999', text: 'row, 19999' });
  });

  for (const [what, name, content, message] of [
    ['has too many fields in a row', 'a.csv', 'a,b\n1,2\n3,4,5\n', /line 3/],
    ['opens a quote and never closes it', 'b.csv', 'a,b\n1,2\n3,"4\n5,6\n', /opened after line 2/],
    ['names a column twice', 'c.csv', 'a,a\n1,2\n', /line 1 names the column "a" twice, as column 1 and as column 2/],
    ['has fewer fields in a row than its heading', 'ragged.csv', 'a;b;c\n1;2;3\n"x\ny";2\n', /line 3 has another number of fields \(2\) than the heading in line 1 \(3\), separated by ";"/],
    ['has values in a column without a name', 'unnamed.csv', 'a,,b\n1,,2\n1,x,2\n', /line 3 has the value "x" in column 2, which has no name in line 1/],
    ['names no column at all', 'unnamed2.csv', ',,\n1,2,3\n', /line 1 has no name for any column/],
    ['could have two delimiters', 'both.csv', 'Name, first;City\n"A";B, C\n', /could be separated by "," or by ";": say which, such as `csv: \{ delimiter: "," \}`/],
    ['has zero bytes in UTF-16', 'nul16.csv', Buffer.from('\uFEFFa\n\0\n', 'utf16le'), /line 2 has a zero byte/],
    ['has half of a character in UTF-16', 'half16.csv', Buffer.from('\uFEFFa\nxy\ud800z\n', 'utf16le'), /it is not UTF-16 \(little-endian\): line 2, column 3 has half of a character \(D800, at offset 10\)/],
    ['ends within a character of UTF-16', 'odd16.csv', Buffer.concat([Buffer.from('\uFEFFa\nb', 'utf16le'), Buffer.from([0x63])]), /ends within a character, at offset 8 \(line 2, column 2\)/],
    ['has a line that is no JSON', 'd.jsonl', '{}\n\n{"a":\n', /line 3 is no JSON/],
    ['has a line that is longer than any item may be', 'e.jsonl', `{}\n"${'x'.repeat(3_000_000)}"\n`, /line 2 is longer/],
    ['ends before its list does', 'f.json', '[1,\n2', /near line 2/],
    ['has something else than JSON in its list', 'g.json', '[1,\n2,\nnope]', /near line 3/],
    ['holds an object and no list', 'h.json', '{"a": [1]}', /array/],
    ['is in Windows-1252', 'i.csv', Buffer.from('name\nAda\nG\u{fc}nter\n', 'latin1'), /: it is not UTF-8: line 3, column 2 has the byte FC \(at offset 10\).*Save it as UTF-8 \(in Excel: "CSV UTF-8"\), or say its encoding/],
    ['is in Windows-1252 far into a long line', 'j.json', Buffer.from(`[1,\n"${'x'.repeat(600_000)}\u{fc}"]`, 'latin1'), /line 2, column 600002 has the byte FC/],
    ['ends in the middle of a character', 'k.jsonl', Buffer.from('"a"\n"ü').subarray(0, 6), /line 2, column 2 has the byte C3/],
    ['is UTF-16 without a mark', 'l.csv', Buffer.from('name\nAda\n', 'utf16le'), /line 1 has a zero byte, as UTF-16/],
    ['has zero bytes', 'm.csv', `name\n${'Ada\n'.repeat(100_000)}\0`, /line 100002 has a zero byte/],
    ['has a number that would be rounded', 'n.jsonl', '1\n{"id": 7615917337495251231}\n', /line 2: the number 7615917337495251231 would become 7615917337495251000/],
    ['has a number that would be rounded in its list', 'o.json', '[1,\n{"id": 7615917337495251231}]', /near line 2: the number 7615917337495251231/],
    ['has a key twice', 's.jsonl', '{}\n{"id": 1, "name": {"id": 2}, "id": 3}\n', /s\.jsonl": line 2: the key "id" is in the same object twice, .*remove or rename/],
    ['has a key twice in its list', 't.json', '[1,\n{"a": 1,\n"a": 3}]', /near line \d: the key "a" is in the same object twice,/],
    ['continues after its list', 'p.json', '[1]\n[2]', /near line 2 something follows the end of its list: "\["/],
    ['is empty if a list is wanted', 'q.json', ' \n', /is empty, and has to hold a JSON array/],
    ['has an element too many', 'r.json', '[1,]', /near line 1 it is no longer a JSON list/],
    ['doesn\'t exist', 'missing.csv', undefined, /"missing\.csv" doesn't exist/],
    ['lies outside of the project', '../outside.csv', undefined, /outside\.csv/],
    ['is named by an absolute path', '/etc/hosts.csv', undefined, /relative to the project/],
    ['belongs to the daemon', '.sluice/state/store.jsonl', '{}', /daemon's state/],
  ] as const) {
    it(`that ${what} fails the step and says so`, async () => {
      assert.match(await fails(name, content), message);
      assert.ok((await fails(name, content)).includes(path.basename(name)), 'names the file');
    });
  }

  it('that is a link out of the project is refused', async () => {
    const outside = path.join(tmpdir(), `${path.basename(bench.folder)}.csv`);
    writeFileSync(outside, 'a\n1\n');
    symlinkSync(outside, path.join(bench.folder, 'link.csv'));
    try {
      assert.match(await fails('link.csv', undefined), /leaves the project/);
    } finally {
      rmSync(outside);
    }
    assert.equal(bench.action.seen.length, 0);
  });

  it('that is a folder is refused', async () => {
    mkdirSync(path.join(bench.folder, 'folder.csv'));
    assert.match(await fails('folder.csv', undefined), /not a file|can't be read/);
  });

  it('that is bad anywhere fails the step before anything is sent, and leaves no copy', async () => {
    for (const [name, content] of [
      ['late.jsonl', `${'{}\n'.repeat(120_000)}nope\n`],
      ['late.csv', `a\n${'1\n'.repeat(120_000)}2,3\n`],
      ['late.json', `[${'1,'.repeat(120_000)}2`],
      ['late-latin.csv', Buffer.from(`a\n${'1\n'.repeat(120_000)}\u{fc}\n`, 'latin1')],
    ] as const) {
      bench.file(name, content);
      const run = await bench.run(over(name));
      assert.deepEqual(await bench.states(run), { run: 'failed', each: 'failed' }, name);
      assert.equal((await bench.runDetail(run)).jobs.total, 0, name);
    }
    assert.equal(bench.action.seen.length, 0);
    assert.deepEqual(readdirSync(path.join(bench.stateFolder, 'items')), []);
  });

  it('that is a hole of a gigabyte takes neither memory nor disk', async () => {
    bench.file('hole.csv', 'a\n');
    truncateSync(path.join(bench.folder, 'hole.csv'), 2 ** 30);
    const before = process.memoryUsage().rss;
    assert.match(await fails('hole.csv', undefined), /line 2 has a zero byte/);
    assert.deepEqual(readdirSync(path.join(bench.stateFolder, 'items')), []);
    assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
  });

  it('that a person fixes and replays is read again', async () => {
    assert.match(await fails('again.csv', 'a\n1,2\n'), /line 2/);
    bench.file('again.csv', 'a\n1\n');
    assert.deepEqual(await read('again.csv', 'a\n1\n'), [{ a: '1' }]);
  });

  it('of which an earlier version had begun continues from the copy that it made', async () => {
    bench.file('list.csv', `n\n${Array.from({ length: 900 }, (_, index) => String(index)).join('\n')}\n`);
    const run = await bench.run(over('list.csv', ', max-depth: 100, rate: { limit: 100, per: 1s, burst: 100 }'));
    await bench.crash();
    const folder = path.join(bench.stateFolder, 'items');
    const [copy = ''] = readdirSync(folder);
    rmSync(path.join(folder, copy));
    renameSync(path.join(bench.folder, 'list.csv'), path.join(folder, copy.replace('.items', '.csv')));
    await bench.start();
    await bench.advance(30 * second);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
    assert.equal(new Set(items().map((item) => JSON.stringify(item))).size, 900);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('has been copied: what becomes of it during the fan-out changes nothing', async () => {
    const lines = (word: string): string => `word,n\n${Array.from({ length: 900 }, (_, index) => `${word},${index}`).join('\n')}\n`;
    bench.file('list.csv', lines('old'));
    const run = await bench.run(over('list.csv', ', max-depth: 100, rate: { limit: 100, per: 1s, burst: 100 }'));
    await bench.advance(2 * second);
    bench.file('list.csv', lines('new'));
    await bench.advance(2 * second);
    rmSync(path.join(bench.folder, 'list.csv'));
    await bench.crash();
    await bench.start();
    await bench.advance(30 * second);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
    assert.equal(items().length, 900);
    assert.deepEqual(new Set(items().map((item) => JSON.stringify(item))), new Set(Array.from({ length: 900 }, (_, index) => JSON.stringify({ word: 'old', n: String(index) }))));
    assert.deepEqual(readdirSync(path.join(bench.stateFolder, 'items')), [], 'the copy is gone');
  });

  it('loses no row to crashes in the middle, and gives none twice', async () => {
    bench.file('list.csv', `n\n${Array.from({ length: 3000 }, (_, index) => String(index)).join('\n')}\n`);
    void bench.run(over('list.csv')).catch(() => 0);
    for (let crash = 0; crash < 5; crash++) {
      for (let turn = 0; turn < 12; turn++) await bench.turn();
      await bench.crash();
      await bench.start();
    }
    await bench.rest();
    assert.deepEqual((await bench.runDetail(1)).jobs.succeeded, 3000);
    assert.deepEqual(new Set(items().map((item) => JSON.stringify(item))).size, 3000);
  });

  it('has a copy no longer than runs are kept, where the fan-out was cut short', async () => {
    bench.file('cut.jsonl', '{}\n'.repeat(600));
    await bench.cancelRun(await bench.run(over('cut.jsonl', ', max-depth: 10').replace('with: {', 'timeout: 1h\n    with: { do: hang,')));
    bench.file('open.jsonl', '{}\n'.repeat(600));
    await bench.run(over('open.jsonl', ', max-depth: 10').replace('with: {', 'timeout: 1h\n    with: { do: hang,'));
    const folder = path.join(bench.stateFolder, 'items');
    assert.equal(readdirSync(folder).length, 2);
    const before = new Date(bench.clock.now() - 31 * 86_400_000);
    for (const name of readdirSync(folder)) utimesSync(path.join(folder, name), before, before);
    await bench.advance(10 * 60 * second);
    assert.deepEqual(readdirSync(folder).map((name) => name.replace(/^\w+/, '')), ['-2.items']);
  });

  it('that can\'t be copied just now is tried again', async () => {
    bench.file('list.csv', 'n\n1\n');
    bench.file('.sluice/state/items', 'a file where the folder of copies should be');
    const run = await bench.run(over('list.csv'));
    assert.equal((await bench.states(run))['run'], 'running');
    assert.ok(bench.logged.some(({ level }) => level === 'error'));
    rmSync(path.join(bench.stateFolder, 'items'));
    await bench.advance(10 * second);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });
});
