import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { DaemonMemory } from '../../../../daemon/store/postgres/daemon-memory.ts';
import { lockOf } from '../../../../daemon/store/postgres/migrations.ts';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import { PostgresWriter } from '../../../../daemon/store/postgres/postgres-writer.ts';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { describeWithPostgres, type PostgresDatabase } from '../../../support/postgres-server.ts';
import { TcpFaultProxy } from '../../../support/tcp-fault-proxy.ts';

const now = Date.UTC(2026, 0, 5, 9, 0, 0);
const text = 'inputs: { n: { type: integer } }\nsteps:\n  only: { uses: test/scripted, with: { n: 1 } }\n';
const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
const succeeded = { kind: 'succeeded', output: 'null' } as const;

describeWithPostgres(
  'a store on a server as others administer it',
  (server) => {
    let database: PostgresDatabase;
    let proxy: TcpFaultProxy;
    let stores: PostgresStore[];
    let admin: pg.Client;
    beforeEach(async () => {
      database = await server().newDatabase();
      proxy = await TcpFaultProxy.start(server().port);
      stores = [];
      admin = await clientAt(database.adminUrl);
    });
    afterEach(async () => {
      await proxy.heal();
      for (const store of stores) await store.close();
      await admin.end().catch(() => {});
      await proxy.stop();
    });

    const clientAt = async (url: string): Promise<pg.Client> => {
      const client = new pg.Client(url);
      client.on('error', () => {});
      await client.connect();
      return client;
    };
    const urlOf = (port = proxy.port): string => server().url({ database: database.name, port });
    const open = async ({ daemon = 'one', clock, port }: { readonly daemon?: string; readonly clock?: FakeClock; readonly port?: number } = {}): Promise<PostgresStore> => {
      const store = new PostgresStore({ url: urlOf(port), schema: 'shop', daemon, hasServerClock: false, ...(clock === undefined ? {} : { clock }) });
      stores.push(store);
      await store.open({ anchor: anchorAt(now), random: 0.5 });
      await store.configure({ queues: [], env: {} });
      return store;
    };
    const create = (store: PostgresStore, n: number) => store.createRun({ workflow: 'w', version, text, inputs: JSON.stringify({ n }), now });
    const claimOne = async (store: PostgresStore): Promise<{ readonly jobId: number; readonly attempt: number }> => {
      const [job] = (await store.claim({ queue: 'default', limit: 1, now })).jobs;
      assert.ok(job);
      return job;
    };
    const settle = (store: PostgresStore, { jobId, attempt }: { readonly jobId: number; readonly attempt: number }) =>
      store.settle({ outcomes: [{ jobId, attempt, endedAt: now, outcome: succeeded }] }).stored;
    const untilServerSays = async (what: string, values: readonly unknown[] = []): Promise<void> => {
      while ((await admin.query(what, [...values])).rows.length === 0);
    };

    it('works whatever limits its user has for statements, and however often idle connections are ended', async () => {
      const isOld = Number.parseInt(server().version, 10) < 14;
      for (const setting of ["statement_timeout = '250ms'", "lock_timeout = '250ms'", ...(isOld ? [] : ["idle_session_timeout = '2s'"])]) await admin.query(`ALTER ROLE sluice IN DATABASE ${database.name} SET ${setting}`);
      const store = await open();
      await create(store, 1);
      const other = await clientAt(database.adminUrl);
      await other.query(`BEGIN; SELECT pg_advisory_xact_lock(${lockOf('shop')})`);
      const made = create(store, 2);
      await untilServerSays("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '600 ms'");
      await other.query('COMMIT');
      await other.end();
      assert.deepEqual(await made, { runId: 2 });
      // All of its connections lie idle, and are ended.
      if (!isOld) await untilServerSays("SELECT WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = 'sluice')");
      assert.equal((await store.listRuns({ limit: 9 })).runs.length, 2);
      await create(store, 3);
    });

    it('continues at the new server when it was led to one that has become a standby', async () => {
      const store = await open();
      await create(store, 1);
      const standby = await server().copy({ standby: true });
      try {
        proxy.retarget(standby.port);
        proxy.cut();
        await assert.rejects(create(store, 2), { code: 'store-unavailable', message: /is read-only, as a standby is/ });
        // The address leads to the server that can be written again, and nothing ends the connection to the other one.
        proxy.retarget(server().port);
        await create(store, 3);
      } finally {
        await standby.dispose();
      }
    });

    it('leaves nothing under way, and gives no number again, when the new server lacks what was written last', async () => {
      const [one, two] = [await open(), await open({ daemon: 'two' })];
      for (const n of [1, 2]) await create(one, n);
      const before = [await claimOne(one), await claimOne(two)];
      await one.checkIn({ now });
      await two.hear();
      const fallenBehind = await server().copy();
      try {
        // The outcome of the one is lost, and so is what the other hears of. The third job is begun, and nobody knows.
        assert.ok(before[0] && before[1]);
        await settle(one, before[0]);
        await one.setQueue({ queue: 'default', concurrency: 5 });
        const lostRun = await create(one, 3);
        const lostJob = await claimOne(one);
        await two.hear();
        await server().kill();
        proxy.retarget(fallenBehind.port);
        const told = new Promise<unknown>((resolve) => two.onCommit(({ orders }) => orders === undefined || resolve(orders)));
        const later = now + 10_000;
        assert.equal((await one.checkIn({ now: later })).hasGoneBack, true);
        assert.deepEqual(await one.recoverLost({ now: later, random: 0.5 }), { interrupted: 0, interruptedJobs: [], hasGoneBack: true });
        assert.equal((await one.checkIn({ now: later })).hasGoneBack, undefined, 'once');
        await two.checkIn({ now: later });
        assert.deepEqual(await told, [{ name: 'default', paused: false }], 'of what holds now, and not of what was lost');
        // Its own attempt was closed; the other's goes on, since nothing of it was lost.
        assert.deepEqual((await settle(one, before[0])).refused, [0]);
        assert.deepEqual((await settle(two, before[1])).refused, []);
        const again = await one.claim({ queue: 'default', limit: 9, now: later });
        assert.deepEqual(again.jobs.map(({ jobId }) => jobId), [before[0].jobId]);
        const nextRun = await create(one, 4);
        const nextJob = await claimOne(one);
        assert.ok(nextRun.runId > lostRun.runId && nextJob.jobId > lostJob.jobId, 'numbers of rows that are lost are in the keys that receivers have seen');
        assert.deepEqual((await one.check()).filter(({ ok }) => !ok), []);
      } finally {
        await fallenBehind.dispose();
        await server().start();
        proxy.retarget(server().port);
      }
    });

    it('is refused to a daemon that it does not know any longer', async () => {
      const store = await open();
      await admin.query('DELETE FROM shop.daemons');
      await assert.rejects(store.checkIn({ now }), { code: 'store-unavailable', message: /does not know this daemon any longer/ });
    });

    it('keeps outcomes while its tables are away, or may not be used', async () => {
      const store = await open();
      for (const n of [1, 2]) await create(store, n);
      const jobs = [await claimOne(store), await claimOne(store)];
      await admin.query('ALTER SCHEMA shop RENAME TO away');
      const refused = { code: 'store-unavailable', message: /^The tables of the store on 127\.0\.0\.1:\d+\/test_\d+ are not as they should be/ };
      for (const job of jobs.slice(0, 1)) await assert.rejects(settle(store, job), refused);
      await assert.rejects(create(store, 3), refused);
      await assert.rejects(store.listRuns({ limit: 1 }), refused);
      await admin.query('ALTER SCHEMA away RENAME TO shop');
      await admin.query('ALTER TABLE shop.jobs OWNER TO postgres');
      await assert.rejects(Promise.all(jobs.map((job) => settle(store, job))), refused);
      await admin.query('ALTER TABLE shop.jobs OWNER TO sluice');
      for (const job of jobs) assert.deepEqual(await settle(store, job), { refused: [], failed: [] });
    });

    it('goes on when a newer Sluice has added a column', async () => {
      const store = await open();
      await create(store, 1);
      await store.listSchedules({});
      for (const table of ['queues', 'schedules', 'runs', 'steps', 'jobs']) await admin.query(`ALTER TABLE shop.${table} ADD COLUMN later bigint`);
      await create(store, 2);
      await store.listSchedules({});
      await store.checkIn({ now });
      assert.deepEqual(await settle(store, await claimOne(store)), { refused: [], failed: [] });
    });

    it('says what is wrong where no connection can be made, in the words of the server', async () => {
      const store = await open();
      await admin.query(`ALTER ROLE sluice PASSWORD 'another'`);
      try {
        proxy.cut();
        await assert.rejects(create(store, 1), { code: 'store-unavailable', message: /refuses \(password authentication failed for user "sluice"\)/ });
      } finally {
        await admin.query(`ALTER ROLE sluice PASSWORD '${new URL(urlOf()).password}'`);
      }
      await create(store, 1);
      const encrypted = new PostgresStore({ url: `${urlOf()}?sslmode=verify-full`, schema: 'shop', daemon: 'two' });
      await assert.rejects(encrypted.open({ anchor: anchorAt(now), random: 0.5 }), (error) => error instanceof CodedError && error.code === 'store-unavailable');
      await encrypted.close();
    });

    it('lets go of what people look at, and of itself, where the other end is silent', async () => {
      const clock = new FakeClock(now);
      const store = await open({ clock });
      await create(store, 1);
      await store.listRuns({ limit: 1 });
      proxy.orphan();
      const looked = store.listRuns({ limit: 1 });
      await proxy.swallowed(1);
      await clock.advance(60_000);
      assert.equal((await looked).runs.length, 1, 'on another connection');
      proxy.orphan();
      const closed = store.close().then(() => true);
      const turn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));
      while (!(await Promise.race([closed, turn()]))) await clock.advance(1000);
    });

    it('lets every daemon check in, and the one that leads lead, however long somebody changes everything: their leases go on', async () => {
      const [one, two] = [await open(), await open({ daemon: 'two' })];
      await one.checkIn({ now });
      await two.checkIn({ now });
      const other = await clientAt(database.adminUrl);
      await other.query(`BEGIN; SELECT pg_advisory_xact_lock(${lockOf('shop')})`);
      // What they write themselves waits.
      const made = [create(one, 1), create(two, 2)];
      await untilServerSays("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted HAVING count(*) = 2");
      for (let later = now; later < now + 60_000; later += 10_000) {
        assert.deepEqual(await one.checkIn({ now: later }), { others: ['two'], leads: true, nextInMs: 10_000 });
        assert.deepEqual(await two.checkIn({ now: later }), { others: ['one'], leads: false, nextInMs: 10_000 });
      }
      await other.query('COMMIT');
      await other.end();
      await Promise.all(made);
    });

    it('lets a daemon check in whatever people look at: lists take none of its connections', async () => {
      const store = await open();
      await create(store, 1);
      const other = await clientAt(database.adminUrl);
      await other.query('BEGIN; LOCK TABLE shop.runs IN ACCESS EXCLUSIVE MODE');
      const lists = Array.from({ length: 9 }, () => store.listRuns({ limit: 1 }));
      await untilServerSays("SELECT FROM pg_stat_activity WHERE usename = 'sluice' AND wait_event_type = 'Lock' HAVING count(*) = 3");
      assert.equal((await store.checkIn({ now })).leads, true);
      await other.query('COMMIT');
      await other.end();
      for (const { runs } of await Promise.all(lists)) assert.equal(runs.length, 1);
    });

    it('does not keep the others waiting for longer than a lease allows when it hangs in the middle of a change', async () => {
      const [one, two] = [await open(), await open({ daemon: 'two' })];
      await one.checkIn({ now });
      const hanging = new PostgresWriter({ url: urlOf(), schema: 'shop', memory: new DaemonMemory(), clock: systemClock });
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const hung = hanging.write({
        access: 'alone',
        name: 'hang',
        work: async ({ tx }) => {
          await tx.rows('SELECT 1');
          await promise;
        },
      });
      await untilServerSays("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'");
      const created = create(two, 1);
      await two.checkIn({ now });
      await created;
      resolve(undefined);
      await hung;
      await hanging.close();
    });
  },
  { fsync: false },
);
