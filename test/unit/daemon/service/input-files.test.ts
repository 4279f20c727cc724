import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { maxInputBytes, readInputFiles } from '../../../../daemon/service/run-inputs.ts';
import { CodedError, type ErrorCode } from '../../../../schemas/protocol/error.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';

const schema: JsonObject = { type: 'object', properties: { list: { type: 'array' }, text: { type: 'string' }, other: {} } };

describe('inputs from files', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-inputs-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const file = async (name: string, content: string | Buffer): Promise<string> => {
    const absolute = path.join(folder, name);
    await writeFile(absolute, content);
    return absolute;
  };
  const refused = (files: Readonly<Record<string, string>>, code: ErrorCode, message: RegExp): Promise<void> =>
    assert.rejects(readInputFiles(files, schema), (error) => {
      assert.ok(error instanceof CodedError);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });

  it('are lists, values or texts by their names, and texts where the workflow wants one', async () => {
    const csv = await file('a.csv', '\uFEFFname;city\n');
    assert.equal((await readInputFiles({ text: csv }, schema))['text'], 'name;city\n');
    assert.deepEqual(await readInputFiles({ list: await file('b.CSV', 'a,b\n1,"x,y"\n') }, schema), { list: [{ a: '1', b: 'x,y' }] });
    assert.deepEqual(await readInputFiles({ list: await file('utf16.csv', Buffer.from('\uFEFFa;b\n1;2\n', 'utf16le')) }, schema), { list: [{ a: '1', b: '2' }] });
    assert.deepEqual(await readInputFiles({ list: await file('latin1.csv', Buffer.from('a\nGr\u{fc}n\n', 'latin1')) }, schema, { csv: { encoding: 'windows-1252' } }), { list: [{ a: 'Grün' }] });
    assert.deepEqual(await readInputFiles({ list: await file('empty.jsonl', '') }, schema), { list: [] });
    assert.deepEqual(await readInputFiles({ other: await file('c.json', '\uFEFF{"a":1}') }, schema), { other: { a: 1 } });
    assert.deepEqual(await readInputFiles({ other: await file('d.md', '# Größe') }, schema), { other: '# Größe' });
  });

  it('of the rows of a CSV are numbers and booleans where the schema asks for them, and texts otherwise', async () => {
    const columns = { type: 'object', properties: { list: { type: 'array', items: { properties: { age: { type: ['integer', 'null'] }, vip: { type: 'boolean' }, zip: { type: 'string' }, mixed: { type: ['number', 'string'] }, missing: { type: 'number' } } } } } };
    const given = await file('typed.csv', 'age;vip;zip;mixed;other\n42;true;01234;1;5\n;no;;x;\n');
    assert.deepEqual(await readInputFiles({ list: given }, columns), { list: [{ age: 42, vip: true, zip: '01234', mixed: '1', other: '5' }, { age: null, vip: false, zip: '', mixed: 'x', other: '' }] });
    await assert.rejects(readInputFiles({ list: await file('typed2.csv', 'age\n9007199254740993\n') }, columns), /typed2\.csv: line 2, column "age": the number 9007199254740993 would become/);
  });

  it('name the file and the place of what is wrong in them', async () => {
    await refused({ list: await file('bad.jsonl', '{"a":1}\n{"a":\n') }, 'invalid-inputs', /bad\.jsonl: line 2 is no JSON/);
    await refused({ other: await file('bad.json', '[1,') }, 'invalid-inputs', /bad\.json: .*JSON/);
    await refused({ list: await file('bad.csv', 'a,b\n1,2,3\n') }, 'invalid-inputs', /bad\.csv: .*line 2/);
    await refused({ text: await file('latin1.txt', Buffer.from('a\nGr\u{fc}n', 'latin1')) }, 'invalid-inputs', /latin1\.txt is not UTF-8: line 2, column 3 has the byte FC.*Save it as UTF-8/);
    await refused({ list: await file('latin1.csv', Buffer.from('a\nGr\u{fc}n', 'latin1')) }, 'invalid-inputs', /latin1\.csv: it is not UTF-8: line 2, column 3 has the byte FC .*csv: \{ encoding: windows-1252 \}/);
    await refused({ list: await file('ids.jsonl', '1\n[7615917337495251231]\n') }, 'invalid-inputs', /ids\.jsonl: line 2: the number 7615917337495251231 would become/);
    await refused({ other: await file('id.json', '{"id": 7615917337495251231}') }, 'invalid-inputs', /id\.json: the number 7615917337495251231 would become .*write it as text/);
    await refused({ list: await file('twice.jsonl', '1\n{"a":1,"a":2}\n') }, 'invalid-inputs', /twice\.jsonl: line 2: the key "a" is in the same object twice,/);
    await refused({ other: await file('twice.json', '{\n"a": 1,\n"a": 2}') }, 'invalid-inputs', /twice\.json: the key "a" is in the same object twice \(lines 2 and 3\), .*remove or rename/);
    await refused({ text: path.join(folder, 'none') }, 'invalid-inputs', /none doesn't exist/);
    await refused({ text: 'relative.txt' }, 'invalid-params', /absolute path/);
  });

  it('are ordinary files: nothing that has no end, or that waits for a writer', async function () {
    await refused({ text: folder }, 'invalid-inputs', /is a folder/);
    if (process.platform === 'win32') this.skip();
    const pipe = path.join(folder, 'pipe.jsonl');
    execFileSync('mkfifo', [pipe]);
    await refused({ list: pipe }, 'invalid-inputs', /is a named pipe, not a file/);
    await refused({ text: '/dev/zero' }, 'invalid-inputs', /is a device, not a file/);
    await refused({ text: '/dev/stdin' }, 'invalid-inputs', /not a file|can't be read/);
  });

  it('are bounded, each and together, before they are read', async () => {
    const huge = await file('huge.txt', '');
    await truncate(huge, 2 ** 40);
    await refused({ text: huge }, 'too-large', /has more than 67,108,864 bytes.*foreach/);
    const half = await file('half.txt', 'x'.repeat(maxInputBytes / 2 + 1));
    await refused({ text: half, other: half }, 'too-large', /have 67,108,864 together/);
  });

  it('are bounded in what becomes of them: each row of a .csv repeats the names of its columns', async () => {
    const name = 'x'.repeat(100_000);
    await refused({ list: await file('wide.csv', `${name}\n${'1\n'.repeat(2000)}`) }, 'too-large', /becomes a list of more than/);
  });

  it('are not read for an input that the workflow does not have', async () => {
    assert.deepEqual(await readInputFiles({ unknown: '/dev/zero' }, schema), { unknown: null });
    const values = await readInputFiles(JSON.parse('{"__proto__":"/etc/passwd"}') as Record<string, string>, schema);
    assert.deepEqual(Object.keys(values), ['__proto__']);
  });
});
