import assert from 'node:assert/strict';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { describeWithPostgres, type PostgresDatabase } from '../support/postgres-server.ts';
import { TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { endOfRun, FaultProject } from './fault-project.ts';

const items = 300;
const concurrency = 12;

describeWithPostgres('daemons of several machines, on one Postgres', (current) => {
  let database: PostgresDatabase;
  let sink: HttpSink;
  let url: string;
  let projects: FaultProject[];

  beforeEach(async () => {
    database = await current().newDatabase();
    sink = new HttpSink();
    ({ url } = await sink.start());
    projects = [];
  });
  afterEach(async () => {
    for (const project of projects) await project.dispose();
    await sink.stop();
  });

  /** Each has a project folder of its own with the same files, as on machines of its own. */
  const join = async (storeUrl = database.url): Promise<DaemonProcess> => {
    const workflow = `
inputs: { items: { type: array } }
queues: { api: { concurrency: ${concurrency}, timeout: 10s, retry: { delays: [1s, 1s, 1s] } } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { method: POST, url: ${url}/item, json: { n: "\${{ item }}" } }
`;
    const project = await FaultProject.make({
      'config.yaml': 'store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }\nallowed-addresses: ["127.0.0.1"]\n',
      'workflows/each.yaml': workflow,
    });
    projects.push(project);
    return project.start({ env: { SLUICE_SECRET_STORE_URL: storeUrl } });
  };

  /** Answered slowly enough that attempts are under way at any time. */
  const slowly = (): void => {
    sink.respond = () =>
      new Promise((resolve) => {
        setTimeout(() => resolve({ body: '{}' }), 40);
      });
  };

  const start = async (daemon: DaemonProcess, count = items): Promise<string> => {
    const { id } = await daemon.client.call('run/start', { workflow: 'each', inputs: { items: Array.from({ length: count }, (_, index) => index) } });
    return id;
  };

  const ended = async (daemon: DaemonProcess, runId: string): Promise<string> => (await endOfRun(daemon.client, runId)).state;

  const counts = (): { readonly distinct: number; readonly twice: number } => {
    const seen = new Map<string, number>();
    for (const { body = '' } of sink.requests) seen.set(body, (seen.get(body) ?? 0) + 1);
    return { distinct: seen.size, twice: [...seen.values()].reduce((sum, count) => sum + count - 1, 0) };
  };

  it('send each item once', async () => {
    const [one, two] = [await join(), await join(), await join()];
    slowly();
    const runId = await start(one);
    assert.equal(await ended(two, runId), 'succeeded');
    assert.deepEqual(counts(), { distinct: items, twice: 0 });
    const [{ daemons: first }, { daemons: second }] = [await one.client.call('daemon/status', {}), await two.client.call('daemon/status', {})];
    assert.deepEqual([first?.leads, second?.leads], [true, false]);
    // The third came after the second had checked in.
    assert.ok(second?.all.some(({ folder, health }) => folder === projects[0]?.folder && health === 'ok'));
    // Connections are kept by each daemon: more than one has sent.
    assert.ok(sink.connections > 1);
  });

  it('lose nothing when each in turn is killed or stopped, and repeat only what was under way', async () => {
    const [one, two, three] = [await join(), await join(), await join()];
    slowly();
    const runId = await start(two, 3 * items);
    await sink.received(100);
    // The one that leads.
    await one.kill();
    await sink.received(300);
    two.signal('SIGSTOP');
    assert.equal(await ended(three, runId), 'succeeded');
    two.signal('SIGCONT');
    const { distinct, twice } = counts();
    assert.equal(distinct, 3 * items);
    assert.ok(twice <= 2 * concurrency, `${twice} were sent twice`);
    const again = await start(three, 30);
    assert.equal(await ended(two, again), 'succeeded', 'the one that was stopped works again');
  });

  it('lose nothing when the connections of one are cut, again and again, or its network is gone', async () => {
    const proxy = await TcpFaultProxy.start(current().port);
    try {
      const throughProxy = new URL(database.url);
      throughProxy.port = String(proxy.port);
      const [one, two] = [await join(throughProxy.href), await join()];
      slowly();
      const runId = await start(one, 2 * items);
      for (let cut = 1; cut <= 5; cut++) {
        await sink.received(cut * 40);
        proxy.cut();
      }
      await sink.received(300);
      await proxy.refuse();
      assert.equal(await ended(two, runId), 'succeeded');
      await proxy.heal();
      const { distinct, twice } = counts();
      assert.equal(distinct, 2 * items);
      assert.ok(twice <= 6 * concurrency, `${twice} were sent twice`);
      const again = await start(two, 30);
      assert.equal(await ended(one, again), 'succeeded', 'the one that was cut off works again');
    } finally {
      await proxy.stop();
    }
  });

  it('wait while the server is away, and continue by themselves', async () => {
    const [one, two] = [await join(), await join()];
    slowly();
    const runId = await start(one);
    await sink.received(60);
    await current().kill();
    await current().start();
    assert.equal(await ended(two, runId), 'succeeded');
    const { distinct, twice } = counts();
    assert.equal(distinct, items);
    assert.ok(twice <= concurrency, `${twice} were sent twice`);
  });
});
