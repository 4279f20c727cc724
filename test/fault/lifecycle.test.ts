import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectIfRunning } from '../../client/find-daemon.ts';
import { waitForRun } from '../../daemon/cli/run-wait.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, detailsOf, eventually, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';
import { webhookId } from './kill-epochs.ts';

const workflow = (url: string): string => `
inputs:
  items: { type: array }
steps:
  deliver:
    foreach: { items: "\${{ inputs.items }}", key: "\${{ item }}", on-item-failure: fail }
    uses: webhook/send
    with: { url: "${url}", body: { item: "\${{ item }}" } }
`;

describe('the life of a daemon', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'config.yaml': 'grace: 1s\n', 'workflows/deliver.yaml': workflow(url) });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const startRun = async ({ client }: DaemonProcess, ...items: readonly string[]): Promise<string> => {
    const { id } = await client.call('run/start', { workflow: 'deliver', inputs: { items: [...items] } });
    return id;
  };
  const jobsByKey = async ({ client }: DaemonProcess): Promise<Record<string, JobDetail>> => {
    const jobs = await detailsOf(client, await jobsOf(client));
    return Object.fromEntries(jobs.map((job) => [job.key ?? '', job]));
  };

  it('is one per project: of many that start at once, one lives', async () => {
    const daemons = Array.from({ length: 3 }, () => project.launch());
    const results = await Promise.allSettled(daemons.map((daemon) => daemon.ready()));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const [index, daemon] of daemons.entries()) {
      if (results[index]?.status === 'fulfilled') continue;
      assert.deepEqual(await daemon.ended, { code: 4, signal: null });
      assert.match(daemon.words, /a daemon.* serves .* already/);
    }
  });

  it('is one per project: a second one leaves the first alone', async () => {
    const first = await project.start();
    const discovery = path.join(project.stateFolder, 'daemon.json');
    const before = readFileSync(discovery, 'utf8');
    const second = project.launch();
    assert.deepEqual(await second.end(), { code: 4, signal: null });
    assert.match(second.words, new RegExp(`a daemon \\(pid ${first.pid}\\) serves`));
    assert.equal(readFileSync(discovery, 'utf8'), before);
    await startRun(first, 'after');
    await runsAtRest(first.client);
    assert.equal(sink.requests.length, 1);
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
  });

  it('ends with the grace that attempts get: who ends in it has ended, who hangs goes back uncharged', async () => {
    await project.write('config.yaml', 'grace: 4s\n');
    const stopping = Promise.withResolvers<undefined>();
    let isLater = false;
    sink.respond = async ({ body = '{}' }) => {
      const { item } = JSON.parse(body) as { readonly item: string };
      if (item === 'hangs' && !isLater) return 'hang';
      if (item === 'slow') await stopping.promise;
      return {};
    };
    const first = await project.start();
    await startRun(first, 'slow', 'hangs');
    await sink.received(2);
    const stoppedAtMs = performance.now();
    first.signal('SIGTERM');
    await project.logged(/"stopping"/);
    stopping.resolve(undefined);
    assert.deepEqual(await first.end(), { code: 0, signal: null });
    const tookMs = performance.now() - stoppedAtMs;
    assert.ok(tookMs >= 3_990, `it took ${tookMs} ms, with a grace of 4 s`);

    isLater = true;
    const second = await project.start();
    await runsAtRest(second.client);
    const { slow, hangs } = await jobsByKey(second);
    assert.deepEqual(slow?.attempts.map(({ state }) => state), ['succeeded']);
    assert.deepEqual(hangs?.attempts.map(({ state }) => state), ['interrupted', 'succeeded']);
    assert.ok(!(await project.log()).includes('a crash interrupted'), 'a stop is not a crash');
    const keys = sink.requests.filter(({ body }) => body?.includes('hangs')).map(webhookId);
    assert.equal(keys.length, 2);
    assert.equal(new Set(keys).size, 1, 'the second request of a job has the key of the first');
  });

  it('ends immediately at a second signal, and closes what that cut off as a crash does', async () => {
    await project.write('config.yaml', 'grace: 1h\n');
    sink.respond = ({ index }) => (index === 0 ? 'hang' : {});
    const first = await project.start();
    await startRun(first, 'hangs');
    await sink.received(1);
    first.signal('SIGTERM');
    await project.logged(/"stopping"/);
    // Sooner it would count as the same signal, sent to a whole group of processes.
    await delay(1200);
    first.signal('SIGTERM');
    assert.deepEqual(await first.end(), { code: 1, signal: null });

    const second = await project.start();
    await runsAtRest(second.client);
    const { hangs } = await jobsByKey(second);
    assert.deepEqual(hangs?.attempts.map(({ state, error }) => [state, error?.cause]), [
      ['interrupted', 'interrupted by a crash'],
      ['succeeded', undefined],
    ]);
  });

  it('can be ended while it starts, and leaves nothing behind but what it has to say', async () => {
    for (const reached of ['daemon.lock', 'daemon.log', 'store.db', 'store.db-wal', 'daemon.json']) {
      const daemon = project.launch();
      await eventually(reached, () => (existsSync(path.join(project.stateFolder, reached)) || daemon.hasEnded ? true : undefined));
      daemon.signal('SIGTERM');
      assert.deepEqual(await daemon.end(), { code: 0, signal: null }, `${reached}: ${daemon.words}`);
      const left = readdirSync(project.stateFolder).filter((name) => /\.json|-wal|\.pid/.test(name) && !['last-stop.json', 'owner.json'].includes(name));
      assert.deepEqual(left, [], `after ${reached}`);
      // So that the next one comes to it again.
      await project.clearState();
    }
  });

  it('may end while a client waits for a run: the client continues with the next one', async () => {
    const answer = Promise.withResolvers<object>();
    sink.respond = () => answer.promise;
    const first = await project.start();
    const id = await startRun(first, 'waited-for');
    const waiting = waitForRun({
      id,
      client: first.client,
      reconnect: async () => (await connectIfRunning(project.folder))?.client,
      onChange: () => undefined,
      signal: new AbortController().signal,
    });
    await sink.received(1);
    await first.kill();
    const second = await project.start();
    answer.resolve({});
    assert.equal((await waiting)?.state, 'succeeded');
    await assertSound(second.client);
  });
});
