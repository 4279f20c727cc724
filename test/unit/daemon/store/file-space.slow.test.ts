import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeReclaimable } from '../../../../daemon/store/sqlite/file-space.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const minute = 60_000;
const mb = 1024 * 1024;

describe("the space of the store's file", () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const file = (): string => path.join(bench.stateFolder, 'store.db');
  const onDisk = (): number => statSync(file()).size;
  const told = (): readonly string[] => bench.logged.map(({ message }) => message).filter((message) => message.includes('gave space back'));

  /** Some 40 MB of jobs that have ended. */
  async function fill(): Promise<void> {
    const text = `
queues: { api: { concurrency: 500 } }
inputs: { items: { type: array } }
steps:
  each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }, with: { do: ok, text: "\${{ item }}" } }
`;
    for (let run = 0; run < 4; run++) await bench.run(text, { items: Array.from({ length: 500 }, (_, index) => `${index} ${'x'.repeat(6000)}`) });
  }

  /** Deletes what has ended, as the pruner does after some time. */
  async function forget(): Promise<void> {
    const now = bench.clock.now();
    for (let more = true; more;) ({ more } = await bench.store.prune({ now, runsBefore: now + 1, deadLetters: [], limit: 500 }));
  }

  it('goes back to the disk when what was in it has been deleted, and jobs continue meanwhile', async () => {
    await fill();
    await bench.advance(minute);
    await bench.store.size();
    const full = await bench.store.size();
    assert.ok(full.bytes > 30 * mb && full.freeBytes < 4 * mb, JSON.stringify(full));
    await forget();
    const kept = await bench.runMany('{ rate: 1/min, concurrency: 1 }', 30);
    await bench.advance(15 * minute);
    const { freeBytes } = await bench.store.size();
    assert.ok(freeBytes < 6 * mb, `${freeBytes} free`);
    assert.ok(onDisk() < 12 * mb, `${onDisk()} on disk`);
    assert.equal(told().length, 1);
    assert.ok(((await bench.tally(kept))['succeeded'] ?? 0) >= 14, 'jobs continue');
    assert.deepEqual(await bench.faults(), []);
  });

  it('is left alone while much is written, and where little of it is free', async () => {
    // It looks after each pass of the pruner, every ten minutes.
    const pruneAt = bench.clock.now() + 10 * minute;
    await fill();
    await bench.advance(pruneAt - bench.clock.now() - 10_000);
    await forget();
    assert.ok((await bench.store.size()).freeBytes > 16 * mb);
    // It looks at the start.
    await bench.stop();
    await bench.start();
    await bench.runMany('{ rate: 3000/min, concurrency: 100 }', 4000);
    await bench.advance(minute);
    assert.ok(onDisk() > 30 * mb && told().length === 0, 'it is busy');
    await bench.advance(5 * minute);
    assert.equal(told().length, 1, 'now it is not');
    const settled = onDisk();
    assert.ok(settled < 25 * mb, `${settled} on disk`);
    await bench.advance(10 * minute);
    assert.deepEqual([onDisk(), told().length], [settled, 1]);
  });

  it('is made reclaimable in a store of an earlier Sluice, once that pays', async () => {
    await bench.stop();
    const db = new DatabaseSync(file());
    try {
      db.exec('PRAGMA auto_vacuum = NONE; VACUUM; CREATE TABLE filler (x)');
      const insert = db.prepare('INSERT INTO filler VALUES (zeroblob(1000000))');
      for (let index = 0; index < 40; index++) insert.run();
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      makeReclaimable(db);
      assert.equal(db.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'], 0, 'nothing is free');
      db.exec('DROP TABLE filler');
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
    assert.ok(onDisk() > 38 * mb, `${onDisk()} on disk`);
    await bench.start();
    await bench.stop();
    assert.ok(onDisk() < 2 * mb, `${onDisk()} on disk`);
    const after = new DatabaseSync(file(), { readOnly: true });
    try {
      assert.equal(after.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'], 2);
      assert.equal(after.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    } finally {
      after.close();
    }
  });
});
