import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { migrate, migrations, NewerStoreError, readVersion } from '../../../../daemon/store/sqlite/migrations.ts';
import { writeOlderStore } from '../../../support/older-store.ts';
import { openSqliteStore, SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { StoreBench } from '../../../support/store-suite/store-bench.ts';
import { english } from '../../../../schemas/wording/language.ts';
import { anchorAt } from '../../../support/anchor-at.ts';

/** A new store whose first transaction didn't fit. */
const makeHalf = (file: string): void => {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
  db.close();
};

const modeOf = (file: string): number => statSync(file).mode & 0o777;

describe("the SQLite store's file", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-file-'));
    file = path.join(folder, 'store.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe('migrations', () => {
    const steps = ['CREATE TABLE a (x)', "INSERT INTO a VALUES ('kept')", 'CREATE TABLE b (y)', 'CREATE TABLE c (z)', 'CREATE TABLE d (z)'];
    let db: DatabaseSync;
    beforeEach(() => {
      db = new DatabaseSync(file);
    });
    afterEach(() => db.close());
    const backups = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.bak')).sort();

    it('bring a new store to the present version, with no backup', () => {
      migrate(db, file);
      assert.equal(readVersion(db), migrations.length);
      assert.deepEqual(backups(), []);
    });

    it('back up what was there before each step, for its owner only, and keep three', () => {
      migrate(db, file, steps.slice(0, 2));
      assert.deepEqual(backups(), [], 'a new store has nothing to lose');
      migrate(db, file, steps);
      assert.deepEqual(backups(), ['store.db.v2.bak', 'store.db.v3.bak', 'store.db.v4.bak']);
      if (process.platform !== 'win32') for (const name of backups()) assert.equal(modeOf(path.join(folder, name)), 0o600);
      const backup = new DatabaseSync(path.join(folder, 'store.db.v2.bak'), { readOnly: true });
      try {
        assert.equal(readVersion(backup), 2);
        assert.equal(backup.prepare('SELECT x FROM a').get()?.['x'], 'kept');
      } finally {
        backup.close();
      }
    });

    it('take over the jobs of an older Sluice, of which nobody said why they were discarded', () => {
      migrate(db, file, migrations.slice(0, 3));
      db.exec("INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at) VALUES (1, 1, 1, 'discarded', 5, 0, 0)");
      migrate(db, file);
      assert.deepEqual({ ...db.prepare('SELECT id, state, discard_reason FROM jobs').get() }, { id: 1, state: 'discarded', discard_reason: null });
    });

    it('give what died before a group by what its last answer said', () => {
      migrate(db, file, migrations.slice(0, 5));
      db.exec(`
        INSERT INTO steps (id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach) VALUES (1, 1, 0, 's', 0, 'failed', 1, 'http/request', 0);
        INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at, error) VALUES
          (1, 1, 1, 'dead', 5, 0, 0, '{"kind":"status","cause":"422","message":"m"}'), (2, 1, 1, 'dead', 5, 0, 0, '{"kind":"network","cause":"ECONNRESET","message":"m"}'),
          (3, 1, 1, 'succeeded', 5, 0, 0, NULL);
        INSERT INTO attempts (job_id, number, round, revision, state, started_at, ended_at, response) VALUES
          (1, 1, 1, 1, 'failed', 0, 0, '{"body":"no"}'), (1, 2, 1, 1, 'failed', 0, 0, '{"body":"order 7 not found"}');`);
      migrate(db, file);
      const groups = db.prepare('SELECT failure_group FROM jobs ORDER BY id').all().map((row) => row['failure_group']);
      assert.deepEqual(groups, ['http/request: 422: order <number> not found', 'http/request: ECONNRESET', null]);
    });

    it('say in plain words what was being cancelled, failed or reopened, and why', () => {
      migrate(db, file, migrations.slice(0, 11));
      const run = db.prepare("INSERT INTO runs (id, workflow, version, state, created_at, inputs, cancelling, closing, failed_before) VALUES (?, 'w', 'v', ?, 0, '{}', ?, ?, ?)");
      run.run(1, 'running', 0, 0, 0);
      run.run(2, 'failed', 1, 1, 1);
      run.run(3, 'running', 0, 0, 1);
      const step = db.prepare("INSERT INTO steps (id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, sweep) VALUES (?, 1, ?, 's', 0, 'failed', 1, 'x/y', 1, ?)");
      for (const [index, sweep] of [null, 'cancel', 'fail', 'reopen'].entries()) step.run(index + 1, index, sweep);
      const job = db.prepare('INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at, cancel_requested, swept) VALUES (?, 1, 1, ?, 5, 0, 0, ?, ?)');
      const jobs: [state: string, requested: 0 | 1, swept: 0 | 1, cause: string | null][] = [
        ['pending', 0, 0, null],
        ['active', 0, 0, null],
        ['active', 1, 0, 'person'],
        ['active', 0, 1, 'sibling'],
        ['active', 1, 1, 'person'],
        ['cancelled', 0, 0, 'person'],
        ['cancelled', 1, 0, 'person'],
        ['cancelled', 0, 1, 'sibling'],
        // A person asked for it too late.
        ['succeeded', 1, 0, null],
        ['dead', 1, 0, null],
      ];
      for (const [index, [state, requested, swept]] of jobs.entries()) job.run(index + 1, state, requested, swept);
      migrate(db, file);
      const all = (sql: string): unknown[] => db.prepare(sql).all().map((row) => Object.values(row));
      assert.deepEqual(all('SELECT cancel_requested, on_failure_state FROM runs ORDER BY id'), [[0, 'waiting'], [1, 'running'], [0, 'ended']]);
      assert.deepEqual(all('SELECT cascade FROM steps ORDER BY id'), [[null], ['cancelling'], ['failing'], ['reopening']]);
      assert.deepEqual(all('SELECT cancel_cause FROM jobs ORDER BY id'), jobs.map(([, , , cause]) => [cause]));
    });

    it("make what is active in a store of an older Sluice the work of its only daemon, which closes it", async () => {
      migrate(db, file, migrations.slice(0, 12));
      db.exec(`
        INSERT INTO queues (id, name) VALUES (1, 'default');
        INSERT INTO workflow_versions (version, workflow, text, created_at) VALUES ('v1', 'w', 'steps: { s: { uses: test/scripted, with: {} } }', 0);
        INSERT INTO runs (id, workflow, version, state, created_at, inputs) VALUES (1, 'w', 'v1', 'running', 0, '{}');
        INSERT INTO steps (id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, total, expanded) VALUES (1, 1, 0, 's', 0, 'running', 1, 'test/scripted', 0, 1, 1);
        INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at, attempt, started_at) VALUES (1, 1, 1, 'active', 5, 0, 0, 1, 0);
        INSERT INTO payloads (job_id, payload, created_at) VALUES (1, '{}', 0);`);
      const store = new SqliteStore(new InlineConnection({ file, durability: 'normal', newStoreId: () => 'abcdefgh' }));
      const { interrupted, interruptedJobs } = await store.open({ anchor: anchorAt(0), random: 0 });
      await store.close();
      assert.deepEqual([interrupted, interruptedJobs], [1, [1]]);
    });

    it('leave the store as it was where a step fails', () => {
      migrate(db, file, steps.slice(0, 2));
      assert.throws(() => migrate(db, file, [...steps.slice(0, 2), 'CREATE TABLE e (x); CREATE TABLE a (x)']));
      assert.equal(readVersion(db), 2);
      assert.equal(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'e'").get(), undefined);
      migrate(db, file, steps);
      assert.equal(readVersion(db), steps.length);
    });

    it('refuse a store of a newer version, and leave it alone', () => {
      db.exec('PRAGMA user_version = 99');
      assert.throws(() => migrate(db, file), NewerStoreError);
      assert.equal(readVersion(db), 99);
    });
  });

  it('refuses a newer store at opening, behind its threads too, and lets go of the file', async () => {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    const store = openSqliteStore({ file, durability: 'full' });
    await assert.rejects(store.open({ anchor: anchorAt(0), random: 0 }), /version 99.*use the newer Sluice/);
    await store.close();
    rmSync(file);
  });

  describe('is looked at without a write', () => {
    const inline = (): SqliteStore => new SqliteStore(new InlineConnection({ file, durability: 'normal', newStoreId: () => 'abcdefgh' }));
    const makeOld = (fillerBytes?: number): void => writeOlderStore(file, { uses: 'test/scripted', ...(fillerBytes === undefined ? {} : { fillerBytes }) });

    it('where an older Sluice wrote it, as a copy in memory that is brought up to date', async () => {
      makeOld();
      const before = readFileSync(file);
      const store = inline();
      const { depths, older } = await store.look({ now: 0 });
      assert.deepEqual(depths.map(({ name, dead }) => [name, dead]), [['default', 1]]);
      assert.match(older === undefined ? '' : english.textOf(older.problem), /version 12.*the disk is full.*what is in it can be looked at\. Make room, about 1 MB, and it continues by itself/);
      assert.equal(older?.neededBytes, 2 * before.length);
      const { jobs } = await store.listJobs({ limit: 10, state: 'dead' });
      assert.deepEqual(jobs.map(({ id, step }) => [id, step]), [['j1', 'only']]);
      assert.ok((await store.check()).every(({ ok }) => ok));
      await assert.rejects(store.probe({ now: 0 }), { code: 'store-unavailable' });
      await store.close();
      assert.ok(readFileSync(file).equals(before), 'the store was changed');
      assert.deepEqual(readdirSync(folder), ['store.db']);
    });

    it('but not where a copy would take more than 64 MB', async () => {
      makeOld(70_000_000);
      const store = inline();
      await assert.rejects(store.look({ now: 0 }), { code: 'store-unavailable', message: /too large to be looked at without that\. Make room, about 141 MB, and run the command again/ });
      await store.close();
    });

    it('where there is none yet, or a new one that had no room to be made: it is empty', async () => {
      for (const make of [() => {}, () => writeFileSync(file, ''), () => makeHalf(file)]) {
        make();
        const store = inline();
        assert.deepEqual(await store.look({ now: 0 }), { queues: [], depths: [], runningRuns: 0 });
        assert.deepEqual((await store.listRuns({ limit: 10 })).runs, []);
        await store.close();
      }
    });
  });

  it('gives memory back, behind its threads, and goes on', async () => {
    const bench = new StoreBench((inFolder) => openSqliteStore({ file: path.join(inFolder, 'store.db'), durability: 'normal' }));
    try {
      await bench.open();
      const text = 'steps:\n  only: { uses: test/scripted, with: { n: 1 } }\n';
      await bench.run(text);
      await bench.store.releaseMemory();
      await bench.run(text);
      assert.equal((await bench.store.listRuns({ limit: 10 })).runs.length, 2);
    } finally {
      await bench.dispose();
    }
  });

  it('says so where the file is not a database', async () => {
    writeFileSync(file, 'something else entirely, and long enough to be read as a header of a database file');
    const store = new SqliteStore(new InlineConnection({ file, durability: 'normal', newStoreId: () => 'abcdefgh' }));
    await assert.rejects(store.open({ anchor: anchorAt(0), random: 0 }), { code: 'store-unavailable' });
  });

  it('is readable to its owner only, with its log', async function () {
    if (process.platform === 'win32') this.skip();
    writeFileSync(file, '', { mode: 0o644 });
    const store = new SqliteStore(new InlineConnection({ file, durability: 'full', newStoreId: () => 'abcdefgh' }));
    const { storeId } = await store.open({ anchor: anchorAt(0), random: 0 });
    assert.equal(storeId, 'abcdefgh');
    assert.ok(existsSync(`${file}-wal`));
    for (const suffix of ['', '-wal', '-shm']) assert.equal(modeOf(`${file}${suffix}`), 0o600, suffix);
    await store.close();
    assert.ok(!existsSync(`${file}-wal`), 'nothing is left beside it after an orderly end');
  });
});

