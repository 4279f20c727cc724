import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DocumentFile } from '../../../client/document-file.ts';

interface Notes {
  readonly notes: readonly string[];
}

describe('a small document on disk', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-document-'));
    file = path.join(folder, 'new', 'notes.json');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (): DocumentFile<Notes> =>
    new DocumentFile<Notes>({
      file,
      lockFile: path.join(folder, 'lock'),
      empty: { notes: [] },
      parse: (value) => (typeof value === 'object' && value !== null && 'notes' in value && Array.isArray(value.notes) ? { notes: value.notes.map(String) } : undefined),
    });
  const add =
    (note: string) =>
    ({ notes }: Notes): Notes => ({ notes: [...notes, note] });
  const modeOf = (name: string): number => statSync(name).mode & 0o777;
  const names = (): string[] => readdirSync(path.dirname(file)).sort();

  it('is empty before the first write, and read again by another', async () => {
    const document = open();
    assert.deepEqual(await document.read(), { notes: [] });
    await document.update(add('a'));
    assert.deepEqual(await open().read(), { notes: ['a'] });
    assert.deepEqual(names(), ['notes.json']);
    assert.match(readFileSync(file, 'utf8'), /^\{\n  "notes": \[\n    "a"\n  \]\n\}\n$/);
  });

  it('can be read by its owner only', async function () {
    if (process.platform === 'win32') this.skip();
    await open().update(add('a'));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
  });

  it('keeps all changes that are made at the same time, in their order', async () => {
    const document = open();
    await Promise.all(['a', 'b', 'c'].map((note) => document.update(add(note))));
    assert.deepEqual(await open().read(), { notes: ['a', 'b', 'c'] });
  });

  it('keeps all changes of several that open it, as processes do', async () => {
    const notes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(notes.map((note) => open().update(add(note))));
    assert.deepEqual([...(await open().read()).notes].sort(), notes);
  });

  it('is changed without the lock where there can be none', async () => {
    writeFileSync(path.join(folder, 'lock'), 'no database, and longer than the header of one'.repeat(10));
    await open().update(add('a'));
    assert.deepEqual(await open().read(), { notes: ['a'] });
  });

  it('is not written where nothing changes', async () => {
    const document = open();
    await document.update((same) => same);
    assert.equal(existsSync(path.dirname(file)), false);
  });

  for (const [damage, text] of [
    ['cut off', '{ "notes": ["a"'],
    ['empty', ''],
    ['of another shape', '{ "notes": 7 }'],
    ['with a key twice', '{ "notes": ["x"], "notes": ["y"] }'],
    ['too large', `{ "notes": ["${'x'.repeat(1024 * 1024)}"] }`],
  ] as const) {
    it(`that is ${damage} is read as it last was, and kept aside by the next write`, async () => {
      await open().update(add('a'));
      await open().update(add('b'));
      writeFileSync(file, text);
      assert.deepEqual(await open().read(), { notes: ['a'] });
      await open().update(add('c'));
      assert.deepEqual(await open().read(), { notes: ['a', 'c'] });
      assert.equal(readFileSync(`${file}.damaged`, 'utf8'), text);
    });
  }

  it('is empty again when its file is gone', async () => {
    const document = open();
    await document.update(add('a'));
    rmSync(file);
    assert.deepEqual(await document.read(), { notes: [] });
  });

  it('of a project is readable as its other files are, with nothing beside it', async function () {
    const document = new DocumentFile<Notes>({ file, lockFile: path.join(folder, 'lock'), belongsTo: 'project', empty: { notes: [] }, parse: () => ({ notes: [] }) });
    await document.update(add('a'));
    await document.update(add('b'));
    assert.deepEqual(names(), ['notes.json']);
    if (process.platform === 'win32') this.skip();
    const other = path.join(folder, 'other.yaml');
    writeFileSync(other, '');
    assert.equal(modeOf(file), modeOf(other));
  });

  it('continues after a change that failed', async () => {
    const document = open();
    await assert.rejects(
      document.update(() => {
        throw new Error('no');
      }),
      /no/,
    );
    await document.update(add('a'));
    assert.deepEqual(await open().read(), { notes: ['a'] });
    assert.deepEqual(names(), ['notes.json']);
  });
});
