import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { columnsOfSharing, tablesOfSharing } from '../../../../daemon/store/copy/copy-end.ts';
import { migrate } from '../../../../daemon/store/sqlite/migrations.ts';
import { migrations } from '../../../../daemon/store/postgres/migrations.ts';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres, type PostgresServer } from '../../../support/postgres-server.ts';

const now = Date.UTC(2026, 0, 5, 9, 0, 0);
const about = { host: 'one', folder: '/shop', version: '1.2.3', protocol: 1, pid: 1, startedAt: now };

describeWithPostgres('the tables on Postgres', (server: () => PostgresServer) => {
  let url: string;
  before(async () => {
    ({ url } = await server().newDatabase());
  });

  const open = async (schema: string, daemon = 'one'): Promise<PostgresStore> => {
    const store = new PostgresStore({ url, schema, daemon, about });
    try {
      await store.open({ anchor: anchorAt(now), random: 0.5 });
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  };

  const rows = async (text: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  it('have the columns that those of the embedded store have, of a kind that holds the same and with the same defaults', async () => {
    await (await open('compared')).close();
    const found = await rows("SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'compared'");
    const onPostgres = new Map(found.map((row) => [`${String(row['table_name'])}.${String(row['column_name'])}`, row]));
    const embedded = embeddedColumns();
    for (const [name, { type, notNull, default: byDefault }] of embedded) {
      const row = onPostgres.get(name);
      assert.ok(row !== undefined, `${name} is missing: append a migration that adds it (daemon/store/postgres/migrations.ts)`);
      assert.equal(row['data_type'], { INTEGER: 'bigint', REAL: 'double precision', TEXT: 'text', '': 'text' }[type], name);
      // A primary key is not null, whatever SQLite says of it.
      if (notNull) assert.equal(row['is_nullable'], 'NO', name);
      if (byDefault !== null) assert.equal(String(row['column_default']).replace(/::.*/, ''), byDefault, name);
    }
    const more = [...onPostgres.keys()].filter((name) => !embedded.has(name) && !tablesOfSharing.includes(name.split('.')[0] ?? ''));
    assert.deepEqual(more, columnsOfSharing);
  });

  it('are made once, whoever comes first, and are those of one project in its schema', async () => {
    const stores = await Promise.all(['one', 'two', 'three'].map((daemon) => open('together', daemon)));
    const other = await open('other');
    await other.setQueue({ queue: 'mine', paused: true });
    assert.deepEqual((await rows('SELECT count(*)::int AS n FROM together.queues')).map(({ n }) => n), [0]);
    assert.equal(new Set((await rows('SELECT id FROM together.daemons')).map(({ id }) => id)).size, 3);
    for (const store of [...stores, other]) await store.close();
  });

  /** Tables as a Sluice of the future leaves them, with which the one of today can work (`oldest` 1) or not. */
  const withOneMore = (oldest: number) => [...migrations, { sql: 'ALTER TABLE queues ADD COLUMN colour text', oldest }];
  const openFuture = async (schema: string, oldest: number, daemon = 'future'): Promise<PostgresStore> => {
    const store = new PostgresStore({ url, schema, daemon, about, migrations: withOneMore(oldest) });
    try {
      await store.open({ anchor: anchorAt(now), random: 0.5 });
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  };

  it('are used together by two versions of Sluice, if the newer one only adds to them', async () => {
    const older = await open('upgraded');
    const newer = await openFuture('upgraded', 1);
    await older.checkIn({ now });
    await older.setQueue({ queue: 'q', paused: true });
    assert.deepEqual((await newer.listDaemons({ now })).map(({ name, health, about: said }) => [name, health, said?.storeVersion]), [['one', 'ok', migrations.length], ['future', 'ok', migrations.length + 1]]);
    await older.close();
    const again = await open('upgraded');
    await again.checkIn({ now });
    assert.deepEqual((await rows("SELECT value FROM upgraded.meta WHERE key = 'version'")).map(({ value }) => value), [String(migrations.length + 1)], 'one that starts again in the middle of an upgrade brings nothing back');
    await again.close();
    await newer.close();
  });

  it('are not changed under daemons that could not work with them then: the newer one waits until they have stopped', async () => {
    const older = await open('waited');
    await assert.rejects(openFuture('waited', migrations.length + 1), { code: 'store-unavailable', message: /This Sluice needs version \d+, with which an older Sluice that still shares it can not work: one\. Stop it; this daemon waits for that/, data: { away: true } });
    await older.setQueue({ queue: 'q', paused: true });
    await older.close();
    const newer = await openFuture('waited', migrations.length + 1);
    await assert.rejects(open('waited'), { code: 'store-unavailable', message: /made by a newer Sluice\. This one knows versions up to \d+ and can not use it: install the newer Sluice/, data: { unusable: true } });
    await newer.close();
  });

  it('tell a daemon that was silent for too long that they were changed meanwhile', async () => {
    const silent = await open('silent');
    await rows("UPDATE silent.daemons SET seen_at = seen_at - 60000");
    const newer = await openFuture('silent', migrations.length + 1);
    await assert.rejects(silent.checkIn({ now }), { code: 'store-unavailable', data: { unusable: true } });
    await newer.close();
    await silent.close();
  });

  it('have a place for each copy of a machine, and give a daemon its own again after a crash', async () => {
    const one = { url, schema: 'twins', daemon: 'host:/shop#1', about };
    const stores = [new PostgresStore({ ...one, occupant: 'a' }), new PostgresStore({ ...one, occupant: 'b' }), new PostgresStore({ ...one, occupant: 'b' })];
    const seats: (string | undefined)[] = [];
    for (const store of stores) seats.push((await store.open({ anchor: anchorAt(now), random: 0.5 })).seat);
    // The third is the second, after a crash.
    assert.deepEqual(seats, [undefined, 'host:/shop#1 (2)', 'host:/shop#1 (2)']);
    const [first, , third] = stores;
    assert.deepEqual((await first?.listDaemons({ now }))?.map(({ name, isTwin, isSelf }) => [name, isTwin, isSelf]), [['host:/shop#1', false, true], ['host:/shop#1 (2)', true, false]]);
    await first?.close();
    await third?.close();
    const [back] = [new PostgresStore({ ...one, occupant: 'b' })];
    assert.equal((await back.open({ anchor: anchorAt(now), random: 0.5 })).seat, undefined, 'the first name is free again');
    await back.close();
    await stores[1]?.close();
  });

  it('are made and used by one who may only connect, and make tables in the schema', async () => {
    const { name, adminUrl } = await server().newDatabase();
    const admin = new pg.Client(adminUrl);
    await admin.connect();
    try {
      for (const statement of ["CREATE ROLE least LOGIN PASSWORD 'least'", `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`, `GRANT CONNECT ON DATABASE ${name} TO least`, 'CREATE SCHEMA shop', 'GRANT USAGE ON SCHEMA shop TO least']) await admin.query(statement);
      const least = new URL(adminUrl);
      [least.username, least.password] = ['least', 'least'];
      const use = async (): Promise<void> => {
        const store = new PostgresStore({ url: least.href, schema: 'shop', daemon: 'one', hasServerClock: false });
        try {
          await store.open({ anchor: anchorAt(now), random: 0.5 });
          await store.setQueue({ queue: 'mine', paused: true });
          await store.checkIn({ now });
          assert.deepEqual((await store.check()).filter(({ ok }) => !ok), []);
        } finally {
          await store.close();
        }
      };
      await assert.rejects(use(), { code: 'store-unavailable', message: /permission denied for schema shop/ });
      await admin.query('GRANT CREATE ON SCHEMA shop TO least');
      await use();
    } finally {
      await admin.end();
    }
  });

  it('hold any text, and what is not told of where they are is the password', async () => {
    const store = await open('texts');
    await store.setQueue({ queue: 'a\0b"\\{},é😀\uD800', paused: true });
    // By which NUL is escaped: it has to come back too, and what was written without an escape as it is.
    await store.setQueue({ queue: 'b\uFFFE\0\uFFFE0', paused: true });
    await rows(`INSERT INTO texts.queues (name) VALUES ('c\uFFFEc')`);
    const { depths } = await store.look({ now });
    assert.deepEqual(depths.map(({ name }) => name), ['a\0b"\\{},é😀\uFFFD', 'b\uFFFE\0\uFFFE0', 'c\uFFFEc']);
    await store.close();
    const wrong = new PostgresStore({ url: url.replace(/:[^:@/]+@/, ':hunter2-x@'), schema: 'texts', daemon: 'one' });
    await assert.rejects(wrong.open({ anchor: anchorAt(now), random: 0.5 }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'store-unavailable');
      assert.match(error.message, /refuses \(password authentication failed/);
      assert.doesNotMatch(`${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}`, /hunter2/);
      return true;
    });
    await wrong.close();
    const none = new PostgresStore({ url: 'mysql://someone:hunter2-x@host/db', schema: 'texts', daemon: 'one' });
    await assert.rejects(none.open({ anchor: anchorAt(now), random: 0.5 }), (error: Error) => {
      assert.match(error.message, /is none that Postgres takes/);
      assert.doesNotMatch(`${error.message} ${error.stack ?? ''}`, /hunter2/);
      return true;
    });
    await none.close();
  });
}, { fsync: false });

interface Column {
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
}

function embeddedColumns(): ReadonlyMap<string, Column> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-columns-'));
  const db = new DatabaseSync(path.join(folder, 'store.db'));
  try {
    migrate(db, path.join(folder, 'store.db'));
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
    return new Map(
      tables.flatMap(({ name: table }) =>
        db
          .prepare(`PRAGMA table_info(${String(table)})`)
          .all()
          .map((row): [string, Column] => [`${String(table)}.${String(row['name'])}`, { type: String(row['type']), notNull: row['notnull'] === 1, default: row['dflt_value'] === null ? null : String(row['dflt_value']) }]),
      ),
    );
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
