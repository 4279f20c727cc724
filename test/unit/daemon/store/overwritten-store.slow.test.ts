import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { openSqliteStore, SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../../daemon/store/store.ts';
import { StoreBench } from '../../../support/store-suite/store-bench.ts';

const workflow = 'inputs: { large: { type: string } }\nsteps:\n  only: { uses: test/scripted, with: { n: "${{ inputs.large }}" } }\n';
const large = 'x'.repeat(100_000);

for (const [how, open] of Object.entries({
  'in one thread': (file: string): Store => new SqliteStore(new InlineConnection({ file, durability: 'normal', newStoreId: () => randomBytes(4).toString('hex') })),
  'behind its threads': (file: string): Store => openSqliteStore({ file, durability: 'normal' }),
})) {
  describe(`a store whose file is written over in place, ${how}`, () => {
    let bench: StoreBench;
    let file: string;
    beforeEach(async () => {
      bench = new StoreBench((folder) => open(path.join(folder, 'store.db')));
      await bench.open();
      file = path.join(bench.folder, 'store.db');
    });
    afterEach(() => bench.dispose());

    const accept = () => bench.run(workflow, { large });
    const copy = (name: string): string => {
      const to = path.join(bench.folder, name);
      copyFileSync(file, to);
      return to;
    };
    /** As cp does: into the same file, from its beginning. */
    const overwrite = (by: Buffer): void => {
      const { ino } = statSync(file);
      truncateSync(file, 0);
      writeFileSync(file, by, { flag: 'r+' });
      assert.equal(statSync(file).ino, ino);
    };
    /** More than SQLite lets the log hold before it writes it into the file. */
    const untilWrittenToFile = async (): Promise<void> => {
      const before = readFileSync(file);
      for (let runs = 0; runs < 100 && readFileSync(file).equals(before); runs++) await accept();
      assert.ok(!readFileSync(file).equals(before));
    };

    /** It is noticed without a write and with one, and not a byte is written into the other file, whatever else is tried. */
    const assertLeavesAlone = async (other: Buffer, { byLook }: { readonly byLook: boolean }): Promise<void> => {
      overwrite(other);
      if (byLook) assert.equal(await bench.store.isOverwritten(), true);
      const log = readFileSync(`${file}-wal`);
      for (let tries = 0; tries < 2; tries++) await assert.rejects(accept(), { code: 'store-unavailable', message: /written over .*store\.db/ });
      assert.equal(await bench.store.isOverwritten(), true);
      await bench.store.close();
      assert.ok(readFileSync(file).equals(other), 'the other file was changed');
      assert.ok(readFileSync(`${file}-wal`).equals(log), 'the log was changed');
    };

    for (const byLook of [true, false]) {
      const noticed = byLook ? 'at a look' : 'at the next transaction';
      it(`by its own copy from before the opening: ${noticed}`, async () => {
        await accept();
        await bench.store.close();
        const older = readFileSync(copy('older.db'));
        await bench.open();
        await accept();
        await bench.store.close();
        await bench.open();
        await accept();
        await assertLeavesAlone(older, { byLook });
      });

      it(`by its own copy from earlier in the same opening: ${noticed}`, async () => {
        await untilWrittenToFile();
        const older = readFileSync(copy('older.db'));
        await untilWrittenToFile();
        await accept();
        await assertLeavesAlone(older, { byLook });
      });

      it(`by the store of another project: ${noticed}`, async () => {
        const other = new StoreBench((folder) => open(path.join(folder, 'store.db')));
        await other.open();
        await other.run(workflow, { large });
        await other.store.close();
        const bytes = readFileSync(path.join(other.folder, 'store.db'));
        await other.dispose();
        await assertLeavesAlone(bytes, { byLook });
      });

      it(`by what is no store, or nothing at all: ${noticed}`, async () => {
        await accept();
        await assertLeavesAlone(byLook ? Buffer.alloc(0) : randomBytes(20_000), { byLook });
      });

      it(`by a store of a Sluice that wrote no stamp, which it was itself: ${noticed}`, async () => {
        await accept();
        await bench.store.close();
        const db = new DatabaseSync(file);
        db.exec('PRAGMA application_id = 0');
        db.close();
        await bench.open();
        await accept();
        const before = copy('before.db');
        const older = new DatabaseSync(before);
        older.exec('PRAGMA journal_mode = DELETE; CREATE TABLE more (x)');
        older.close();
        await assertLeavesAlone(readFileSync(before), { byLook });
      });
    }

    it('is not taken for that where it is only touched, checkpointed by itself or by another program, or opened again', async () => {
      for (let round = 0; round < 2; round++) {
        await untilWrittenToFile();
        utimesSync(file, 1, 1);
        assert.equal(await bench.store.isOverwritten(), false);
        await untilWrittenToFile();
        const other = new DatabaseSync(file);
        other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        other.close();
        assert.equal(await bench.store.isOverwritten(), false);
        await accept();
        await bench.store.close();
        assert.ok(!existsSync(`${file}-wal`), 'an orderly end leaves no log');
        await bench.open();
      }
      const { runs } = await bench.store.listRuns({ limit: 1 });
      assert.equal(runs.length, 1);
    });
  });
}
