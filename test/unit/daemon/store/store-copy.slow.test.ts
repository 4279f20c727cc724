import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import fc from 'fast-check';
import pg from 'pg';
import { metaTable, type Cell, type CopyEnd } from '../../../../daemon/store/copy/copy-end.ts';
import { PostgresEnd } from '../../../../daemon/store/copy/postgres-end.ts';
import { SqliteEnd } from '../../../../daemon/store/copy/sqlite-end.ts';
import { copyStore, type StoreCopyResult } from '../../../../daemon/store/copy/store-copy.ts';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { migrate } from '../../../../daemon/store/sqlite/migrations.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';
import { limits, Side, step, take, withoutFiles, type Step } from '../../../support/store-suite/random-operations.ts';
import { StoreBench } from '../../../support/store-suite/store-bench.ts';
import { suiteLinkKey } from '../../../support/store-suite/suite-links.ts';

const start = Date.UTC(2026, 0, 5, 9, 0, 0);
/** Tables whose rows say which daemon they belong to, by numbers of each store. */
const ofDaemons = ['jobs', 'bulks'];
const nothing = async (): Promise<void> => {};
const inSqlite = (folder: string): SqliteStore => new SqliteStore(new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => 'embedded', linkKey: suiteLinkKey }));

describeWithPostgres(
  'a project that is copied to Postgres and back',
  (server) => {
    let url: string;
    let schemas = 0;
    let folders: string[];
    before(async () => {
      ({ url } = await server().newDatabase());
    });
    beforeEach(() => {
      folders = [];
    });
    afterEach(() => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });

    const newFolder = (): string => {
      const folder = mkdtempSync(path.join(tmpdir(), 'sluice-copy-'));
      folders.push(folder);
      return folder;
    };
    const newSchema = (): string => `copy_${++schemas}`;
    const onPostgres = (schema: string, daemon = 'one', serverUrl = url): PostgresStore => new PostgresStore({ url: serverUrl, schema, daemon, linkKey: suiteLinkKey, hasServerClock: false });
    const embedded = (folder: string): SqliteEnd =>
      new SqliteEnd({ file: path.join(folder, 'store.db'), name: 'the embedded store', linkKey: suiteLinkKey, beforeWrite: nothing, place: async ({ from }) => renameSync(from, path.join(folder, 'store.db')) });
    const shared = (schema: string): PostgresEnd => new PostgresEnd({ url, schema, daemon: 'copier' });
    const copy = (source: CopyEnd, target: CopyEnd, replace = false): Promise<StoreCopyResult> => copyStore({ source, target, replace, now: () => start, onProgress: () => {} });

    const query = async (text: string): Promise<readonly Record<string, unknown>[]> => {
      const client = new pg.Client(url);
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(text)).rows;
      } finally {
        await client.end();
      }
    };

    it('has every row of every table as it was, whatever is in it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(cellSeed, { minLength: 30, maxLength: 30 }), { maxLength: 12 }), async (seeds) => {
          const [from, back, schema] = [newFolder(), newFolder(), newSchema()];
          fillTables(path.join(from, 'store.db'), seeds);
          const before = contents(from);
          const there = await copy(embedded(from), shared(schema));
          assert.deepEqual(there.tables.map(({ name, rows }) => [name, rows]), Object.entries(before).map(([name, rows]) => [name, rows.length]));
          const again = await copy(shared(schema), embedded(back));
          assert.deepEqual(contents(back), before);
          const checksums = ({ tables }: StoreCopyResult): Map<string, string> => new Map(tables.flatMap(({ name, checksum }) => (ofDaemons.includes(name) ? [] : [[name, checksum]])));
          assert.deepEqual(checksums(again), checksums(there));
          await query(`DROP SCHEMA ${schema} CASCADE`);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    });

    it('shows, answers and continues the same, whatever had been asked of it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps: readonly Step[]) => {
          const schema = newSchema();
          const [folder, back] = [newFolder(), newFolder()];
          const bench = new StoreBench(inSqlite, { folder });
          const side = new Side(bench);
          await bench.open(limits);
          for (const one of steps) await take(side, withoutFiles(one));
          // What is under way ends with the daemon.
          await take(side, { kind: 'crash' });
          const { told: _, ...seen } = (await side.seen()) as { readonly told: unknown };
          await bench.store.close();
          const before = contents(folder);

          await copy(embedded(folder), shared(schema));
          const other = new StoreBench(() => onPostgres(schema), { folder });
          other.now = bench.now;
          const { storeId } = await other.open(limits);
          assert.equal(storeId, 'embedded');
          const { told: _told, ...seenThere } = (await new Side(other).seen()) as { readonly told: unknown };
          assert.deepEqual(seenThere, seen);
          await other.assertSound();
          await other.store.close();

          await query(`UPDATE ${schema}.daemons SET seen_at = 0`);
          await copy(shared(schema), embedded(back));
          assert.deepEqual(contents(back), before);
          const home = new StoreBench(inSqlite, { folder: back });
          home.now = bench.now;
          await home.open(limits);
          await home.assertSound();
          // Numbers are given once, on whichever side.
          const highest = Math.max(0, ...(before['runs'] ?? []).map((row) => Number(row[0])));
          assert.ok((await home.run('steps:\n  a: { uses: test/scripted, with: {} }\n')) > highest);
          await home.store.close();
          await query(`DROP SCHEMA ${schema} CASCADE`);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    });

    /** A store with a run of one job, closed. */
    const withOneRun = async (open: () => SqliteStore | PostgresStore): Promise<void> => {
      const bench = new StoreBench(open, { folder: newFolder() });
      await bench.open();
      await bench.one();
      await bench.store.close();
    };
    const opened = async (store: SqliteStore | PostgresStore): Promise<void> => {
      try {
        await store.open({ anchor: anchorAt(start), random: 0.5 });
      } finally {
        await store.close();
      }
    };

    it('is used in its new place only, until its old store is said to be the one again', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      await withOneRun(() => inSqlite(folder));
      await copy(embedded(folder), shared(schema));
      await assert.rejects(opened(inSqlite(folder)), { code: 'store-unavailable', message: /were moved to another one \(Postgres on 127\.0\.0\.1:\d+\/\w+, schema copy_\d+\) at 2026-01-05T09:00:00\.000Z.*`sluice store reopen`/ });
      await assert.rejects(copy(embedded(folder), shared(newSchema())), { code: 'wrong-state', message: /were moved to Postgres on .* already/ });
      await opened(onPostgres(schema));
      const end = embedded(folder);
      await end.open();
      await end.unmark();
      await end.close();
      await opened(inSqlite(folder));
    });

    it('is not copied while a daemon has the store on Postgres, on either side, and one that wakes up afterwards does nothing more', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      await withOneRun(() => inSqlite(newFolder()));
      const daemon = onPostgres(schema, 'shop-2:/srv/shop#abc');
      await daemon.open({ anchor: anchorAt(Date.now()), random: 0.5 });
      await assert.rejects(copy(shared(schema), embedded(folder)), { code: 'wrong-state', message: /is in use by shop-2:\/srv\/shop#abc: stop every daemon first/ });
      await withOneRun(() => inSqlite(folder));
      await assert.rejects(copy(embedded(folder), shared(schema), true), { code: 'wrong-state', message: /is in use by/ });
      // As if it had been cut off for long.
      await query(`UPDATE ${schema}.daemons SET seen_at = 0`);
      await copy(shared(schema), embedded(newFolder()));
      await assert.rejects(daemon.checkIn({ now: Date.now() }), { code: 'store-unavailable', message: /were moved to another one/ });
      await assert.rejects(daemon.setQueue({ queue: 'late', paused: true }), { code: 'store-unavailable' });
      await daemon.close();
      assert.deepEqual(await query(`SELECT name FROM ${schema}.queues`), []);
      await assert.rejects(opened(onPostgres(schema)), { code: 'store-unavailable', message: /were moved to another one \(the embedded store\)/ });
    });

    it('is not copied while how attempts ended may be known to the machine alone whose daemon crashed, until a daemon has looked', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      const journalFile = path.join(newFolder(), 'attempts');
      const daemon = (): PostgresStore => new PostgresStore({ url, schema, daemon: 'shop-2:/srv/shop#abc', linkKey: suiteLinkKey, hasServerClock: false, journalFile });
      const bench = new StoreBench(daemon, { folder: newFolder() });
      await bench.open();
      await bench.one();
      const job = await bench.next();
      await query(`UPDATE ${schema}.daemons SET seen_at = 0`);
      await assert.rejects(copy(shared(schema), embedded(folder)), { code: 'wrong-state', message: /when daemons ended by a crash: shop-2:\/srv\/shop#abc \(1\).*`sluice up` and `sluice down` there/ });
      // The server is away when the attempt ends, and then the daemon crashes: it is in the journal alone.
      await query(`ALTER SCHEMA ${schema} RENAME TO away`);
      const { survivesCrash, stored } = bench.store.settle({ outcomes: [{ jobId: job.jobId, attempt: job.attempt, endedAt: start, outcome: { kind: 'succeeded', output: 'null' } }] });
      assert.equal(survivesCrash, true);
      await assert.rejects(stored);
      await query(`ALTER SCHEMA away RENAME TO ${schema}`);
      const again = daemon();
      const { unsettled } = await again.open({ anchor: anchorAt(start), random: 0.5 });
      assert.deepEqual(unsettled.map(({ jobId, outcome }) => [jobId, outcome.kind]), [[job.jobId, 'succeeded']]);
      await again.configure({ queues: [], env: {} });
      await again.settle({ outcomes: unsettled }).stored;
      await again.close();
      await bench.store.close();
      await copy(shared(schema), embedded(folder));
      assert.deepEqual(contents(folder)['jobs']?.length, 1);
    });

    it('takes the place of nothing else, unless that is asked for', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      await withOneRun(() => inSqlite(folder));
      await withOneRun(() => onPostgres(schema));
      await query(`UPDATE ${schema}.daemons SET seen_at = 0`);
      await assert.rejects(copy(embedded(folder), shared(schema)), { code: 'wrong-state', message: /is not empty: it has rows in .*jobs \(1\).*--replace/ });
      await copy(embedded(folder), shared(schema), true);
      assert.deepEqual((await query(`SELECT value FROM ${schema}.meta WHERE key = 'store_id'`)).map(({ value }) => value), ['embedded']);
    });

    it('is where it was when the server dies in the middle, and so is what it was to replace', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      await withOneRun(() => inSqlite(folder));
      await withOneRun(() => onPostgres(schema, 'former'));
      await query(`UPDATE ${schema}.daemons SET seen_at = 0`);
      const former = await query(`SELECT * FROM ${schema}.jobs`);
      const target = shared(schema);
      const dying = withMethod(target, 'complete', async (params) => {
        await server().kill();
        return target.complete(params);
      });
      await assert.rejects(copy(embedded(folder), dying, true), { code: 'store-unavailable' });
      await server().start();
      assert.deepEqual(await query(`SELECT * FROM ${schema}.jobs`), former);
      await opened(onPostgres(schema, 'former'));
      await opened(inSqlite(folder));
    });

    it('counts as unfinished until the store that it came from is marked, and is finished by the next copy', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      await withOneRun(() => inSqlite(folder));
      await assert.rejects(copy(failing(embedded(folder), 'markMoved'), shared(schema)), /failed on purpose/);
      await assert.rejects(opened(onPostgres(schema)), { code: 'store-unavailable', message: /did not finish/ });
      // The source continues meanwhile, so what was copied is worth nothing.
      await withOneRun(() => inSqlite(folder));
      await assert.rejects(copy(embedded(folder), failing(shared(schema), 'unmark')), /failed on purpose/);
      await assert.rejects(opened(inSqlite(folder)), { code: 'store-unavailable', message: /were moved/ });
      assert.equal((await copy(embedded(folder), shared(schema))).isResumed, true);
      const bench = new StoreBench(() => onPostgres(schema), { folder: newFolder() });
      await bench.open();
      assert.equal((await bench.store.listRuns({ limit: 10 })).runs.length, 2);
      await bench.assertSound();
      await bench.store.close();
    });

    it('opens no rate, and waits no longer or shorter, where the clocks of the two differ', async () => {
      const [folder, back, schema] = [newFolder(), newFolder(), newSchema()];
      const aheadMs = 300_000;
      const bench = new StoreBench(inSqlite, { folder });
      await bench.open();
      const runId = await bench.one();
      await bench.one();
      const { jobs } = await bench.store.claim({ queue: 'default', limit: 1, now: bench.now, startAts: [bench.now], keepStartsMs: 60_000 });
      bench.now += 2500;
      for (const job of jobs) await bench.retryIn(job, 10_000);
      await bench.store.close();
      const waiting = (rows: readonly Record<string, unknown>[]): unknown => rows.map(({ due_at: dueAt, state }) => [Number(dueAt), state]);
      await copy(goingBy(embedded(folder), 0), goingBy(shared(schema), aheadMs));
      assert.deepEqual(waiting(await query(`SELECT due_at, state FROM ${schema}.jobs ORDER BY id`)), [[start + 12_500 + aheadMs, 'delayed'], [start + aheadMs, 'pending']]);
      // The start counts when its attempt had ended, and not when it began: that is what the next one is measured from.
      assert.deepEqual(await query(`SELECT at, counted_at FROM ${schema}.rate_starts`), [{ at: start + aheadMs, counted_at: start + 2500 + aheadMs }]);
      // What has been stays as it was.
      assert.deepEqual((await query(`SELECT created_at FROM ${schema}.runs WHERE id = ${runId}`)).map(({ created_at: at }) => Number(at)), [start]);
      await copy(goingBy(shared(schema), aheadMs), goingBy(embedded(back), 0));
      assert.deepEqual(contents(back), contents(folder));
    });

    it('gets the items of a file from where the file is, and does not leave them behind on Postgres', async () => {
      const [folder, schema] = [newFolder(), newSchema()];
      const bench = new StoreBench(inSqlite, { folder });
      await bench.open();
      await bench.run('steps:\n  each: { uses: test/scripted, foreach: { file: people.csv, on-item-failure: fail }, with: { name: "${{ item.name }}" } }\n');
      await bench.store.close();
      await copy(embedded(folder), shared(schema));
      assert.deepEqual(await query(`SELECT d.name, f.count FROM ${schema}.item_files f JOIN ${schema}.daemons d ON d.id = f.daemon`), [{ name: 'copier', count: null }]);
      await assert.rejects(copy(shared(schema), embedded(newFolder())), { code: 'wrong-state', message: /not all become jobs yet, in r1: run `sluice up` until they have/ });
    });

    it('is read and written in portions, however large its rows are', async () => {
      const [folder, back, schema] = [newFolder(), newFolder(), newSchema()];
      const file = path.join(folder, 'store.db');
      fillTables(file, []);
      const db = new DatabaseSync(file);
      const large = 'ä'.repeat(700_000);
      for (let id = 1; id <= 30; id++) db.prepare('INSERT INTO payloads (job_id, payload, created_at) VALUES (?, ?, 1)').run(id, id % 10 === 0 ? `"${id}"` : `"${large}${id}"`);
      db.close();
      const portions = async (end: CopyEnd): Promise<number[]> => {
        await end.open('source');
        const table = (await end.tables()).find(({ name }) => name === 'payloads');
        const sizes: number[] = [];
        if (table !== undefined) for await (const rows of end.read(table)) sizes.push(rows.length);
        await end.close();
        return sizes;
      };
      assert.ok(Math.max(...(await portions(embedded(folder)))) <= 4);
      await copy(embedded(folder), shared(schema));
      assert.ok(Math.max(...(await portions(shared(schema)))) <= 4);
      await query(`DELETE FROM ${schema}.meta WHERE key = 'copy'`);
      await copy(shared(schema), embedded(back));
      assert.deepEqual(contents(back), contents(folder));
    });
  },
  { fsync: false },
);

