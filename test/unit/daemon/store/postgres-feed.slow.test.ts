import assert from 'node:assert/strict';
import { PostgresStore, type PostgresOptions } from '../../../../daemon/store/postgres/postgres-store.ts';
import type { Committed } from '../../../../daemon/store/store.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { describeWithPostgres, type PostgresDatabase } from '../../../support/postgres-server.ts';

const now = Date.UTC(2026, 0, 5, 9, 0, 0);
const nowhere = 'postgres://nobody@127.0.0.1:9/none';

describeWithPostgres('what daemons on Postgres hear of each other', (server) => {
  let database: PostgresDatabase;
  let stores: PostgresStore[];
  let schemas = 0;
  beforeEach(async () => {
    database = await server().newDatabase();
    stores = [];
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
  });

  const open = async (daemon: string, options: Partial<PostgresOptions> = {}): Promise<PostgresStore> => {
    const store = new PostgresStore({ url: database.url, schema: `feed_${schemas}`, daemon, hasServerClock: false, ...options });
    stores.push(store);
    await store.open({ anchor: anchorAt(now), random: 0.5 });
    return store;
  };
  const pause = (store: PostgresStore) => store.setQueue({ queue: 'mine', paused: true });
  const told = (store: PostgresStore): Promise<Committed> => new Promise((resolve) => store.onCommit((committed) => {
    if (committed.orders !== undefined) resolve(committed);
  }));

  it('comes by a hint, also before the next look is due', async () => {
    schemas++;
    const one = await open('one');
    // No timer of its own brings it anything.
    const two = await open('two', { clock: new FakeClock(now) });
    const heard = told(two);
    // The first may still take itself for alone, until the second has said that it is there.
    await one.hear();
    for (let isHeard = false; !isHeard; ) {
      await pause(one);
      isHeard = await Promise.race([heard.then(() => true), new Promise<false>((resolve) => setImmediate(() => resolve(false)))]);
    }
    assert.deepEqual((await heard).orders, [{ name: 'mine', paused: true }]);
  });

  it('comes by looking where hints do not come', async () => {
    schemas++;
    const clock = new FakeClock(now);
    const one = await open('one', { listenUrl: nowhere });
    const two = await open('two', { listenUrl: nowhere, clock });
    const heard = told(two);
    await pause(one);
    await clock.advance(1000);
    assert.deepEqual((await heard).orders, [{ name: 'mine', paused: true }]);
  });

  it('costs less than five statements a second while nothing happens', async () => {
    schemas++;
    const clock = new FakeClock(now);
    const store = await open('idle', { listenUrl: nowhere, clock });
    await clock.advance(60_000);
    await store.hear();
    const statements = async (): Promise<number> => (await server().log()).split('\n').filter((line) => /(?:statement|execute [^:]*): /.test(line)).length;
    const before = await statements();
    const seconds = 20;
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1000);
      await store.hear();
    }
    // Half of them are those that the test itself has asked for.
    const spent = (await statements()) - before;
    assert.ok(spent > seconds && spent / 2 < 5 * seconds, `${spent} statements in ${seconds} seconds`);
  });

  it('is all of it, also for one that was away longer than that is kept', async () => {
    schemas++;
    const one = await open('one', { listenUrl: nowhere });
    const two = await open('two', { listenUrl: nowhere, clock: new FakeClock(now) });
    for (let count = 0; count < 3; count++) await pause(one);
    await one.setQueue({ queue: 'other', paused: true });
    const { Client } = (await import('pg')).default;
    const admin = new Client(database.url);
    await admin.connect();
    await admin.query(`DELETE FROM feed_${schemas}.commits WHERE seq < (SELECT max(seq) FROM feed_${schemas}.commits)`);
    await admin.end();
    const heard = new Promise<Committed>((resolve) => two.onCommit(resolve));
    await two.hear();
    const { queues, runs, orders } = await heard;
    assert.deepEqual([queues.map(({ name }) => name), runs], [['mine', 'other'], undefined]);
    assert.deepEqual(orders, ['mine', 'other'].map((name) => ({ name, paused: true })));
  });
}, { fsync: false, settings: { log_statement: 'all' } });
