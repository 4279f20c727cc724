import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { JournalFile } from '../../../../daemon/store/journal-file.ts';

const long = 'x'.repeat(200_000);

describe('a journal file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-journal-'));
    file = path.join(folder, 'store.db-attempts');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const found = (): string[] => new JournalFile(file).takeFound().map(({ text }) => text);

  it('gives what was written to who opens it next, as when the process has died in between', () => {
    const journal = new JournalFile(file);
    assert.deepEqual(journal.takeFound(), []);
    for (const text of ['one', 'zwei – mit Umlaut: ü', '{"three":3}']) assert.ok(journal.append(text));
    assert.deepEqual(found(), ['one', 'zwei – mit Umlaut: ü', '{"three":3}']);
  });

  it('is written on by who opens it next', () => {
    new JournalFile(file).append('one');
    new JournalFile(file).append('two');
    assert.deepEqual(found(), ['one', 'two']);
  });

  it('is readable by its owner only', function () {
    if (process.platform === 'win32') this.skip();
    new JournalFile(file).append('one');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('ends at an entry that is broken off, or whose bytes are not what was written', () => {
    const journal = new JournalFile(file);
    for (const text of ['one', 'two', 'three']) journal.append(text);
    const { size } = statSync(file);
    truncateSync(file, size - 1);
    assert.deepEqual(found(), ['one', 'two']);
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('two')] = 0;
    writeFileSync(file, bytes);
    assert.deepEqual(found(), ['one']);
  });

  it('is nothing if the file is something else', () => {
    writeFileSync(file, 'not a journal, and longer than a header is');
    assert.deepEqual(found(), []);
    const journal = new JournalFile(file);
    journal.append('one');
    assert.deepEqual(found(), ['one']);
  });

  it('begins a half again when nothing in it is held, and never gives what stood there before', () => {
    const journal = new JournalFile(file);
    const texts = Array.from({ length: 90 }, (_, index) => `${index} ${long}`);
    for (const text of texts) assert.ok(journal.append(text));
    const kept = found();
    assert.deepEqual(kept, texts.slice(-kept.length), 'the newest, in their order');
    assert.ok(kept.length >= 20, `${kept.length} of them: a half at least`);
    assert.ok(statSync(file).size <= 8 * 1024 * 1024);
  });

  it('keeps what is held, and refuses more rather than lose it', () => {
    const journal = new JournalFile(file);
    const first = journal.append(`held ${long}`);
    assert.ok(first);
    journal.hold(first);
    let appended = 1;
    while (journal.append(long) !== undefined) appended++;
    assert.ok(appended > 30, `${appended}: both halves were filled`);
    assert.ok(found().includes(`held ${long}`));
    journal.release(first);
    assert.ok(journal.append(long), 'there is room again');
    assert.ok(!found().includes(`held ${long}`));
  });

  it('refuses what would take long to write', () => {
    assert.equal(new JournalFile(file).append('x'.repeat(300_000)), undefined);
  });

  it('goes when it is closed, unless something in it is held', () => {
    const first = new JournalFile(file);
    const entry = first.append('one');
    assert.ok(entry);
    first.hold(entry);
    first.close();
    assert.deepEqual(found(), ['one']);
    const second = new JournalFile(file);
    second.close();
    assert.equal(existsSync(file), false);
    appendFileSync(file, '');
    assert.deepEqual(found(), []);
  });
});
