import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, symlink, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ActionContext, ActionFailure, ActionResult, ResolvedSqliteConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('sql/query on SQLite', () => {
  const bench = new ActionBench();
  let folder = '';

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-sql-'));
  });
  beforeEach(async () => {
    await rm(path.join(folder, 'data'), { recursive: true, force: true });
    await mkdir(path.join(folder, 'data'));
    edit("create table people (id integer primary key, name text unique, note); insert into people values (1, 'Ada', x'00ff'), (2, 'Grace', null)");
  });
  after(async () => {
    await bench.stopActions();
    await rm(folder, { recursive: true, force: true });
  });

  function edit(sql: string): void {
    const database = new DatabaseSync(path.join(folder, 'data/app.db'));
    database.exec(sql);
    database.close();
  }

  function run(input: JsonObject, { file = 'data/app.db', ...context }: Partial<ActionContext> & { readonly file?: string } = {}): Promise<ActionResult> {
    const connection: ResolvedSqliteConnection = { name: 'db', type: 'sqlite', file: { folder, path: file } };
    return bench.run('sql/query', { connection: 'db', ...input }, { projectFolder: folder, connection: (name) => (name === 'db' ? connection : undefined), ...context });
  }
  const output = async (input: JsonObject): Promise<JsonObject> => succeeded(await run(input)).output as JsonObject;
  const failure = async (input: JsonObject, context: Parameters<typeof run>[1] = {}): Promise<ActionFailure> => failed(await run(input, context));
  const rows = async (query: string): Promise<unknown> => (await output({ query }))['rows'];

  it('gives rows, with each value exactly as it is stored', async () => {
    assert.deepEqual(await output({ query: 'select id, name, note from people where id >= :least order by id', params: { least: 1 } }), {
      rows: [{ id: 1, name: 'Ada', note: 'AP8=' }, { id: 2, name: 'Grace', note: null }],
      count: 2,
      columns: ['id', 'name', 'note'],
      truncated: false,
    });
    assert.deepEqual(await rows('select 9007199254740991 as safe, 9007199254740993 as beyond, -9223372036854775808 as least, 0.1 as part, 9e999 as infinite'), [{ safe: 9007199254740991, beyond: '9007199254740993', least: '-9223372036854775808', part: 0.1, infinite: 'Infinity' }]);
    const params = ['9007199254740993', 5, 0.5, true, null, { a: [1] }];
    assert.deepEqual((await output({ query: "select cast($1 as integer) as a, typeof($2) as b, $3 as c, $4 as d, $5 as e, $6 as f", params }))['rows'], [{ a: '9007199254740993', b: 'integer', c: 0.5, d: 1, e: null, f: '{"a":[1]}' }]);
  });

  it('takes values for values: what is in them is never SQL', async () => {
    assert.deepEqual((await output({ query: 'select count(*) as found from people where name = $1', params: ["x' or '1'='1"] }))['rows'], [{ found: 0 }]);
    assert.match((await failure({ query: 'select 1; drop table people', write: true })).error.message, /Only one statement/);
    assert.match((await failure({ query: 'select $1' })).error.message, /There is no value for \$1/);
  });

  it('changes nothing unless it may', async () => {
    assert.equal((await failure({ query: "insert into people (name) values ('Eve')" })).error.cause, 'invalid statement');
    // A statement whose first word says nothing of it meets a database that is open for reading only.
    const hidden = await failure({ query: "with eve as (select 'Eve') insert into people (name) select * from eve" });
    assert.deepEqual([hidden.error.kind, hidden.error.cause], ['invalid', 'read-only']);
    assert.match(hidden.error.message, /write: true/);
    assert.equal((await failure({ query: "select load_extension('/tmp/x')" })).error.kind, 'invalid');
    assert.deepEqual(await rows('select count(*) as people from people'), [{ people: 2 }]);

    assert.deepEqual(await output({ query: 'insert into people (name) values ($1), ($2)', params: ['Eve', 'Bob'], write: true }), { rows: [], count: 2, columns: [], truncated: false });
    assert.deepEqual(await output({ query: "update people set note = upper(name) where id > 2 returning note", write: true }), { rows: [{ note: 'EVE' }, { note: 'BOB' }], count: 2, columns: ['note'], truncated: false });
    assert.deepEqual(await rows("select count(*) as people from people where note in ('EVE', 'BOB')"), [{ people: 2 }]);
  });

  it('does it once, however often it is repeated, where the statement says what tells that', async () => {
    edit('create table booked (key text primary key, amount integer)');
    const insert = { query: 'insert into booked values ($1, $2) on conflict do nothing', params: ['key_1', 5], write: true };
    assert.equal((await output(insert))['count'], 1);
    assert.equal((await output(insert))['count'], 0);
    assert.deepEqual(await rows('select * from booked'), [{ key: 'key_1', amount: 5 }]);
  });

  it('leaves nothing of a statement that fails, and says whether a repeat can help', async () => {
    const twice = await failure({ query: "insert into people (name) values ('Eve'), ('Ada')", write: true });
    assert.deepEqual([twice.error.kind, twice.error.cause], ['invalid', 'constraint violation']);
    assert.deepEqual(await rows("select * from people where name = 'Eve'"), []);
    assert.deepEqual([(await failure({ query: 'selec 1' })).error.kind, (await failure({ query: 'select * from nobody' })).error.kind], ['invalid', 'invalid']);

    // By another process: locks of this one end with any look at the file.
    const program = "const { DatabaseSync } = require('node:sqlite'); const one = new DatabaseSync(process.argv[1]); one.exec('begin immediate'); console.log('locked'); process.stdin.resume();";
    const other = spawn(process.execPath, ['-e', program, path.join(folder, 'data/app.db')], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(other.stdout, 'data');
    const locked = await failure({ query: "insert into people (name) values ('Eve')", write: true }, { timeLimitMs: 100 });
    assert.deepEqual([locked.error.kind, locked.error.cause], ['network', 'database is locked']);
    other.kill('SIGKILL');
    await once(other, 'close');
  });

  it('is bounded: what a person has not limited is not cut without a word', async () => {
    const series = (count: number): string => `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n`;
    const cut = succeeded(await run({ query: series(10), 'max-rows': 3 }));
    assert.deepEqual(cut.output, { rows: [{ i: 1 }, { i: 2 }, { i: 3 }], count: 3, columns: ['i'], truncated: true });
    assert.match(String(cut.warning), /more rows than `max-rows` allows: 3 were taken/);
    assert.equal((await failure({ query: series(10_001) })).error.cause, 'too many rows');
    assert.equal((await failure({ query: series(1000), 'max-bytes': 1024 })).error.cause, 'answer too large');
    assert.equal((await failure({ query: 'select id, name as id from people' })).error.cause, 'column twice');
    // A statement that writes more than may be returned has written nothing.
    assert.equal((await failure({ query: "insert into people (name) select hex(randomblob(8)) from (" + series(200) + ') returning hex(zeroblob(100)) as x', write: true, 'max-bytes': 1024 })).error.cause, 'answer too large');
    assert.deepEqual(await rows('select count(*) as people from people'), [{ people: 2 }]);
  });

  it('is ended by its time limit, whatever it is doing, and others continue', async () => {
    const endless = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n';
    const limit = new AbortController();
    const running = run({ query: endless }, { signal: limit.signal });
    assert.deepEqual(await rows('select 1 as one'), [{ one: 1 }]);
    limit.abort(new DOMException('timeout', 'TimeoutError'));
    const ended = failed(await running);
    assert.deepEqual([ended.error.kind, await rows('select 2 as two')], ['timeout', [{ two: 2 }]]);
  });

  it('reads a database that a crash has left in the middle of a transaction', async () => {
    const limit = new AbortController();
    const filling = "insert into people (name) with recursive n(i) as (select 1 union all select i + 1 from n) select hex(randomblob(200)) from n";
    const running = run({ query: filling, write: true }, { signal: limit.signal });
    // Its journal is on disk, and pages of the file were overwritten.
    for await (const _ of watch(path.join(folder, 'data'))) if ((await stat(path.join(folder, 'data/app.db'))).size > 8_000_000) break;
    limit.abort();
    assert.equal(failed(await running).error.kind, 'cancelled');
    assert.deepEqual(await rows('select count(*) as people from people'), [{ people: 2 }]);
  });

  it('opens files of the project only, and makes none', async () => {
    await symlink('/etc/hostname', path.join(folder, 'data/link.db'));
    await mkdir(path.join(folder, '.sluice/state'), { recursive: true });
    await writeFile(path.join(folder, '.sluice/state/store.db'), '');
    for (const file of ['data/none.db', '../outside.db', 'data/link.db', '.sluice/state/store.db', 'data']) {
      assert.equal((await failure({ query: 'select 1 as one' }, { file })).error.cause, 'no database', file);
    }
    await writeFile(path.join(folder, 'data/notes.txt'), 'not a database, although it is long enough to be looked at as one: '.repeat(20));
    assert.equal((await failure({ query: 'select * from sqlite_schema' }, { file: 'data/notes.txt' })).error.cause, 'not a database');
    await symlink('/tmp', path.join(folder, 'data/app.db-wal'));
    assert.match((await failure({ query: 'select 1 as one' })).error.message, /no regular file/);
  });
});
