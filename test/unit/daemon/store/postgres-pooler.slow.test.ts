import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { PostgresEnd } from '../../../../daemon/store/copy/postgres-end.ts';
import { SqliteEnd } from '../../../../daemon/store/copy/sqlite-end.ts';
import { copyStore } from '../../../../daemon/store/copy/store-copy.ts';
import { CommitFeed } from '../../../../daemon/store/postgres/commit-feed.ts';
import { DaemonMemory } from '../../../../daemon/store/postgres/daemon-memory.ts';
import { PostgresStore, type PostgresOptions } from '../../../../daemon/store/postgres/postgres-store.ts';
import { PostgresWriter } from '../../../../daemon/store/postgres/postgres-writer.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { describeWithPgBouncer } from '../../../support/pg-bouncer.ts';
import type { PostgresDatabase } from '../../../support/postgres-server.ts';
import { fanOut, numbers, StoreBench } from '../../../support/store-suite/store-bench.ts';
import { suiteLinkKey } from '../../../support/store-suite/suite-links.ts';

const now = Date.UTC(2026, 0, 5, 9, 0, 0);

describeWithPgBouncer(
  'daemons on Postgres behind PgBouncer in transaction mode',
  (server, bouncer) => {
    let database: PostgresDatabase;
    let folder: string;
    let stores: PostgresStore[];
    let closing: (() => Promise<void>)[];
    beforeEach(async () => {
      database = await server().newDatabase();
      folder = mkdtempSync(path.join(tmpdir(), 'sluice-pooler-'));
      stores = [];
      closing = [];
    });
    afterEach(async () => {
      for (const store of stores) await store.close();
      for (const close of closing) await close();
      rmSync(folder, { recursive: true, force: true });
    });

    const pooled = (): string => bouncer().url(database.url);
    const store = (daemon: string, options: Partial<PostgresOptions> = {}): PostgresStore => {
      const made = new PostgresStore({ url: pooled(), schema: 'shop', daemon, linkKey: suiteLinkKey, hasServerClock: false, ...options });
      stores.push(made);
      return made;
    };
    const open = async (daemon: string, options: Partial<PostgresOptions> = {}): Promise<PostgresStore> => {
      const made = store(daemon, options);
      await made.open({ anchor: anchorAt(now), random: 0.5 });
      return made;
    };
    const query = async (url: string, text: string): Promise<readonly Record<string, unknown>[]> => {
      const client = new pg.Client(url);
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(text)).rows;
      } finally {
        await client.end();
      }
    };

    it('share the work, whichever connection of the pool a transaction gets, and leave no lock or setting in it', async () => {
      const benches = ['one', 'two', 'three'].map((daemon) => new StoreBench(() => store(daemon), { folder, daemon }));
      const [first] = benches;
      assert.ok(first !== undefined);
      for (const bench of benches) await bench.open();
      const runId = await first.run(fanOut('on-item-failure: continue'), { list: numbers(60) });
      await first.fanOut();
      const done = new Set<number>();
      // All at once, so that each has another connection of the pool now than a moment ago.
      await Promise.all(
        benches.map(async (bench) => {
          for (let jobs = await bench.claim(4); jobs.length > 0; jobs = await bench.claim(4)) {
            for (const job of jobs) assert.ok(!done.has(job.jobId), 'no job is claimed twice');
            for (const job of jobs) done.add(job.jobId);
            await Promise.all(jobs.map((job) => bench.succeed(job, { ok: true })));
          }
        }),
      );
      assert.deepEqual([done.size, (await first.states(runId))['each']], [61, 'succeeded']);
      assert.deepEqual((await first.store.check()).filter(({ ok }) => !ok), []);
      for (const made of stores) await made.close();
      assert.deepEqual(await query(database.adminUrl, "SELECT * FROM pg_locks WHERE locktype = 'advisory'"), []);
      const settings = ['search_path', 'statement_timeout', 'lock_timeout', 'enable_seqscan', 'plan_cache_mode', 'idle_in_transaction_session_timeout', 'jit'];
      const shown = (url: string): Promise<readonly Record<string, unknown>[]> => query(url, `SELECT name, setting FROM pg_settings WHERE name IN (${settings.map((name) => `'${name}'`).join(', ')}) ORDER BY name`);
      assert.deepEqual(await shown(pooled()), await shown(database.url));
    });

    /** A daemon's ear, which has asked whether hints come; it looks by itself when the clock is moved. */
    const listening = async (listenUrl: string): Promise<CommitFeed> => {
      const clock = new FakeClock(now);
      const memory = new DaemonMemory();
      const writer = new PostgresWriter({ url: pooled(), schema: 'shop', memory, clock });
      const feed = new CommitFeed({ url: listenUrl, schema: 'shop', writer, memory, clock, tell: () => {} });
      closing.push(async () => {
        await feed.stop();
        await writer.close();
      });
      await feed.start(new Map());
      return feed;
    };

    it('find out that no hints come: LISTEN is accepted, and what a connection tells itself does come back', async () => {
      assert.notEqual((await listening(pooled())).hints, true);
      const client = new pg.Client(pooled());
      await client.connect();
      try {
        const echoed = new Promise((resolve) => client.once('notification', ({ payload }) => resolve(payload)));
        await client.query('LISTEN control');
        await client.query("NOTIFY control, 'to itself'");
        assert.equal(await echoed, 'to itself');
      } finally {
        await client.end();
      }
    });

    it('hear of each other all the same', async () => {
      const clock = new FakeClock(now);
      const [one, two] = [await open('one'), await open('two', { clock })];
      const heard = new Promise((resolve) => {
        two.onCommit(({ orders }) => {
          if (orders !== undefined) resolve(orders);
        });
      });
      await one.setQueue({ queue: 'mine', paused: true });
      await clock.advance(1000);
      assert.deepEqual(await heard, [{ name: 'mine', paused: true }]);
    });

    it('hear hints by a second URL, which leads to the server itself', async () => {
      const feed = await listening(database.url);
      while (feed.hints !== true) await query(pooled(), 'SELECT 1');
    });

    it('are where a project can be copied to, and from', async () => {
      const bench = new StoreBench(() => store('one'), { folder });
      await bench.open();
      await bench.one();
      await bench.store.close();
      const file = path.join(folder, 'store.db');
      const embedded = (): SqliteEnd => new SqliteEnd({ file, name: 'embedded', linkKey: suiteLinkKey, beforeWrite: async () => {}, place: async ({ from }) => renameSync(from, file) });
      const shared = (): PostgresEnd => new PostgresEnd({ url: pooled(), schema: 'shop', daemon: 'one' });
      await copyStore({ source: shared(), target: embedded(), replace: false, now: () => now, onProgress: () => {} });
      const { tables } = await copyStore({ source: embedded(), target: shared(), replace: false, now: () => now, onProgress: () => {} });
      assert.equal(tables.find(({ name }) => name === 'jobs')?.rows, 1);
      await bench.open();
      assert.equal((await bench.claim()).length, 1);
      await bench.store.close();
    });
  },
  { fsync: false },
);
