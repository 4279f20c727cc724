import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { describeWithPostgres, type PostgresDatabase } from '../../../support/postgres-server.ts';
import { TcpFaultProxy } from '../../../support/tcp-fault-proxy.ts';

const now = Date.UTC(2026, 0, 5, 9, 0, 0);
const text = 'inputs: { n: { type: integer } }\nsteps:\n  only: { uses: test/scripted, with: { n: 1 } }\n';
const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
const succeeded = { kind: 'succeeded', output: 'null' } as const;

describeWithPostgres('a store whose server, or the way to it, fails', (server) => {
  let database: PostgresDatabase;
  let proxy: TcpFaultProxy;
  let stores: PostgresStore[];
  let schemas = 0;
  let admin: pg.Client;
  beforeEach(async () => {
    database = await server().newDatabase();
    proxy = await TcpFaultProxy.start(server().port);
    stores = [];
    admin = new pg.Client(database.adminUrl);
    admin.on('error', () => {});
    await admin.connect();
  });
  afterEach(async () => {
    await proxy.heal();
    for (const store of stores) await store.close();
    await admin.end().catch(() => {});
    await proxy.stop();
  });

  const open = async (schema = `s_${++schemas}`, { daemon = 'one', clock }: { readonly daemon?: string; readonly clock?: FakeClock } = {}): Promise<PostgresStore> => {
    const store = new PostgresStore({ url: server().url({ database: database.name, port: proxy.port }), schema, daemon, hasServerClock: false, ...(clock === undefined ? {} : { clock }) });
    stores.push(store);
    await store.open({ anchor: anchorAt(now), random: 0.5 });
    await store.configure({ queues: [], env: {} });
    return store;
  };
  const create = (store: PostgresStore, n: number) => store.createRun({ workflow: 'w', version, text, inputs: JSON.stringify({ n }), now });
  const settle = (store: PostgresStore, jobId: number, attempt: number) => store.settle({ outcomes: [{ jobId, attempt, endedAt: now, outcome: succeeded }] }).stored;
  const runsOf = async (schema: string, n: number): Promise<number> => {
    const { rows } = await admin.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${schema}.runs WHERE inputs = $1`, [JSON.stringify({ n })]);
    return rows[0]?.n ?? 0;
  };

  /** For a lock that another transaction has. */
  const untilOneWaits = async (): Promise<void> => {
    for (let isWaiting = false; !isWaiting; ) {
      const { rows } = await admin.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
      isWaiting = rows.length > 0;
    }
  };

  it('does everything once, wherever the connection is lost: before a commit, within it, and before its answer', async () => {
    const store = await open('cut');
    let n = 0;
    for (const side of ['server', 'client'] as const) {
      for (let bytes = 0; bytes < 5000; bytes += side === 'server' ? 130 : 260) {
        proxy.cutAfter(side, bytes);
        const [made] = await Promise.allSettled([create(store, ++n)]);
        await proxy.heal();
        assert.deepEqual([made.status, await runsOf('cut', n)], ['fulfilled', 1], `cut ${bytes} bytes from the ${side} on`);
      }
    }
    const { jobs } = await store.claim({ queue: 'default', limit: 1000, now });
    assert.equal(jobs.length, n);
    for (const [index, { jobId, attempt }] of jobs.entries()) {
      proxy.cutAfter(index % 2 === 0 ? 'server' : 'client', index * 31);
      assert.deepEqual(await settle(store, jobId, attempt), { refused: [], failed: [] }, 'its own outcome is not refused as one that comes late');
      await proxy.heal();
    }
    assert.deepEqual((await store.check()).filter(({ ok }) => !ok), []);
    assert.deepEqual((await store.listRuns({ state: 'running', limit: 1 })).runs, []);
  });

  it('is told of what it did without an answer, as of everything else', async () => {
    const store = await open('told');
    const told: number[] = [];
    store.onCommit(({ queues }) => told.push(...queues.map(({ pending }) => pending)));
    for (let bytes = 0; bytes < 4000; bytes += 149) {
      proxy.cutAfter('server', bytes);
      await create(store, bytes);
      await proxy.heal();
    }
    assert.deepEqual(told, told.map((_, index) => index + 1));
  });

  it('finds out what has become of a change over further losses', async () => {
    const store = await open('again');
    await create(store, 0);
    let n = 0;
    // About where the answer to a commit is; and again on the connection that is to tell whether it was made.
    for (let first = 2600; first <= 3600; first += 100) {
      for (const second of [0, 500, 700, 900, 1100]) {
        proxy.cutAfter('server', first);
        const made = create(store, ++n);
        const done = made.then(() => true);
        const turn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));
        let isDone = false;
        while (!isDone && proxy.open > 0) isDone = await Promise.race([done, turn()]);
        if (!isDone) proxy.cutAfter('server', second);
        await made;
        await proxy.heal();
        assert.equal(await runsOf('again', n), 1, `cut after ${first} bytes, and after ${second} of the next connection`);
      }
    }
    assert.deepEqual((await store.check()).filter(({ ok }) => !ok), []);
  });

  it('says that it is not known what has become of a change, if the daemon ends before there is a server to tell', async () => {
    const store = await open('ended');
    await create(store, 0);
    proxy.cutAfter('server', 3300);
    const before = proxy.accepted;
    const made = create(store, 1);
    const turn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));
    // Until it has begun to ask what has become of it.
    while (proxy.accepted === before && !(await Promise.race([made.then(() => true), turn()])));
    await proxy.refuse();
    const [, [outcome]] = await Promise.all([store.close(), Promise.allSettled([made])]);
    assert.ok(outcome.status === 'fulfilled' || /can't be reached|whether it was made is not known/.test(String(outcome.reason)), String(outcome.status === 'rejected' && outcome.reason));
  });

  it('refuses while there is no server, and works again by itself when there is', async () => {
    const store = await open('away');
    await create(store, 1);
    await proxy.refuse();
    await assert.rejects(create(store, 2), { code: 'store-unavailable', message: /^The store's server 127\.0\.0\.1:\d+\/test_\d+ can't be reached/ });
    await assert.rejects(store.listRuns({ limit: 1 }), { code: 'store-unavailable' });
    await proxy.heal();
    await create(store, 3);
    assert.deepEqual([await runsOf('away', 1), await runsOf('away', 2), await runsOf('away', 3)], [1, 0, 1]);
    assert.equal((await store.listRuns({ limit: 9 })).runs.length, 2);
  });

  it('gives up a connection whose other end is silent, and finds out what has become of what it sent', async () => {
    const clock = new FakeClock(now);
    const store = await open('silent', { clock });
    await create(store, 1);
    proxy.swallow();
    const made = create(store, 2);
    await proxy.swallowed(1);
    await clock.advance(60_000);
    await proxy.heal();
    await clock.advance(60_000);
    await made;
    assert.equal(await runsOf('silent', 2), 1);
  });

  it('loses and doubles nothing that it said or did when the server is killed under load', async () => {
    const store = await open('killed');
    const [made] = await Promise.all([
      Promise.allSettled(Array.from({ length: 40 }, async (_, n) => {
        for (let turn = 0; turn < n; turn++) await store.listAlerts().catch(() => {});
        return create(store, n);
      })),
      server().kill().then(() => server().start()),
    ]);
    await admin.end().catch(() => {});
    admin = new pg.Client(database.adminUrl);
    await admin.connect();
    for (const [n, { status }] of made.entries()) assert.equal(await runsOf('killed', n), status === 'fulfilled' ? 1 : 0, `run ${n} was ${status}`);
    await create(store, 99);
    assert.deepEqual((await store.check()).filter(({ ok }) => !ok), []);
  });

  it('gives no number twice, though a server that crashes forgets which ones it has given', async () => {
    const store = await open('numbers');
    await admin.query('BEGIN; LOCK TABLE numbers.runs IN SHARE MODE');
    const lost = Promise.allSettled([create(store, 0)]);
    await untilOneWaits();
    // It has its numbers by now, in a transaction that will never end.
    await server().kill();
    assert.deepEqual((await lost).filter(({ status }) => status === 'fulfilled'), []);
    await server().start();
    await admin.end().catch(() => {});
    admin = new pg.Client(database.adminUrl);
    await admin.connect();
    for (let n = 1; n <= 50; n++) await create(store, n);
    for (let n = 1; n <= 50; n++) assert.equal(await runsOf('numbers', n), 1);
  });

  it('begins again what a deadlock has ended', async () => {
    // The one that looks for deadlocks is the one that is ended: the store, and late enough for there to be one.
    const [database] = (await admin.query<{ name: string }>('SELECT quote_ident(current_database()) AS name')).rows;
    await admin.query(`ALTER DATABASE ${database?.name} SET deadlock_timeout = '4s'`);
    const store = await open('deadlock');
    await admin.query(`ALTER DATABASE ${database?.name} RESET deadlock_timeout`);
    for (const n of [1, 2]) await create(store, n);
    const { jobs } = await store.claim({ queue: 'default', limit: 2, now });
    await admin.query("BEGIN; SET LOCAL deadlock_timeout = '60s'");
    await admin.query('SELECT 1 FROM deadlock.jobs WHERE id = $1 FOR UPDATE', [jobs[1]?.jobId]);
    const settled = store.settle({ outcomes: jobs.map(({ jobId, attempt }) => ({ jobId, attempt, endedAt: now, outcome: succeeded })) }).stored;
    // It has the first job by now, and waits for the second.
    await untilOneWaits();
    await admin.query('SELECT 1 FROM deadlock.jobs WHERE id = $1 FOR UPDATE', [jobs[0]?.jobId]);
    await admin.query('COMMIT');
    assert.deepEqual(await settled, { refused: [], failed: [] });
    assert.match(await server().log(), /deadlock detected/);
  });

  it('writes nothing more for a daemon whose place another process has taken, and says so', async () => {
    const first = await open('twins');
    await create(first, 1);
    const second = await open('twins');
    await assert.rejects(create(first, 2), { code: 'store-unavailable', message: /Another daemon has opened the store on .* as the one that this daemon is/ });
    await assert.rejects(first.claim({ queue: 'default', limit: 1, now }), { code: 'store-unavailable' });
    assert.equal((await second.claim({ queue: 'default', limit: 9, now })).jobs.length, 1);
    await create(second, 3);
    assert.deepEqual([await runsOf('twins', 1), await runsOf('twins', 2), await runsOf('twins', 3)], [1, 0, 1]);
    await first.close();
    const { rows } = await admin.query<{ closed: boolean }>('SELECT closed FROM twins.daemons');
    assert.deepEqual(rows, [{ closed: false }], 'its end is not the end of the other');
  });

  it('makes one run of a key, if two daemons are asked for it at the same time', async () => {
    const [one, two] = [await open('keys'), await open('keys', { daemon: 'two' })];
    for (let n = 0; n < 20; n++) {
      const params = { workflow: 'w', version, text, inputs: JSON.stringify({ n }), key: `key ${n}`, now };
      const [first, second] = await Promise.all([one.createRun(params), two.createRun(params)]);
      assert.equal(first.runId, second.runId);
      assert.deepEqual([first.existed, second.existed].filter((existed) => existed === true), [true]);
    }
    assert.equal((await one.listRuns({ limit: 100 })).runs.length, 20);
  });
});
