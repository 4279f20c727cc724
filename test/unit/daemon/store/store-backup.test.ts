import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backUpStore, checkBackup } from '../../../../daemon/store/sqlite/store-backup.ts';
import { migrations } from '../../../../daemon/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { StoreBench } from '../../../support/store-suite/store-bench.ts';

const workflow = 'inputs: { large: { type: string } }\nsteps:\n  only: { uses: test/scripted, with: { n: "${{ inputs.large }}" } }\n';
const now = Date.UTC(2026, 0, 5, 9);

describe('a backup of a store', () => {
  let bench: StoreBench;
  let to: string;
  beforeEach(async () => {
    bench = new StoreBench((folder) => openSqliteStore({ file: path.join(folder, 'store.db'), durability: 'normal' }));
    await bench.open();
    to = path.join(bench.folder, 'backup.db');
  });
  afterEach(() => bench.dispose());

  const accept = (large = 'x'): Promise<unknown> => bench.run(workflow, { large });
  const jobsIn = (file: string): number => Object.values(checkBackup(file).jobs).reduce((sum, count) => sum + count, 0);

  it('has all that was confirmed before, each run with its job though others write meanwhile, in one file that only this user reads', async () => {
    // More than SQLite keeps in its log, so that it is in both.
    for (let run = 0; run < 60; run++) await accept('x'.repeat(100_000));
    const copying = bench.store.backUp({ to, now });
    let later = 0;
    const copied = new AbortController();
    const writing = (async () => {
      while (!copied.signal.aborted) {
        await accept();
        later++;
      }
    })();
    const { bytes } = await copying;
    copied.abort();
    await writing;
    assert.ok(later > 0, 'nobody wrote meanwhile');
    const content = checkBackup(to);
    assert.deepEqual({ madeAt: content.madeAt, version: content.version }, { madeAt: now, version: migrations.length });
    assert.ok(content.runs >= 60 && content.runs <= 60 + later);
    assert.equal(jobsIn(to), content.runs, 'a run without its job');
    assert.equal(bytes, statSync(to).size);
    assert.deepEqual(readdirSync(bench.folder).filter((name) => name.includes('backup')), ['backup.db']);
    if (process.platform !== 'win32') assert.equal(statSync(to).mode & 0o777, 0o600);
  });

  it('replaces no file, and leaves nothing where it fails', async () => {
    await accept();
    writeFileSync(to, 'mine');
    await assert.rejects(bench.store.backUp({ to, now }), { code: 'conflict', message: /backup\.db was made in the meantime/ });
    assert.equal(readFileSync(to, 'utf8'), 'mine');
    await assert.rejects(bench.store.backUp({ to: path.join(bench.folder, 'none', 'backup.db'), now }), { code: 'store-unavailable', message: /can't be written.*ENOENT/ });
    const damaged = path.join(bench.folder, 'damaged.db');
    writeFileSync(damaged, 'no database, but long enough to be one'.repeat(100));
    await assert.rejects(backUpStore({ file: damaged, to: path.join(bench.folder, 'other.db'), now }), { code: 'store-unavailable' });
    assert.ok(!readdirSync(bench.folder).some((name) => name.endsWith('.partial') || name.startsWith('other')));
  });

  describe('is refused', () => {
    const refusals: Readonly<Record<string, readonly [spoil: (file: string) => void, problem: RegExp]>> = {
      'where a page of it is damaged': [(file) => writeFileSync(file, damagePages(readFileSync(file))), /it is damaged/],
      'where its end is missing': [(file) => writeFileSync(file, readFileSync(file).subarray(0, 8192)), /it is damaged/],
      'where it is something else': [(file) => writeFileSync(file, 'id;name\n1;Ada\n'.repeat(1000)), /it is damaged, or no store of Sluice/],
      'where it is another database': [(file) => change(file, 'DROP TABLE jobs'), /it holds no store of Sluice/],
      'where it would run something': [(file) => change(file, 'CREATE TRIGGER t AFTER UPDATE ON queues BEGIN DELETE FROM jobs; END'), /it holds no store of Sluice/],
      'where a newer Sluice has made it': [(file) => change(file, `PRAGMA user_version = ${migrations.length + 1}`), /use the newer Sluice/],
      'where its jobs were moved elsewhere': [
        (file) => change(file, `INSERT INTO meta (key, value) VALUES ('copy', '{"kind":"moved","id":"1","other":"Postgres at db","at":1}')`),
        /its jobs were moved to Postgres at db/,
      ],
    };
    for (const [why, [spoil, problem]] of Object.entries(refusals)) {
      it(why, async () => {
        for (let run = 0; run < 20; run++) await accept('y'.repeat(2000));
        await bench.store.backUp({ to, now });
        assert.equal(jobsIn(to), 20);
        spoil(to);
        const before = readFileSync(to);
        assert.throws(() => checkBackup(to, { name: 'mine.db' }), { code: 'store-unavailable', message: new RegExp(`^mine\\.db can't be used as a backup: .*${problem.source}`, 's') });
        assert.ok(readFileSync(to).equals(before), 'it was changed');
        assert.ok(!existsSync(`${to}-wal`));
      });
    }
  });
});

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

/** All but the first, which has the schema. */
function damagePages(content: Buffer): Buffer {
  const damaged = Buffer.from(content);
  for (let at = 4096; at < damaged.length; at += 4096) damaged.fill(0xa5, at, at + 12);
  return damaged;
}
