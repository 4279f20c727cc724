import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { isProcessAlive } from '../../../platform/process-alive.ts';
import { describeWithPostgres, type PostgresDatabase, type PostgresServer } from '../../support/postgres-server.ts';

describeWithPostgres('a Postgres server for tests', (current) => {
  let database: PostgresDatabase;
  beforeEach(async () => {
    database = await current().newDatabase();
  });

  it('gives each test an empty database, whose owner is no superuser and may make a schema', async () => {
    const other = await current().newDatabase();
    assert.notEqual(other.url, database.url);
    const [row] = await query(database.url, `select rolsuper, rolcreatedb from pg_roles where rolname = current_user`);
    assert.deepEqual(row, { rolsuper: false, rolcreatedb: false });
    await query(database.url, 'create schema mine; create table mine.kept (n int)');
    assert.deepEqual(await query(other.url, `select 1 from pg_namespace where nspname = 'mine'`), []);
  });

  it('syncs what is committed, and needs a password', async () => {
    assert.deepEqual(await query(database.url, 'show fsync'), [{ fsync: 'on' }]);
    const wrong = new URL(database.url);
    wrong.password = 'wrong';
    await assert.rejects(query(wrong.href, 'select 1'), /password authentication failed/);
  });

  for (const [how, end] of [
    ['kill -9', (server: PostgresServer) => server.kill()],
    ['a stop', (server: PostgresServer) => server.stop()],
    ['an immediate stop', (server: PostgresServer) => server.stop('immediate')],
  ] as const) {
    it(`keeps what was committed over ${how}, at the same address`, async () => {
      const server = current();
      await query(database.url, 'create table kept (n int); insert into kept values (7)');
      await end(server);
      assert.equal(server.pid, undefined);
      await assert.rejects(query(database.url, 'select 1'), { code: 'ECONNREFUSED' });
      await server.start();
      assert.deepEqual(await query(database.url, 'select n from kept'), [{ n: 7 }]);
    });
  }

  it('ends the connections that it has when it is killed', async () => {
    const server = current();
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
    const slow = assert.rejects(client.query('select pg_sleep(1000)'));
    await server.kill();
    await slow;
    await server.start();
  });

  it('is gone, with its folder, when the process that has started it is killed', async () => {
    const program = `
      import { PostgresServer } from '${path.resolve(import.meta.dirname, '../../support/postgres-server.ts')}';
      const server = await PostgresServer.start();
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: server.url({ user: 'postgres' }) });
      await client.connect();
      const { rows: [{ data_directory: data }] } = await client.query('show data_directory');
      await client.end();
      process.send({ pid: server.pid, data });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    // The guard has it as well, and ends last.
    const guardEnded = child.stderr === null ? undefined : once(child.stderr.resume(), 'end');
    const [{ pid, data }] = (await once(child, 'message')) as [{ readonly pid: number; readonly data: string }];
    assert.deepEqual([isProcessAlive(pid), existsSync(data)], [true, true]);
    child.kill('SIGKILL');
    await guardEnded;
    assert.deepEqual([isProcessAlive(pid), existsSync(path.dirname(data))], [false, false]);
  });
});

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
