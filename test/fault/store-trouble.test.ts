import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { deliverWorkflow } from './deliver-workflow.ts';
import { assertSound, detailsOf, eventually, FaultProject, jobsOf, runsAtRest, unlessGone } from './fault-project.ts';
import { brokenPromises } from './kill-oracle.ts';

const items = Array.from({ length: 400 }, (_, index) => `item-${index}`);
const concurrency = 5;

/** Makes the disk full for the daemon, and has room again. */
interface Disk {
  fill(): Promise<void>;
  clear(): Promise<void>;
}

describe('a store that cannot be written', () => {
  let sink: HttpSink;
  let project: FaultProject;

  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency, onItemFailure: 'fail', padding: 2000 }) });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  /** Halfway through a run the disk is full, with attempts under way; later it has room again. */
  const survive = async (daemon: DaemonProcess, disk: Disk): Promise<void> => {
    const { client } = daemon;
    // Not from its file, which is on the same disk.
    const lines: string[] = [];
    await client.subscribe({ topic: 'log' }, ({ change }) => {
      lines.push(...(change.lines ?? []));
    });
    const half = Promise.withResolvers<undefined>();
    sink.respond = async ({ index }) => {
      if (index === items.length / 2) half.resolve(undefined);
      // Those that are under way when the disk is full end while it is: their outcomes have to wait in memory.
      if (index >= items.length / 2 && index < items.length / 2 + concurrency) await full;
      return {};
    };
    const full = half.promise.then(() => disk.fill());
    const { id } = await client.call('run/start', { workflow: 'deliver', inputs: { items } });
    await full;

    const accepted = new Map([[id, items]]);
    const problem = await eventually('the trouble', async () => {
      const { store } = await client.call('daemon/status', {});
      // What the store has room for in its files still goes in.
      if (store.problem === undefined) await startMore(client, accepted);
      return store.problem;
    });
    assert.match(problem, /disk/);
    await assert.rejects(client.call('run/start', { workflow: 'deliver', inputs: { items: ['late'] } }), isUnavailable);
    const health = await healthOf(client);
    assert.equal(health.status, 503);
    assert.match(health.text, /disk/);
    // What is under way ends, and nothing else begins, for as long as the trouble lasts (it is probed every second).
    await eventually('quiet', async () => {
      const before = sink.requests.length;
      await delay(1500);
      return sink.requests.length === before ? true : undefined;
    });

    await disk.clear();
    await eventually('the cure', async () => ((await client.call('daemon/status', {})).store.ok ? true : undefined));
    const runs = await runsAtRest(client);
    const jobs = await detailsOf(client, await jobsOf(client));
    assert.deepEqual(brokenPromises({ requests: sink.requests, runs, jobs, accepted }), []);
    assert.equal(sink.requests.length, [...accepted.values()].flat().length, 'each item arrived once');
    assert.deepEqual(jobs.filter(({ state, attempts }) => state !== 'succeeded' || attempts.length !== 1), []);
    await assertSound(client);
    assert.equal((await healthOf(client)).status, 200);
    for (const words of ['cannot be written', 'can be written again']) assert.ok(lines.some((line) => line.includes(words)), `the log doesn't say: ${words}`);
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  };

  it('stops claiming and intake, keeps outcomes, and continues by itself (files that may not grow)', async function () {
    if (!has(['prlimit', '--version'])) this.skip();
    const daemon = await project.start();
    const limit = async (bytes: string): Promise<void> => {
      execFileSync('prlimit', ['--pid', String(daemon.pid), `--fsize=${bytes}:`]);
    };
    await survive(daemon, {
      fill: () => limit('1'),
      clear: () => limit('unlimited'),
    });
  });

  for (const failPoint of ['probe-before-commit', 'probe-after-commit']) {
    it(`costs what was under way and no more where the daemon is killed in it (${failPoint})`, async function () {
      if (!has(['prlimit', '--version'])) this.skip();
      const first = await project.start({ failPoint });
      const limit = (bytes: string): void => {
        execFileSync('prlimit', ['--pid', String(first.pid), `--fsize=${bytes}:`]);
      };
      sink.respond = ({ index }) => {
        if (index === items.length / 2) limit('1');
        return {};
      };
      const { id } = await first.client.call('run/start', { workflow: 'deliver', inputs: { items } });
      await eventually('the trouble', async () => (await unlessGone(first.client.call('daemon/status', {})))?.store.problem ?? (first.hasEnded ? '' : undefined));
      if (!first.hasEnded) limit('unlimited');
      assert.deepEqual(await first.end(), { code: null, signal: 'SIGKILL' });

      const second = await project.start();
      const runs = await runsAtRest(second.client);
      const jobs = await detailsOf(second.client, await jobsOf(second.client));
      assert.deepEqual(brokenPromises({ requests: sink.requests, runs, jobs, accepted: new Map([[id, items]]) }), []);
      assert.ok(sink.requests.length <= items.length + 2 * concurrency, `${sink.requests.length} requests`);
      await assertSound(second.client);
    });
  }

  it('stops claiming and intake, keeps outcomes, and continues by itself (a disk that is full)', async function () {
    // A disk of its own, which needs a user namespace, which not every machine allows.
    const state = path.join(project.folder, '.sluice', 'state');
    const mount = `mkdir -p "${state}" && mount -t tmpfs -o size=16m,mode=700 none "${state}" && exec "$@"`;
    const launcher = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh'];
    if (!has(launcher, 'true')) this.skip();
    const outside = (pid: number): string => `/proc/${pid}/root${project.folder}`;
    const daemon = await project.start({ launcher, outsideFolder: outside });
    const filler = path.join(outside(daemon.pid), '.sluice', 'state', 'filler');
    await survive(daemon, {
      // As much as goes in.
      fill: () => writeFile(filler, Buffer.alloc(32 * 1024 * 1024)).catch(() => undefined),
      clear: async () => rm(filler),
    });
  });
});

function has([program = '', ...args]: readonly string[], ...more: readonly string[]): boolean {
  try {
    execFileSync(program, [...args, ...more], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'store-unavailable';
}

async function startMore(client: DaemonClient, accepted: Map<string, readonly string[]>): Promise<void> {
  const more = Array.from({ length: 100 }, (_, index) => `more-${accepted.size}-${index}`);
  try {
    const { id } = await client.call('run/start', { workflow: 'deliver', inputs: { items: more } });
    accepted.set(id, more);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
  }
}

async function healthOf(client: DaemonClient): Promise<{ readonly status: number; readonly text: string }> {
  const { endpoint } = await client.call('daemon/status', {});
  const response = await fetch(`${endpoint}/healthz`);
  return { status: response.status, text: await response.text() };
}