/** What a cell is made of: its place and kind decide what becomes of it. */
const cellSeed = fc.record({ text: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\0', 'a\0b', '\uFFFE', '\uFFFE0', '{"x":"\uFFFE"}', '"\\{},', 'NULL', '', 'é😀')), whole: fc.maxSafeNat(), real: fc.double({ noNaN: true, noDefaultInfinity: true }), isNull: fc.boolean() });
type CellSeed = typeof cellSeed extends fc.Arbitrary<infer Seed> ? Seed : never;

/** A row of each table for each seed, by the tables' columns alone: what is added to a store is copied too. */
function fillTables(file: string, seeds: readonly (readonly CellSeed[])[]): void {
  const db = new DatabaseSync(file);
  try {
    migrate(db, file);
    db.exec("INSERT INTO meta (key, value) VALUES ('store_id', 'embedded')");
    for (const table of tablesIn(db)) {
      const columns = db.prepare(`PRAGMA table_info(${table})`).all();
      for (const [index, seed] of seeds.entries()) {
        const cells = columns.map(({ type, notnull, pk, name }, place): Cell => {
          const { text = '', whole = 0, real = 0, isNull = true } = seed[place] ?? {};
          // All rows have another one of these, so that no index that is unique is in the way.
          const isKey = pk !== 0 || ['id', 'name', 'position', 'item_index', 'hash', 'run_key', 'item_key', 'cron'].includes(String(name));
          // The number of a daemon is that of the store in which it is.
          if (name === 'daemon') return 0;
          if (!isKey && notnull === 0 && isNull) return null;
          if (type === 'INTEGER') return isKey ? index + 1 : whole;
          if (type === 'REAL') return isKey ? index + 0.5 : real + 0;
          return isKey ? `${index} ${text}` : text;
        });
        db.prepare(`INSERT INTO ${table} VALUES (${cells.map(() => '?').join(', ')})`).run(...(cells as SQLInputValue[]));
      }
    }
  } finally {
    db.close();
  }
}

/** All rows of all tables. */
function contents(folder: string): Readonly<Record<string, readonly Cell[][]>> {
  const db = new DatabaseSync(path.join(folder, 'store.db'));
  try {
    return Object.fromEntries(
      tablesIn(db).map((table) => {
        const rows = db.prepare(`SELECT * FROM ${table}`).all().map((row) => Object.values(row) as Cell[]);
        return [table, rows.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))];
      }),
    );
  } finally {
    db.close();
  }
}

function tablesIn(db: DatabaseSync): readonly string[] {
  return db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> ? ORDER BY rowid").all(metaTable).map(({ name }) => String(name));
}

/** One that dies at that point. */
function failing(end: CopyEnd, at: 'markMoved' | 'unmark'): CopyEnd {
  return withMethod(end, at, () => Promise.reject(new Error('failed on purpose')));
}

/** By a clock that is so much ahead of those of the other ends, and stands still: no millisecond goes by between two readings. */
function goingBy(end: CopyEnd, aheadMs: number): CopyEnd {
  return withMethod(end, 'now', async () => start + aheadMs);
}

function withMethod<Name extends 'markMoved' | 'unmark' | 'complete' | 'now'>(end: CopyEnd, name: Name, method: CopyEnd[Name]): CopyEnd {
  return new Proxy(end, {
    get(_, key) {
      const member: unknown = key === name ? method : Reflect.get(end, key, end);
      return typeof member === 'function' ? (...given: unknown[]): unknown => Reflect.apply(member, end, given) : member;
    },
  });
}
