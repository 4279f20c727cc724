import assert from 'node:assert/strict';
import pg from 'pg';
import type { DaemonStatus, DaemonView } from '../../schemas/protocol/daemon-status.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { describeWithPostgres, type PostgresDatabase } from '../support/postgres-server.ts';
import { TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { endOfRun, eventually, FaultProject } from './fault-project.ts';

describeWithPostgres('daemons that share a Postgres show', (current) => {
  let database: PostgresDatabase;
  let sink: HttpSink;
  let url: string;
  let projects: FaultProject[];
  let proxy: TcpFaultProxy | undefined;

  beforeEach(async () => {
    database = await current().newDatabase();
    sink = new HttpSink();
    ({ url } = await sink.start());
    projects = [];
  });
  afterEach(async () => {
    for (const project of projects) await project.dispose();
    await proxy?.stop();
    proxy = undefined;
    await sink.stop();
  });

  const config = (schema = 'shop'): string => `store: { postgres: "\${{ secrets.STORE_URL }}", schema: ${schema} }\nallowed-addresses: ["127.0.0.1"]\n`;

  const project = async (): Promise<FaultProject> => {
    const made = await FaultProject.make({
      'config.yaml': config(),
      'workflows/call.yaml': `queues: { api: { concurrency: 4, timeout: 60s } }\nsteps: { one: { queue: api, uses: http/request, with: { url: "${url}/call" } }, two: { uses: http/request, with: { url: "${url}/call" } } }\n`,
    });
    projects.push(made);
    return made;
  };
  const start = (of: FaultProject, storeUrl = database.url): Promise<DaemonProcess> => of.start({ env: { SLUICE_SECRET_STORE_URL: storeUrl } });

  const throughProxy = async (): Promise<string> => {
    proxy = await TcpFaultProxy.start(current().port);
    const through = new URL(database.url);
    through.port = String(proxy.port);
    return through.href;
  };

  const sql = async (text: string): Promise<void> => {
    const client = new pg.Client(database.url);
    await client.connect();
    try {
      await client.query(`SET search_path TO shop; ${text}`);
    } finally {
      await client.end();
    }
  };

  const statusOf = ({ client }: DaemonProcess): Promise<DaemonStatus> => client.call('daemon/status', {});
  const viewOf = ({ daemons }: DaemonStatus, { folder }: FaultProject): DaemonView | undefined => daemons?.all.find((daemon) => daemon.folder === folder);
  const password = (): string => new URL(database.url).password;

  it('each other: who they are, how they are, and what they have under way', async () => {
    const [here, there] = [await project(), await project()];
    const one = await start(here);
    const answers: (() => void)[] = [];
    sink.respond = () => new Promise((resolve) => answers.push(() => resolve({ body: '{}' })));
    const { id } = await one.client.call('run/start', { workflow: 'call', inputs: {} });
    await sink.received(2);
    const two = await start(there);
    const status = await statusOf(two);
    const [first, second] = [viewOf(status, here), viewOf(status, there)];
    assert.deepEqual([first?.health, first?.leads, first?.self, first?.active, first?.pid], ['ok', true, undefined, [{ queue: 'api', count: 1 }, { queue: 'default', count: 1 }], one.pid]);
    assert.deepEqual([second?.health, second?.leads, second?.self, second?.active, second?.pid], ['ok', false, true, [], two.pid]);
    assert.equal(first?.version, status.version);
    const { port } = new URL(database.url);
    assert.deepEqual([status.store.kind, status.store.server, status.store.schema], ['postgres', `127.0.0.1:${port}/${database.name}`, 'shop']);
    assert.ok(!JSON.stringify(status).includes(password()), 'never the password');
    // A job that runs says where.
    const { jobs } = await two.client.call('job/list', { state: 'active' });
    assert.deepEqual(jobs.map(({ daemon }) => daemon), [first.name, first.name]);
    assert.deepEqual((await two.client.call('queue/list', {})).queues.map(({ name, concurrencyOf }) => [name, concurrencyOf]), [['api', 'all'], ['default', 'each']]);

    // As if it had missed a check-in, and then its whole lease.
    one.signal('SIGSTOP');
    const age = (ms: number): Promise<void> => sql(`UPDATE daemons SET seen_at = extract(epoch FROM clock_timestamp()) * 1000 - ${ms} WHERE name = '${first.name}'`);
    await age(16_000);
    assert.equal(viewOf(await statusOf(two), here)?.health, 'late');
    await age(31_000);
    assert.equal(viewOf(await statusOf(two), here)?.health, 'silent');
    sink.respond = () => ({ body: '{}' });
    one.signal('SIGCONT');
    for (const answer of answers) answer();
    assert.equal((await endOfRun(two.client, id)).state, 'succeeded');
    await one.stop();
    const after = await statusOf(two);
    assert.deepEqual([viewOf(after, here)?.health, viewOf(after, here)?.active], ['left', []]);
  });

  it('that the store is away when they start, wait for it, and begin when it comes', async () => {
    const through = await throughProxy();
    await proxy?.refuse();
    const daemon = await start(await project(), through);
    const { store, queues, daemons } = await statusOf(daemon);
    assert.equal(store.ok, false);
    assert.match(store.problem ?? '', /can't be reached/);
    assert.ok(store.since !== undefined && !(store.problem ?? '').includes(password()));
    assert.deepEqual([queues, daemons?.all], [[], []], 'nothing is said of what nobody knows');
    await assert.rejects(daemon.client.call('run/start', { workflow: 'call', inputs: {} }), { code: 'store-unavailable', message: /can't be reached/ });
    await proxy?.heal();
    await eventually('the store', async () => ((await statusOf(daemon)).store.ok ? true : undefined));
    const { id } = await daemon.client.call('run/start', { workflow: 'call', inputs: {} });
    assert.equal((await endOfRun(daemon.client, id)).state, 'succeeded');
  });

  it('that the store has gone away meanwhile, and what was last known of it', async () => {
    const here = await project();
    const daemon = await start(here, await throughProxy());
    assert.equal(viewOf(await statusOf(daemon), here)?.health, 'ok');
    await proxy?.refuse();
    // The first that asks finds out.
    const { store, queues, ...status } = await statusOf(daemon);
    assert.equal(store.ok, false);
    assert.match(store.problem ?? '', /lost|can't be reached/);
    assert.ok(store.bytes > 0);
    assert.deepEqual([viewOf({ store, queues, ...status }, here)?.health, queues.map(({ name }) => name)], ['unknown', ['api']]);
    await proxy?.heal();
    await eventually('the store', async () => ((await statusOf(daemon)).store.ok ? true : undefined));
    assert.equal(viewOf(await statusOf(daemon), here)?.health, 'ok');
  });

  it('that one is a copy of another, which keeps its place', async () => {
    const here = await project();
    const original = await start(here);
    const name = viewOf(await statusOf(original), here)?.name ?? '';
    await original.kill();
    // The other machine, which has the same name, the same id and the same folder, is alive.
    await sql(`UPDATE daemons SET occupant = 'the other', seen_at = extract(epoch FROM clock_timestamp()) * 1000`);
    const copy = await start(here);
    const { daemons } = await statusOf(copy);
    assert.deepEqual(daemons?.all.map((daemon) => [daemon.name, daemon.self, daemon.twin]), [[name, undefined, undefined], [`${name} (2)`, true, true]]);
    await here.logged(/a daemon with the same host name, machine id and folder shares the store/);
  });

  it('that a newer Sluice has changed the store in a way that they can not work with, and end', async () => {
    const here = await project();
    const older = await start(here);
    await sql("INSERT INTO meta (key, value) VALUES ('oldest', '99') ON CONFLICT (key) DO UPDATE SET value = '99'; UPDATE meta SET value = '99' WHERE key = 'version'");
    assert.deepEqual(await older.end(), { code: 1, signal: null });
    assert.match(older.words, /has version 99, made by a newer Sluice\. This one knows versions up to \d+ and can not use it: install the newer Sluice/);
    const again = here.launch({ env: { SLUICE_SECRET_STORE_URL: database.url } });
    assert.deepEqual(await again.end(), { code: 1, signal: null });
    assert.match(again.words, /made by a newer Sluice/);
  });

  it('that the files name another store than the one that they use', async () => {
    const here = await project();
    const daemon = await start(here);
    assert.equal((await statusOf(daemon)).store.change, undefined);
    await here.write('config.yaml', config('other'));
    const { change } = await eventually('the change', async () => {
      const { store } = await statusOf(daemon);
      return store.change === undefined ? undefined : store;
    });
    assert.match(change ?? '', /The store was changed to 127\.0\.0\.1:\d+\/test_\d+, schema other\. This daemon still uses the one of its start \(.*, schema shop\): `sluice restart` changes over/);
    await here.write('config.yaml', 'allowed-addresses: ["127.0.0.1"]\n');
    await eventually('the embedded one', async () => (/changed to the embedded one/.test((await statusOf(daemon)).store.change ?? '') ? true : undefined));
    await here.write('config.yaml', config());
    await eventually('no change', async () => ((await statusOf(daemon)).store.change === undefined ? true : undefined));
  });
});
