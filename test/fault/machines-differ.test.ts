import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { describeWithPostgres, type PostgresDatabase } from '../support/postgres-server.ts';
import { endOfRun, eventually, FaultProject } from './fault-project.ts';

const config = 'store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }\nallowed-addresses: ["127.0.0.1"]\n';

/** Daemons of machines that don't have the same: each has a folder, files and secrets of its own. */
describeWithPostgres('machines that differ, on one Postgres', (current) => {
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

  const machine = async (files: Readonly<Record<string, string>>): Promise<FaultProject> => {
    const project = await FaultProject.make({ 'config.yaml': config, ...files });
    projects.push(project);
    return project;
  };
  const start = (project: FaultProject, env: NodeJS.ProcessEnv = {}): Promise<DaemonProcess> => project.start({ env: { SLUICE_SECRET_STORE_URL: database.url, ...env } });

  it('are named where a file is missing that an attempt reads', async () => {
    const project = await machine({
      'connections.yaml': 'connections: { esp: { type: smtp, host: 127.0.0.1, port: 9, from: a@example.com } }\n',
      'workflows/mail.yaml': 'steps: { send: { uses: email/send, with: { connection: esp, to: b@example.com, subject: Hello, template: nothing.txt, data: {} } } }\n',
    });
    const { client } = await start(project);
    const { id } = await client.call('run/start', { workflow: 'mail', inputs: {} });
    assert.equal((await endOfRun(client, id)).state, 'failed');
    const [job] = (await client.call('job/list', { state: 'dead' })).jobs;
    const [self] = (await client.call('daemon/status', {})).daemons?.all ?? [];
    assert.ok(job?.error?.message.includes(`"nothing.txt" doesn't exist in the project's folder (on the machine of the daemon ${self?.name ?? ''})`), job?.error?.message);
  });

  describe('in their secrets', () => {
    const files = {
      'workflows/each.yaml': `
queues: { api: { concurrency: 5 } }
inputs: { count: { type: array } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { items: "\${{ inputs.count }}", on-item-failure: continue }
    with: { url: "\${{ 'URL/' + string(item) }}", headers: { authorization: "Bearer \${{ secrets.TOKEN }}" } }
`,
    };
    const withUrl = (): Readonly<Record<string, string>> => ({ 'workflows/each.yaml': files['workflows/each.yaml'].replace('URL', url) });

    it('leave jobs to the one that has their secret, without an attempt or a dead letter', async () => {
      const without = await start(await machine(withUrl()));
      const { id } = await without.client.call('run/start', { workflow: 'each', inputs: { count: Array.from({ length: 60 }, (_, index) => index) } });
      const queue = await eventually('it has given back what it claimed, and says what it lacks', async () =>
        (await without.client.call('queue/list', {})).queues.find(({ lacking, depth }) => lacking !== undefined && depth.pending === 60),
      );
      assert.deepEqual([queue.depth.pending, queue.depth.dead, queue.lacking?.map(({ step, lack }) => [step, lack])], [60, 0, [['each', { kind: 'secret', name: 'TOKEN' }]]]);
      assert.deepEqual(sink.requests, []);
      const having = await start(await machine(withUrl()), { SLUICE_SECRET_TOKEN: 'its-secret' });
      assert.equal((await endOfRun(having.client, id)).state, 'succeeded');
      assert.deepEqual([...new Set(sink.requests.map(({ headers }) => headers['authorization']))], ['Bearer its-secret']);
      assert.equal(new Set(sink.requests.map(({ path }) => path)).size, 60);
      const { jobs } = await without.client.call('job/list', { limit: 1000 });
      assert.deepEqual([...new Set(jobs.map(({ attemptCount, state }) => `${state} ${attemptCount}`))], ['succeeded 1']);
    });

    it('wait for a secret that none has, say so at each, and continue when one is given it', async () => {
      const [one, two] = [await start(await machine(withUrl())), await start(await machine(withUrl()))];
      const { id } = await two.client.call('run/start', { workflow: 'each', inputs: { count: [1, 2, 3] } });
      await eventually('its jobs are there', async () => ((await two.client.call('job/list', {})).jobs.length === 3 ? true : undefined));
      for (const { client } of [one, two]) {
        const [job] = (await client.call('job/list', {})).jobs;
        // For a moment it may be claimed, by this one or the other.
        const lack = await eventually('it says what it lacks', async () => (await client.call('job/get', { id: job?.id ?? '' })).lack);
        assert.deepEqual(lack, { kind: 'secret', name: 'TOKEN' });
      }
      await one.client.call('secret/set', { name: 'TOKEN', value: 'came-later', persist: false });
      assert.equal((await endOfRun(two.client, id)).state, 'succeeded');
      assert.deepEqual(sink.requests.map(({ headers }) => headers['authorization']), ['Bearer came-later', 'Bearer came-later', 'Bearer came-later']);
    });
  });

  describe('in what their files declare', () => {
    const files = (concurrency: number, cron: string): Readonly<Record<string, string>> => ({
      'queues.yaml': `queues: { api: { concurrency: ${concurrency} } }\n`,
      'workflows/call.yaml': `on: { schedule: [{ cron: "${cron}", timezone: UTC }] }\nsteps:\n  call: { queue: api, uses: http/request, with: { url: ${url} } }\n`,
    });
    const yearly = '0 9 1 1 *';
    const later = '0 9 1 2 *';

    /** What a daemon goes by: the concurrency of its queue, and the schedules. */
    const goesBy = async ({ client }: DaemonProcess): Promise<string> => {
      const [{ queues }, { schedules }] = await Promise.all([client.call('queue/list', {}), client.call('schedule/list', {})]);
      return [queues.find(({ name }) => name === 'api')?.concurrency, ...schedules.map(({ cron }) => cron)].join(', ');
    };
    const untilGoesBy = (what: string, daemon: DaemonProcess): Promise<unknown> => eventually(what, async () => ((await goesBy(daemon)) === what ? true : undefined));

    it('go by what was changed last, over restarts with old files, say so, and go back if it is changed back', async () => {
      const [first, second] = [await machine(files(5, yearly)), await machine(files(5, yearly))];
      let one = await start(first);
      const two = await start(second);
      for (const daemon of [one, two]) await untilGoesBy(`5, ${yearly}`, daemon);
      for (const [name, text] of Object.entries(files(2, later))) await second.write(name, text);
      for (const daemon of [one, two]) await untilGoesBy(`2, ${later}`, daemon);
      // The two files are saved one after the other, so one part may be told first.
      const differing = await eventually('it says so', async () => {
        const status = await one.client.call('daemon/status', {});
        return status.differing?.some(({ parts }) => parts.length > 1) === true ? status.differing : undefined;
      });
      assert.deepEqual(differing.map(({ parts, holds }) => [parts, holds]), [[['queue api', 'schedules of call'], true]]);
      await first.logged(/declare queue api, schedules of call differently\. They were changed last, so they hold for all/);
      // Not deployed yet, and started again.
      await one.stop();
      one = await start(first);
      for (const daemon of [one, two]) await untilGoesBy(`2, ${later}`, daemon);
      // Taken back on the one, and so on all.
      for (const [name, text] of Object.entries(files(5, yearly))) await second.write(name, text);
      for (const daemon of [one, two]) await untilGoesBy(`5, ${yearly}`, daemon);
      await eventually('they agree', async () => ((await one.client.call('daemon/status', {})).differing === undefined ? true : undefined));
    });
  });

  describe('in the files whose items they send', () => {
    const count = 1100;
    const people = `email,name\n${Array.from({ length: count }, (_, n) => `p${n}@example.com,"Person, ${n}"`).join('\n')}\n`;
    const files = (): Readonly<Record<string, string>> => ({
      'workflows/each.yaml': `
queues: { api: { concurrency: 30, max-depth: 300, retry: { delays: [1s, 1s, 1s] } } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { file: people.csv, key: "\${{ item.email }}", on-item-failure: continue }
    with: { method: POST, url: ${url}/item, json: { email: "\${{ item.email }}", name: "\${{ item.name }}" } }
`,
      'workflows/later.yaml': `
steps:
  first: { uses: http/request, with: { url: ${url} } }
  each:
    needs: [first]
    uses: http/request
    foreach: { file: nowhere.csv, on-item-failure: continue }
    with: { url: ${url} }
`,
    });
    /** Everything that is kept for fan-outs. */
    const staged = async (): Promise<unknown> => {
      const client = new pg.Client(database.url);
      await client.connect();
      try {
        return (await client.query('SELECT (SELECT count(*)::int FROM shop.staged_items) AS items, (SELECT count(*)::int FROM shop.item_files) AS files')).rows[0];
      } finally {
        await client.end();
      }
    };
    const sent = (): ReadonlySet<string> => new Set(sink.requests.flatMap(({ body }) => (body === undefined ? [] : [body])));

    it('send all items of a file that only one has, which does not lead, though it is killed after that', async () => {
      const leading = await start(await machine(files()));
      const project = await machine(files());
      await writeFile(path.join(project.folder, 'people.csv'), people);
      const having = await start(project);
      sink.respond = () => new Promise((resolve) => setTimeout(() => resolve({ body: '{}' }), 5));
      const { id } = await having.client.call('run/start', { workflow: 'each', inputs: {} });
      await sink.received(150);
      // Its queue has room for three hundred: most of them aren't jobs yet.
      await having.kill();
      assert.equal((await endOfRun(leading.client, id)).state, 'succeeded');
      assert.equal(sent().size, count);
      assert.ok(sent().has('{"email":"p7@example.com","name":"Person, 7"}'));
      assert.deepEqual(await staged(), { items: 0, files: 0 });
    });

    it('begin with them again where the one that reads them is killed before they are all there', async () => {
      const leading = await start(await machine(files()));
      const project = await machine(files());
      await writeFile(path.join(project.folder, 'people.csv'), people);
      const having = await project.start({ env: { SLUICE_SECRET_STORE_URL: database.url }, failPoint: 'stage-after-chunk:2' });
      const { id } = await having.client.call('run/start', { workflow: 'each', inputs: {} });
      await having.ended;
      assert.deepEqual([sink.requests.length, await staged()], [0, { items: 2, files: 1 }]);
      await start(project);
      assert.equal((await endOfRun(leading.client, id)).state, 'succeeded');
      assert.deepEqual([sent().size, await staged()], [count, { items: 0, files: 0 }]);
    });

    it('fail the step of a file that is not there, and say on which machine', async () => {
      const one = await start(await machine(files()));
      const { id } = await one.client.call('run/start', { workflow: 'later', inputs: {} });
      const { state, steps } = await endOfRun(one.client, id);
      assert.equal(state, 'failed');
      assert.match(steps.find((step) => step.id === 'each')?.error?.message ?? '', /"nowhere\.csv" doesn't exist in the project's folder \(on the machine of the daemon that started the step, .*#[0-9a-f]{6}\)/);
    });
  });
});