describe('the SQLite store in trouble', () => {
  let bench: StoreBench;
  let connection: DatabaseSync | undefined;
  const pragma = (text: string): void => connection?.exec(`PRAGMA ${text}`);
  const fileIn = (folder: string): string => path.join(folder, 'store.db');
  beforeEach(async () => {
    bench = new StoreBench(
      (folder) =>
        new SqliteStore(
          new InlineConnection({
            file: fileIn(folder),
            durability: 'normal',
            newStoreId: () => 'abcdefgh',
            prepare: (opened) => {
              opened.exec('PRAGMA busy_timeout = 0');
              connection = opened;
            },
          }),
        ),
    );
    await bench.open();
  });
  afterEach(() => bench.dispose());

  const large = '{"large":"' + 'x'.repeat(50_000) + '"}';
  const workflow = 'inputs: { large: { type: string } }\nsteps:\n  only: { uses: test/scripted, with: { n: 1 } }\n';
  const create = () => bench.run(workflow, JSON.parse(large) as { large: string });

  it('reads the workflow of a run once, however often its expressions are looked at', async () => {
    const runId = await create();
    const evaluate = (step: string) => bench.store.evaluate({ runId, step, expression: '1 + 1', env: {} });
    assert.deepEqual(await evaluate('only'), { ok: true, value: 2 });
    connection?.exec("UPDATE workflow_versions SET text = 'steps: {}'");
    assert.deepEqual(await evaluate('only'), { ok: true, value: 2 });
  });

  it('refuses what a full disk can not take, keeps what it had, and continues when there is room', async () => {
    await create();
    const job = await bench.next();
    pragma('max_page_count = 1');
    const settled = await Promise.allSettled([create(), create(), bench.claim()]);
    for (const one of settled) {
      assert.equal(one.status, 'rejected');
      assert.deepEqual((one.reason as { code?: string }).code, 'store-unavailable');
    }
    await assert.rejects(bench.store.probe({ now: bench.now }), { code: 'store-unavailable' });
    assert.deepEqual(bench.depth(), { pending: 0, delayed: 0, active: 1, dead: 0 });
    assert.equal((await bench.job(job.jobId)).state, 'active', 'it can still be looked at');

    pragma('max_page_count = 1000000');
    await bench.store.probe({ now: bench.now });
    assert.deepEqual(await bench.succeed(job), { accepted: true });
    await create();
    assert.deepEqual(bench.depth(), { pending: 1, delayed: 0, active: 0, dead: 0 });
    assert.equal(bench.last.runningRuns, 1);
    await bench.assertSound();
  });

  it('continues when a read-only file can be written again, with numbers that nobody has had', async () => {
    const first = await bench.one();
    pragma('query_only = 1');
    await assert.rejects(bench.one(), { code: 'store-unavailable' });
    const [job] = await bench.jobs(first);
    assert.equal(job?.state, 'pending');
    pragma('query_only = 0');
    assert.equal(await bench.one(), first + 1);
    assert.equal((await bench.claim()).length, 2);
    await bench.assertSound();
  });

  it('refuses a whole batch at once while another program holds the file, and continues after it', async () => {
    const other = new DatabaseSync(fileIn(bench.folder));
    try {
      other.exec('BEGIN IMMEDIATE');
      const settled = await Promise.allSettled([bench.one(), bench.one()]);
      assert.deepEqual(settled.map((one) => one.status === 'rejected' && (one.reason as { code?: string }).code), ['store-unavailable', 'store-unavailable']);
      other.exec('ROLLBACK');
    } finally {
      other.close();
    }
    await bench.one();
    assert.deepEqual(bench.depth(), { pending: 1, delayed: 0, active: 0, dead: 0 });
  });

  it('commits calls of one turn together, and a bad one apart', async () => {
    let commits = 0;
    const exec = connection?.exec.bind(connection);
    assert.ok(connection && exec);
    connection.exec = (text) => {
      if (text === 'COMMIT') commits++;
      exec(text);
    };
    await Promise.all(Array.from({ length: 50 }, () => bench.one()));
    assert.equal(commits, 1);
    const settled = await Promise.allSettled([bench.one(), bench.run('no workflow'), bench.one(), bench.one()]);
    assert.deepEqual(settled.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    assert.equal(commits, 4);
    assert.deepEqual(bench.depth(), { pending: 53, delayed: 0, active: 0, dead: 0 });
    await bench.assertSound();
  });

  it('finds what someone else has spoilt', async () => {
    const failed = async (): Promise<string[]> => (await bench.store.check()).filter(({ ok }) => !ok).map(({ name }) => name);
    await bench.one();
    assert.deepEqual(await failed(), []);
    connection?.exec('UPDATE steps SET succeeded = succeeded + 1');
    assert.ok((await failed()).includes('counts'));
    connection?.exec("UPDATE steps SET succeeded = 0, dead = 0; UPDATE jobs SET state = 'dead'");
    assert.ok((await failed()).includes('counts'), 'a job in another state than its step has counted');
    connection?.exec("UPDATE jobs SET state = 'succeeded'; UPDATE steps SET succeeded = 1");
    assert.deepEqual(await failed(), ['progress']);
    connection?.exec('DELETE FROM jobs');
    assert.ok((await failed()).includes('counts'));
  });

  it('lets go of old pages while a list is only half read', async () => {
    for (let count = 0; count < 20; count++) await bench.one();
    await bench.store.listJobs({ limit: 2 });
    await bench.store.listJobs({ limit: 2, where: 'priority == 5' });
    const { busy } = (connection?.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {}) as { busy?: number };
    assert.equal(busy, 0);
  });
});
