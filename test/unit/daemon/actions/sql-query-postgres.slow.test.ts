import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import pg from 'pg';
import type { ActionContext, ActionFailure, ActionResult, ResolvedPostgresConnection } from '../../../../daemon/actions/action.ts';
import { BodyProcess } from '../../../../daemon/actions/body-process.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';

describeWithPostgres('sql/query on Postgres', (server) => {
  const bench = new ActionBench();
  let url = '';
  let admin: pg.Client;

  before(async () => {
    ({ url } = await server().newDatabase());
    admin = new pg.Client({ connectionString: url });
    // The server is stopped before it.
    admin.on('error', () => {});
    await admin.connect();
  });
  beforeEach(() => admin.query("drop table if exists people; create table people (id bigint generated always as identity primary key, name text unique); insert into people (name) values ('Ada'), ('Grace')"));
  after(async () => {
    await bench.stopActions();
    await admin.end();
  });

  function run(input: JsonObject, { given = {}, ...context }: Partial<ActionContext> & { readonly given?: Partial<ResolvedPostgresConnection> } = {}): Promise<ActionResult> {
    const connection: ResolvedPostgresConnection = { name: 'db', type: 'postgres', url, pool: 3, ...given };
    return bench.run('sql/query', { connection: 'db', ...input }, { connection: (name) => (name === 'db' ? connection : undefined), ...context });
  }
  const output = async (input: JsonObject): Promise<JsonObject> => succeeded(await run(input)).output as JsonObject;
  const failure = async (input: JsonObject, context: Parameters<typeof run>[1] = {}): Promise<ActionFailure> => failed(await run(input, context));
  const rows = async (query: string): Promise<unknown> => (await output({ query }))['rows'];
  const busy = async (): Promise<number> => (await admin.query("select 1 from pg_stat_activity where application_name = 'sluice' and state = 'active'")).rowCount ?? 0;

  it('gives rows, with each value exactly as it is', async () => {
    assert.deepEqual(await output({ query: 'select id, name from people where id >= :least order by id', params: { least: 1 } }), {
      rows: [{ id: 1, name: 'Ada' }, { id: 2, name: 'Grace' }],
      count: 2,
      columns: ['id', 'name'],
      truncated: false,
    });
    assert.deepEqual(
      await rows(`select 9007199254740991::bigint as safe, 9007199254740993::bigint as beyond, 12.50::numeric as price, 0.12345678901234567890::numeric as digits, 'NaN'::float8 as nan, 0.1::real as part,
        true as yes, null::int as nothing, '\\x00ff'::bytea as bytes, date '2026-02-28' as day, timestamp '2026-02-28 23:59:59.123456' as local,
        timestamptz '2026-02-28 23:30:00.5+05:30' as instant, timestamptz 'infinity' as never, interval '1 day 2 hours' as span, '{"id": 9007199254740993, "a": [1.5]}'::jsonb as data,
        array[1, null, 9007199254740993]::bigint[] as ids, array[['a','b'],['c"d','e,f']] as texts, time '10:00' as clock`),
      [
        {
          safe: 9007199254740991, beyond: '9007199254740993', price: 12.5, digits: '0.12345678901234567890', nan: 'NaN', part: 0.1,
          yes: true, nothing: null, bytes: 'AP8=', day: '2026-02-28', local: '2026-02-28T23:59:59.123456',
          instant: '2026-02-28T18:00:00.5Z', never: 'infinity', span: 'P1DT2H', data: { id: '9007199254740993', a: [1.5] },
          ids: [1, null, '9007199254740993'], texts: [['a', 'b'], ['c"d', 'e,f']], clock: '10:00:00',
        },
      ],
    );
    const params = ['9007199254740993', { a: [1] }, ['x', 'y'], true, null];
    assert.deepEqual((await output({ query: 'select $1::bigint as id, $2::jsonb as data, $3::text[] as list, $4::boolean as yes, $5::text as nothing', params }))['rows'], [{ id: '9007199254740993', data: { a: [1] }, list: ['x', 'y'], yes: true, nothing: null }]);
  });

  it('is the same whatever the session is set to', async () => {
    const database = new URL(url).pathname.slice(1);
    await admin.query(`alter database ${database} set timezone = 'America/New_York'; alter database ${database} set datestyle = 'German'; alter database ${database} set bytea_output = 'escape'`);
    assert.deepEqual((await output({ query: "select timestamptz '2026-07-01 00:00:00+00' as instant, '\\x00ff'::bytea as bytes", 'max-rows': 5 }))['rows'], [{ instant: '2026-07-01T00:00:00Z', bytes: 'AP8=' }]);
    await admin.query(`alter database ${database} reset all`);
  });

  it('changes nothing unless it may', async () => {
    assert.equal((await failure({ query: "insert into people (name) values ('Eve')" })).error.cause, 'invalid statement');
    const hidden = await failure({ query: "with eve as (insert into people (name) values ('Eve') returning id) select * from eve" });
    assert.deepEqual([hidden.error.kind, hidden.error.cause], ['invalid', 'read-only']);
    assert.match(hidden.error.message, /write: true/);
    await admin.query("create or replace function sneak() returns int language plpgsql as $$ begin set transaction read write; insert into people (name) values ('Eve'); return 1; end $$");
    assert.equal((await failure({ query: 'select sneak()' })).error.kind, 'invalid');
    assert.equal((await failure({ query: "select set_config('transaction_read_only', 'off', true)" })).error.kind, 'invalid');
    assert.match((await failure({ query: 'commit' })).error.message, /transaction of its own/);
    assert.match((await failure({ query: 'select 1; drop table people' })).error.message, /Only one statement/);
    assert.deepEqual(await rows('select count(*) from people'), [{ count: 2 }]);

    assert.deepEqual(await output({ query: 'insert into people (name) values ($1), ($2)', params: ['Eve', 'Bob'], write: true }), { rows: [], count: 2, columns: [], truncated: false });
    assert.deepEqual((await output({ query: "update people set name = upper(name) where name = 'Eve' returning name", write: true }))['rows'], [{ name: 'EVE' }]);
    assert.deepEqual(await rows('select count(*) from people'), [{ count: 4 }]);
  });

  it('leaves nothing of itself on a connection that others use', async () => {
    await output({ query: "select set_config('search_path', 'nowhere', false)" });
    for (let index = 0; index < 4; index++) assert.deepEqual(await rows('select count(*) from people'), [{ count: 2 }]);
    await failure({ query: 'select 1 / 0' });
    assert.deepEqual(await rows('select 1 as one'), [{ one: 1 }]);
  });

  it('says whether a repeat can help, and where in the file a mistake is', async () => {
    const kinds = async (query: string, write = false): Promise<readonly string[]> => {
      const { error } = await failure({ query, write });
      return [error.kind, error.cause];
    };
    assert.deepEqual(await kinds("insert into people (name) values ('Ada')", true), ['invalid', '23505 unique violation']);
    assert.deepEqual(await kinds('selec 1'), ['invalid', '42601 syntax error']);
    assert.deepEqual(await kinds('select * from nobody'), ['invalid', '42P01 no such table']);
    await admin.query("create or replace function fail(state text) returns int language plpgsql as $$ begin raise exception 'as asked' using errcode = state; end $$");
    for (const [state, cause] of [['40001', 'serialization failure'], ['40P01', 'deadlock'], ['55P03', 'lock timeout'], ['53300', 'too many connections']]) assert.deepEqual(await kinds(`select fail('${state}')`), ['network', `${state} ${cause}`]);
    const query = 'select id,\n  nmae\nfrom people';
    assert.match((await failure({ query }, { code: { text: query, line: 10 } })).error.message, /"nmae" does not exist.*See line 11 of the workflow's file\./);
  });

  it('tells servers that can\'t be reached from logins that are refused, and never says the password', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    nobody.close();
    const away = await failure({ query: 'select 1' }, { given: { url: `postgres://ada:hunter2@127.0.0.1:${port}/app` } });
    assert.deepEqual([away.error.kind, away.error.cause], ['network', 'ECONNREFUSED']);
    const wrong = new URL(url);
    wrong.password = 'hunter2';
    const refused = await failure({ query: 'select 1' }, { given: { url: wrong.href } });
    assert.deepEqual([refused.error.kind, refused.error.cause], ['invalid', '28P01 login refused']);
    const plain = await failure({ query: 'select 1' }, { given: { url: `${url}?sslmode=verify-full` } });
    assert.deepEqual([plain.error.kind, plain.error.cause], ['invalid', 'no TLS']);
    assert.equal(JSON.stringify([away, refused, plain]).includes('hunter2'), false);
  });

  it('takes no password from the environment', async () => {
    const saved = process.env['PGPASSWORD'];
    process.env['PGPASSWORD'] = decodeURIComponent(new URL(url).password);
    try {
      const without = new URL(url);
      without.password = '';
      assert.equal((await failure({ query: 'select 1' }, { given: { url: without.href } })).ok, false);
    } finally {
      if (saved === undefined) delete process.env['PGPASSWORD'];
      else process.env['PGPASSWORD'] = saved;
    }
  });

  it('goes only where calls may go', async () => {
    await bench.use({ allowedAddresses: ['db.example.com'] });
    assert.equal((await failure({ query: 'select 1' })).error.cause, 'address not allowed');
    assert.equal((await failure({ query: 'select 1' }, { given: { url: 'postgres://ada@localhost/app?host=/run/postgresql' } })).error.cause, 'address not allowed');
    await bench.use({});
  });

  it('is ended by its time limit, on the server too', async () => {
    const limit = new AbortController();
    const running = run({ query: 'select pg_sleep(600)' }, { signal: limit.signal });
    while ((await busy()) === 0);
    limit.abort(new DOMException('timeout', 'TimeoutError'));
    assert.equal(failed(await running).error.kind, 'timeout');
    // It would sleep for ten minutes.
    while ((await busy()) > 0);
    // The server knows the limit, and ends a statement whose daemon is gone.
    const late = await failure({ query: 'select pg_sleep(600)' }, { timeLimitMs: 50 });
    assert.deepEqual([late.error.kind, late.error.cause], ['timeout', 'statement timeout']);
    assert.deepEqual(succeeded(await run({ query: 'select 1 as one' }, { timeLimitMs: 90 * 86_400_000 })).output, { rows: [{ one: 1 }], count: 1, columns: ['one'], truncated: false });
  });

  it('is a network error where the connection is lost, and the next attempt gets another', async () => {
    const running = run({ query: 'select pg_sleep(600)' });
    while ((await busy()) === 0);
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sluice'");
    assert.equal(failed(await running).error.kind, 'network');
    assert.deepEqual(await rows('select 1 as one'), [{ one: 1 }]);
  });

  it('is bounded in rows and bytes; a statement that writes more than that has written nothing', async () => {
    const cut = succeeded(await run({ query: 'select i from generate_series(1, 1000000) i', 'max-rows': 450 }));
    const { rows: taken, ...rest } = cut.output as JsonObject;
    assert.deepEqual([(taken as readonly unknown[]).length, rest], [450, { count: 450, columns: ['i'], truncated: true }]);
    assert.match(String(cut.warning), /450 were taken/);
    assert.equal((await output({ query: 'select i from generate_series(1, 400) i' }))['count'], 400);
    assert.equal((await failure({ query: 'select i from generate_series(1, 10001) i' })).error.cause, 'too many rows');
    assert.equal((await failure({ query: "select repeat('x', 12000000) as huge" })).error.cause, 'answer too large');
    assert.equal((await failure({ query: 'select 1 as a, 2 as a' })).error.cause, 'column twice');
    assert.equal((await failure({ query: "insert into people (name) select 'x' || i from generate_series(1, 20000) i returning id", write: true })).error.cause, 'too many rows');
    assert.deepEqual(await rows('select count(*) from people'), [{ count: 2 }]);
  });

  it('has large answers encoded elsewhere, with secrets masked', async () => {
    const bodies = new BodyProcess();
    const encodeLargeBody: ActionContext['encodeLargeBody'] = (rest, body) => bodies.encode(JSON.stringify(rest), body, ['hunter2-hunter2']);
    const asked: number[] = [];
    const result = succeeded(await run({ query: "select i, 'hunter2-hunter2' as told, repeat('x', 1000) as text from generate_series(1, 2000) i" }, { encodeLargeBody, room: async (bytes) => void asked.push(bytes) }));
    bodies.stop();
    const json = JSON.parse(Buffer.from(result.encodedOutput ?? []).toString()) as { readonly rows: readonly { readonly i: number; readonly told: string }[]; readonly count: number };
    assert.deepEqual([json.count, json.rows.length, json.rows[1999]?.i, asked], [2000, 2000, 2000, [4_194_304]]);
    assert.equal(json.rows[0]?.told.includes('hunter2'), false);
  });

  it('uses no more connections than its pool, and none after the actions stop', async () => {
    const slow = Array.from({ length: 8 }, () => run({ query: 'select pg_sleep(0.05)' }, { given: { pool: 2 } }));
    let most = 0;
    const done = Promise.all(slow);
    for (let isDone = false; !isDone; isDone = await Promise.race([done.then(() => true), busy().then((count) => ((most = Math.max(most, count)), false))]));
    assert.ok(most > 0 && most <= 2, `${most} connections`);
    const cut = run({ query: 'select pg_sleep(600)' });
    while ((await busy()) === 0);
    await bench.stopActions();
    assert.equal(failed(await cut).error.kind, 'network');
    await bench.use({});
  });
});
