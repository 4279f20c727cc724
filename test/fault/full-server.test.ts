import assert from 'node:assert/strict';
import pg from 'pg';
import { PostgresStore } from '../../daemon/store/postgres/postgres-store.ts';
import { anchorAt } from '../support/anchor-at.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { describeWithPostgres, type PostgresDatabase } from '../support/postgres-server.ts';
import { assertSound, detailsOf, endOfRun, eventually, FaultProject, jobsOf } from './fault-project.ts';

const items = 120;
const concurrency = 6;

describeWithPostgres(
  'daemons whose database server has a full disk',
  (current) => {
    let sink: HttpSink;
    let projects: FaultProject[];
    let database: PostgresDatabase;
    let admin: pg.Client;
    beforeEach(async () => {
      sink = new HttpSink();
      projects = [];
      database = await current().newDatabase();
      admin = new pg.Client(database.adminUrl);
      admin.on('error', () => {});
      await admin.connect();
    });
    afterEach(async () => {
      for (const project of projects) await project.dispose();
      await sink.stop();
      await admin.end().catch(() => {});
      await current().disk.clear();
    });

    /** What is written from here on finds a new file of the log already there, so only tables have to grow: without room for the log the server itself would end. */
    const fill = async (): Promise<void> => {
      await admin.query('SELECT pg_switch_wal()');
      await admin.query('CHECKPOINT');
      await current().disk.fill();
      await assert.rejects(admin.query("CREATE TABLE public.filler AS SELECT repeat('x', 500) FROM generate_series(1, 100)"), { code: '53100' });
    };

    it('are not taken in by what still fits into tables as they are, when they try whether it can be written', async () => {
      const store = new PostgresStore({ url: database.url, schema: 'shop', daemon: 'one' });
      try {
        await store.open({ anchor: anchorAt(Date.now()), random: 0.5 });
        for (let times = 0; times < 2; times++) {
          await fill();
          for (let tries = 0; tries < 5; tries++) await assert.rejects(store.probe({ now: Date.now() }), { code: 'store-unavailable', message: /^The store's server 127\.0\.0\.1:\d+\/test_\d+ has no room on its disk/ });
          await current().disk.clear();
          await store.probe({ now: Date.now() });
          await admin.query('VACUUM shop.meta');
        }
      } finally {
        await store.close();
      }
    });

    it('wait, say so, keep how their attempts ended, and continue by themselves', async () => {
      const { url } = await sink.start();
      const files = {
        'config.yaml': 'store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }\nallowed-addresses: ["127.0.0.1"]\n',
        'workflows/each.yaml': `
inputs: { items: { type: array }, padding: { type: string } }
queues: { api: { concurrency: ${concurrency}, timeout: 5m, retry: { delays: [1s, 1s, 1s] } } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { method: POST, url: ${url}/item, json: { n: "\${{ item }}", padding: "\${{ inputs.padding }}" } }
`,
      };
      const join = async (): Promise<DaemonProcess> => {
        const project = await FaultProject.make(files);
        projects.push(project);
        return project.start({ env: { SLUICE_SECRET_STORE_URL: database.url } });
      };
      const daemons = [await join(), await join()] as const;
      const [one, two] = daemons;
      // Attempts are under way when the disk is full, and are answered then.
      const full = Promise.withResolvers<undefined>();
      sink.respond = async ({ index }) => {
        if (index >= 40) await full.promise;
        return { body: '{}' };
      };
      const { id } = await one.client.call('run/start', { workflow: 'each', inputs: { items: Array.from({ length: items }, (_, index) => index), padding: 'x'.repeat(1000) } });
      await sink.received(40 + concurrency);
      await fill();
      const until = async (daemon: DaemonProcess, ok: boolean): Promise<string | undefined> => eventually(ok ? 'the cure' : 'the trouble', async () => {
        const { store } = await daemon.client.call('daemon/status', {});
        return store.ok === ok ? (store.problem ?? '') : undefined;
      }, 120_000);
      // Each learns it when it writes something that needs room.
      const refused = async (daemon: DaemonProcess): Promise<void> => {
        await eventually('a refusal', async () => daemon.client.call('run/start', { workflow: 'each', inputs: { items: ['late'], padding: 'y'.repeat(20_000) } }).then(() => undefined, (error: unknown) => error));
      };
      for (const daemon of daemons) await refused(daemon);
      for (const daemon of daemons) assert.match((await until(daemon, false)) ?? '', /has no room on its disk/);
      const sent = sink.requests.length;
      full.resolve(undefined);
      for (const daemon of daemons) {
        await assert.rejects(daemon.client.call('run/start', { workflow: 'each', inputs: { items: ['late'], padding: '' } }), { code: 'store-unavailable', message: /has no room on its disk/ });
        const { endpoint } = await daemon.client.call('daemon/status', {});
        assert.equal((await fetch(`${endpoint}/healthz`)).status, 503);
      }
      assert.equal(sink.requests.length, sent, 'nothing is begun');
      await current().disk.clear();
      for (const daemon of daemons) await until(daemon, true);
      const run = await endOfRun(two.client, id);
      assert.deepEqual([run.state, run.jobs.succeeded], ['succeeded', items]);
      const jobs = await detailsOf(one.client, (await jobsOf(one.client)).filter(({ run: ofRun }) => ofRun === id));
      const cutOff = jobs.reduce((sum, { attempts }) => sum + attempts.filter(({ state }) => state === 'interrupted').length, 0);
      const seen = Map.groupBy(sink.requests, ({ headers }) => String(headers['idempotency-key']));
      const repeats = sink.requests.length - seen.size;
      for (const { idempotencyKey } of jobs) assert.ok(seen.has(idempotencyKey));
      assert.ok(repeats <= cutOff, `${repeats} calls came again, ${cutOff} attempts were cut off`);
      await assertSound(one.client);
    });
  },
  { diskMegabytes: 104, settings: { max_wal_size: '48MB', min_wal_size: '32MB', checkpoint_timeout: '1h', autovacuum: 'off' } },
);
