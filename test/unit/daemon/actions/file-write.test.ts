import assert from 'node:assert/strict';
import { appendFile, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import { FileWriteAction } from '../../../../daemon/actions/file-write.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { actionContext, failed, succeeded } from '../../../support/action-context.ts';
import { ProjectFolder } from '../../../support/project-folder.ts';

describe('file/write', () => {
  let project: ProjectFolder;
  let action: FileWriteAction;
  let jobs = 0;
  beforeEach(async () => {
    project = await ProjectFolder.make();
    action = new FileWriteAction();
  });
  afterEach(async () => {
    await action.stop();
    await project.dispose();
  });
  /** Another job each time, unless its key is said. */
  const write = (input: JsonObject, context: Partial<ActionContext> = {}): Promise<ActionResult> =>
    action.execute(input, actionContext({ projectFolder: project.path, idempotencyKey: `job_${jobs++}`, ...context }));
  const problemOf = async (input: JsonObject): Promise<string> => failed(await write(input)).error.message;

  describe('csv', () => {
    it('has a heading by its first row, and a line for each', async () => {
      const first = succeeded(await write({ path: 'exports/a.csv', row: { name: 'Ada', age: 36, live: true, none: null } }));
      const second = succeeded(await write({ path: 'exports/a.csv', rows: [{ age: 7, name: 'Zoë' }, { name: '12345678901234567890' }] }));
      const text = 'name,age,live,none\nAda,36,true,\nZoë,7,,\n12345678901234567890,,,\n';
      assert.equal(await project.read('exports/a.csv'), text);
      assert.deepEqual(first.output, { path: 'exports/a.csv', bytes: 32, rows: 1, repeated: false });
      assert.deepEqual(second.output, { path: 'exports/a.csv', bytes: Buffer.byteLength(text), rows: 2, repeated: false });
    });

    it('has the columns of all rows that come first, in the order in which they come', async () => {
      succeeded(await write({ path: 'a.csv', rows: [{ a: 1 }, { b: 2, a: 3 }] }));
      assert.equal(await project.read('a.csv'), 'a,b\n1,\n3,2\n');
    });

    it('quotes delimiters, quotes, line breaks and spaces at the ends, and an empty cell that would be an empty line', async () => {
      succeeded(await write({ path: 'a.csv', csv: { delimiter: ';' }, row: { a: 'x;y', b: 'say "hi"', c: 'two\nlines', d: ' spaced ', e: 'a,b', f: '\r' } }));
      assert.equal(await project.read('a.csv'), 'a;b;c;d;e;f\n"x;y";"say ""hi""";"two\nlines";" spaced ";a,b;"\r"\n');
      succeeded(await write({ path: 'one.csv', rows: [{ a: '' }, { a: null }] }));
      assert.equal(await project.read('one.csv'), 'a\n""\n""\n');
    });

    it('writes lists and maps as JSON', async () => {
      succeeded(await write({ path: 'a.csv', row: { tags: ['a', 'b'], more: { x: 1 } } }));
      assert.equal(await project.read('a.csv'), 'tags,more\n"[""a"",""b""]","{""x"":1}"\n');
    });

    it('keeps formulas as the texts that they are, unless they are to be escaped; numbers are numbers', async () => {
      const row = { a: '=1+1', b: '+49 30', c: '-x', d: '@x', e: -5, f: "it's" };
      succeeded(await write({ path: 'kept.csv', row }));
      assert.equal(await project.read('kept.csv'), "a,b,c,d,e,f\n=1+1,+49 30,-x,@x,-5,it's\n");
      succeeded(await write({ path: 'escaped.csv', row, csv: { formulas: 'escape' } }));
      assert.equal(await project.read('escaped.csv'), "a,b,c,d,e,f\n'=1+1,'+49 30,'-x,'@x,-5,it's\n");
    });

    it('begins with a byte order mark and ends lines with CRLF if asked, and then goes on as it began', async () => {
      const csv = { 'byte-order-mark': true, 'line-ends': 'crlf' };
      succeeded(await write({ path: 'a.csv', row: { a: 'x' }, csv }));
      succeeded(await write({ path: 'a.csv', row: { a: 'y' } }));
      assert.equal(await project.read('a.csv'), '\ufeffa\r\nx\r\ny\r\n');
    });

    it("takes the columns of a file that is there, and doesn't go on in a line that has no end", async () => {
      await project.write('a.csv', 'b,a\n1,"2\n3"');
      succeeded(await write({ path: 'a.csv', row: { a: 'x', b: 'y' } }));
      assert.equal(await project.read('a.csv'), 'b,a\n1,"2\n3"\ny,x\n');
    });

    it('chooses columns', async () => {
      succeeded(await write({ path: 'a.csv', row: { a: 1, b: 2, c: 3 }, csv: { columns: ['c', 'x', 'a'] } }));
      assert.equal(await project.read('a.csv'), 'c,x,a\n3,,1\n');
    });

    it('refuses what would put values under wrong headings, or lose them, and leaves the file', async () => {
      await project.write('a.csv', 'a,b\n1,2\n');
      assert.match(await problemOf({ path: 'a.csv', row: { a: 1, c: 3 } }), /has the column "c", and the file has: a, b/);
      assert.match(await problemOf({ path: 'a.csv', row: { a: 1 }, csv: { columns: ['b', 'a'] } }), /file has the columns a, b.*`csv.columns` has b, a/);
      assert.match(await problemOf({ path: 'a.csv', row: { a: 1 }, csv: { delimiter: ';' } }), /has the column "a", and the file has: a,b/);
      assert.match(await problemOf({ path: 'a.csv', rows: [{ a: 1 }, 'x'] }), /must be a map of its columns.*is "x"/);
      await writeFile(join(project.path, 'utf16.csv'), Buffer.from('\ufeffa,b\r\n', 'utf16le'));
      assert.match(await problemOf({ path: 'utf16.csv', row: { a: 1 } }), /not CSV in UTF-8/);
      assert.equal(await project.read('a.csv'), 'a,b\n1,2\n');
    });
  });

  describe('other formats', () => {
    it('jsonl: a value, a line', async () => {
      succeeded(await write({ path: 'a.jsonl', row: { a: 'two\nlines' } }));
      succeeded(await write({ path: 'a.jsonl', rows: [[1, 2], null, 'x'] }));
      assert.equal(await project.read('a.jsonl'), '{"a":"two\\nlines"}\n[1,2]\nnull\n"x"\n');
    });

    it('json: one value, which replaces the one before', async () => {
      for (const json of [{ a: 1 }, [1]]) succeeded(await write({ path: 'a.json', json }));
      assert.equal(await project.read('a.json'), '[\n  1\n]\n');
    });

    it('text: as it is', async () => {
      for (const text of ['a', 'ü\n', 'b']) succeeded(await write({ path: 'log/today.log', text }));
      assert.equal(await project.read('log/today.log'), 'aü\nb');
    });

    it('is said where the name says something else', async () => {
      succeeded(await write({ path: 'data.tsv', format: 'csv', row: { a: 1, b: 2 }, csv: { delimiter: 'tab' } }));
      assert.equal(await project.read('data.tsv'), 'a\tb\n1\t2\n');
      assert.match(await problemOf({ path: 'data.tsv', row: { a: 1 } }), /format text is made of `text`, not of `row`/);
      assert.match(await problemOf({ path: 'a.json', mode: 'append', json: 1 }), /can only be replaced/);
      assert.match(await problemOf({ path: 'a.jsonl', row: 1, csv: {} }), /`csv` is for files of the format csv/);
      assert.match(await problemOf({ path: 'a.csv' }), /with/);
      assert.match(await problemOf({ path: 'a.csv', row: {}, rows: [] }), /with|row/);
    });

    it('replaces as a whole what another format would append to', async () => {
      await project.write('a.csv', 'old,heading\n1,2\n');
      succeeded(await write({ path: 'a.csv', mode: 'replace', rows: [{ a: 1 }] }));
      assert.equal(await project.read('a.csv'), 'a\n1\n');
      assert.deepEqual(await project.files(), ['a.csv']);
    });
  });

  describe('a repeat', () => {
    it('writes no second row, in another process as well', async () => {
      const input = { path: 'a.csv', row: { a: 1 } };
      succeeded(await write(input, { idempotencyKey: 'k' }));
      const again = succeeded(await write(input, { idempotencyKey: 'k' }));
      await action.stop();
      action = new FileWriteAction();
      const later = succeeded(await write(input, { idempotencyKey: 'k' }));
      for (const { output } of [again, later]) assert.deepEqual(output, { path: 'a.csv', bytes: 4, rows: 1, repeated: true });
      succeeded(await write({ path: 'b.csv', row: { a: 1 } }, { idempotencyKey: 'k' }));
      assert.deepEqual([await project.read('a.csv'), await project.read('b.csv')], ['a\n1\n', 'a\n1\n']);
    });

    it('writes none either if both attempts are under way at the same time', async () => {
      const results = await Promise.all(['k', 'k', 'other'].map((idempotencyKey) => write({ path: 'a.jsonl', row: 1 }, { idempotencyKey })));
      assert.deepEqual(results.map((result) => (succeeded(result).output as JsonObject)['repeated']).sort(), [false, false, true]);
      assert.equal(await project.read('a.jsonl'), '1\n1\n');
    });

    it('is known also when its job has ended, and after the journal was written anew', async () => {
      const { onSettled } = succeeded(await write({ path: 'a.jsonl', row: 1 }, { idempotencyKey: 'k' }));
      onSettled?.();
      // More than the journal keeps.
      for (let count = 0; count < 6; count++) succeeded(await write({ path: 'big.log', text: 'x'.repeat(1_000_000) }));
      await action.stop();
      assert.ok((await readFile(join(project.path, '.sluice/state/appended.jsonl'))).length < 3_000_000);
      action = new FileWriteAction();
      assert.equal((succeeded(await write({ path: 'a.jsonl', row: 1 }, { idempotencyKey: 'k' })).output as JsonObject)['repeated'], true);
    });

    it('writes again what it could not write', async () => {
      await project.write('a.csv', 'a\n');
      failed(await write({ path: 'a.csv', row: { b: 1 } }, { idempotencyKey: 'k' }));
      await rm(join(project.path, 'a.csv'));
      succeeded(await write({ path: 'a.csv', row: { b: 1 } }, { idempotencyKey: 'k' }));
      assert.equal(await project.read('a.csv'), 'b\n1\n');
    });
  });

  it('appends rows of many jobs at the same time as whole lines, each once', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => ({ index, text: 'x'.repeat(index * 7) }));
    for (const result of await Promise.all(rows.map((row) => write({ path: `${row.index % 3}.csv`, row })))) succeeded(result);
    const found: number[] = [];
    for (const name of ['0.csv', '1.csv', '2.csv']) {
      const [heading, ...lines] = (await project.read(name)).trimEnd().split('\n');
      assert.equal(heading, 'index,text');
      for (const line of lines) {
        const [index = '', text = ''] = line.split(',');
        assert.equal(text.length, Number(index) * 7);
        found.push(Number(index));
      }
    }
    assert.deepEqual(found.sort((a, b) => a - b), rows.map(({ index }) => index));
  });

  it('writes nothing of an attempt that has ended before its turn', async () => {
    const abort = new AbortController();
    const first = write({ path: 'a.jsonl', row: 1 });
    const second = write({ path: 'a.jsonl', row: 2 }, { signal: abort.signal });
    abort.abort();
    succeeded(await first);
    assert.equal(failed(await second).error.kind, 'cancelled');
    assert.equal(await project.read('a.jsonl'), '1\n');
  });

  describe('after a crash in the middle of an append', () => {
    const journal = (): string => join(project.path, '.sluice/state/appended.jsonl');
    /** As it was when the process died: the journal without the word that all is done. */
    const crashAt = async (path: string, bytes: number): Promise<void> => {
      await action.stop();
      const lines = (await readFile(journal(), 'utf8')).split('\n');
      await writeFile(journal(), lines.filter((line) => !line.startsWith('{"done"')).join('\n'));
      await truncate(join(project.path, path), bytes);
      action = new FileWriteAction();
    };
    const input = { path: 'a.csv', rows: [{ a: 'first' }, { a: 'second' }] };
    beforeEach(async () => {
      await project.write('a.csv', 'a\nbefore\n');
      succeeded(await write(input, { idempotencyKey: 'k' }));
    });

    for (const [name, bytes] of [['nothing of it', 9], ['a torn line', 12], ['a whole line of two', 15]] as const) {
      it(`${name} is there: it is removed, and the repeat writes all`, async () => {
        await crashAt('a.csv', bytes);
        succeeded(await write({ path: 'a.csv', row: { a: 'other' } }));
        assert.equal(await project.read('a.csv'), 'a\nbefore\nother\n');
        assert.equal((succeeded(await write(input, { idempotencyKey: 'k' })).output as JsonObject)['repeated'], false);
        assert.equal(await project.read('a.csv'), 'a\nbefore\nother\nfirst\nsecond\n');
      });
    }

    it('zeros of a power cut are there: they are removed', async () => {
      await crashAt('a.csv', 12);
      await truncate(join(project.path, 'a.csv'), 22);
      succeeded(await write(input, { idempotencyKey: 'k' }));
      assert.equal(await project.read('a.csv'), 'a\nbefore\nfirst\nsecond\n');
    });

    it('all of it is there: the repeat writes nothing', async () => {
      await crashAt('a.csv', 22);
      assert.equal((succeeded(await write(input, { idempotencyKey: 'k' })).output as JsonObject)['repeated'], true);
      assert.equal(await project.read('a.csv'), 'a\nbefore\nfirst\nsecond\n');
    });

    it('somebody has changed the file since: nothing of theirs is removed', async () => {
      await crashAt('a.csv', 12);
      await appendFile(join(project.path, 'a.csv'), 'mended\n');
      succeeded(await write(input, { idempotencyKey: 'k' }));
      assert.equal(await project.read('a.csv'), 'a\nbefore\nfirmended\nfirst\nsecond\n');
    });

    it('the journal ends in the middle of a line: what is before counts', async () => {
      await crashAt('a.csv', 22);
      await appendFile(journal(), '{"append":{"file":"');
      assert.equal((succeeded(await write(input, { idempotencyKey: 'k' })).output as JsonObject)['repeated'], true);
      succeeded(await write({ path: 'a.csv', row: { a: 'x' } }, { idempotencyKey: 'l' }));
      await action.stop();
      action = new FileWriteAction();
      assert.equal((succeeded(await write({ path: 'a.csv', row: { a: 'x' } }, { idempotencyKey: 'l' })).output as JsonObject)['repeated'], true);
    });
  });

  it('refuses places where no step may write, and links, when they are there only later too', async function () {
    for (const path of ['.sluice/secrets.txt', '../a.txt', '.git/hooks/pre-commit']) assert.match(await problemOf({ path, text: '' }), /`path`/);
    if (process.platform === 'win32') return;
    succeeded(await write({ path: 'a.log', text: 'x' }));
    await rm(join(project.path, 'a.log'));
    await symlink('/tmp/elsewhere', join(project.path, 'a.log'));
    assert.match(await problemOf({ path: 'a.log', text: 'x' }), /is a link/);
  });
});
