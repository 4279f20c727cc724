import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DaemonClient } from '../../client/daemon-client.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { deliverWorkflow } from './deliver-workflow.ts';
import { assertSound, detailsOf, eventually, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';
import { brokenPromises } from './kill-oracle.ts';

const items = Array.from({ length: 60 }, (_, index) => `item-${index}`);
const concurrency = 3;
const refused = 5;

describe('a start on a full disk', () => {
  let sink: HttpSink;
  let project: FaultProject;
  let disk: SmallDisk;

  before(function () {
    if (!SmallDisk.isPossible()) this.skip();
  });
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency, onItemFailure: 'continue', padding: 2000 }) });
    disk = await SmallDisk.mount(project.stateFolder, 16);
  });
  afterEach(async () => {
    await project.dispose();
    await disk.dispose();
    await sink.stop();
  });

  const start = async (): Promise<DaemonProcess> => project.start({ launcher: disk.launcher, outsideFolder: () => disk.outside(project.folder) });

  /** What people look at, and what they can't do meanwhile. */
  const assertShowsAndStartsNothing = async (client: DaemonClient, run: string, depth: { readonly dead: number; readonly open: number }): Promise<void> => {
    const before = sink.requests.length;
    const { store, queues, lastCrash } = await client.call('daemon/status', {});
    assert.equal(store.ok, false);
    assert.match(store.problem ?? '', /the disk is full/);
    assert.equal(lastCrash, undefined, 'what was under way is not known yet');
    const hooks = queues.find(({ name }) => name === 'hooks');
    assert.deepEqual(hooks?.depth, { pending: depth.open, delayed: 0, active: 0, dead: depth.dead });
    assert.equal(hooks.concurrency, concurrency);
    const dead = await jobsOf(client, { state: 'dead' });
    assert.equal(dead.length, depth.dead);
    for (const job of await detailsOf(client, dead)) assert.match(JSON.stringify(job.payload), /item-\d/);
    assert.equal((await client.call('run/get', { id: run })).state, 'running');
    assert.ok((await client.call('log/tail', {})).lines.length > 0);
    await assertSound(client);
    await assert.rejects(client.call('run/start', { workflow: 'deliver', inputs: { items: ['late'] } }), { code: 'store-unavailable' });
    await assert.rejects(client.call('queue/pause', { queue: 'hooks' }), { code: 'store-unavailable' });
    const { endpoint } = await client.call('daemon/status', {});
    assert.equal((await fetch(`${endpoint}/healthz`)).status, 503);
    assert.equal(sink.requests.length, before, 'it sent something');
  };

  const assertGoesOn = async (daemon: DaemonProcess, run: string, resume = async (_client: DaemonClient): Promise<unknown> => undefined): Promise<void> => {
    await disk.clear();
    await eventually('the cure', async () => ((await daemon.client.call('daemon/status', {})).store.ok ? true : undefined), 20_000);
    await resume(daemon.client);
    const runs = await runsAtRest(daemon.client);
    const jobs = await detailsOf(daemon.client, await jobsOf(daemon.client));
    assert.deepEqual(brokenPromises({ requests: sink.requests, runs, jobs, accepted: new Map([[run, items]]) }), []);
    await assertSound(daemon.client);
  };

  it('after a crash shows everything, says why nothing starts, and continues by itself', async () => {
    const first = await start();
    const half = Promise.withResolvers<undefined>();
    const killed = Promise.withResolvers<undefined>();
    sink.respond = async ({ index }) => {
      if (index === 20) half.resolve(undefined);
      if (index >= 20) await killed.promise;
      return index < refused ? { status: 400 } : {};
    };
    const { id } = await first.client.call('run/start', { workflow: 'deliver', inputs: { items } });
    await half.promise;
    await eventually('the outcomes', async () => ((await jobsOf(first.client, { state: 'succeeded' })).length === 20 - refused ? true : undefined));
    await first.kill();
    killed.resolve(undefined);
    await disk.fill();

    const second = await start();
    await assertShowsAndStartsNothing(second.client, id, { dead: refused, open: items.length - 20 });
    // Not even the file by which it is found needs more room, however often that happens.
    await second.kill();
    const third = await start();
    await assertShowsAndStartsNothing(third.client, id, { dead: refused, open: items.length - 20 });
    await assertGoesOn(third, id);
    assert.ok(sink.requests.length <= items.length + concurrency, `${sink.requests.length} requests`);
    assert.ok(((await third.client.call('daemon/status', {})).lastCrash?.interrupted ?? 0) > 0, 'the crash is told');
    assert.deepEqual(await third.stop(), { code: 0, signal: null });
  });

  it('says what is in the way where it could not be found, as nothing has kept room for that', async () => {
    const first = await start();
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    await rm(path.join(disk.outside(project.stateFolder), 'daemon.spare'));
    await disk.fill();
    const full = project.launch({ launcher: disk.launcher, outsideFolder: () => disk.outside(project.folder) });
    assert.deepEqual(await full.end(), { code: 1, signal: null });
    assert.match(full.words, /The disk is full, and daemon\.json can't be written/);
  });

  it('says how much room is missing where the store has to be brought to another version first, and leaves it as it is', async () => {
    const first = await start();
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    const inStore = (statements: string): string => {
      const script = `const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]); ${statements}; process.stdout.write(String(db.prepare('PRAGMA user_version').get().user_version)); db.close()`;
      const [command, ...args] = disk.launcher;
      return execFileSync(command ?? '', [...args, process.execPath, '-e', script, project.storeFile], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    };
    const known = inStore(`db.exec("INSERT INTO meta (key, value) VALUES ('filler', zeroblob(3000000))")`);
    const older = inStore("db.exec('PRAGMA user_version = ' + (db.prepare('PRAGMA user_version').get().user_version - 1))");
    assert.equal(Number(older), Number(known) - 1);
    await disk.fill();
    const full = project.launch({ launcher: disk.launcher, outsideFolder: () => disk.outside(project.folder) });
    assert.equal((await full.end()).code, 1);
    assert.match(full.words, new RegExp(`store\\.db has version ${older}\\. This Sluice brings it to version ${known} before it reads it, and the disk is full\\. The store is as it was: make room, about 7 MB,`));
    assert.deepEqual((await readdir(disk.outside(project.stateFolder))).filter((name) => name.endsWith('.bak')), [], 'no half of a copy');
    await disk.clear();
    assert.equal(inStore(''), older);
    assert.equal(inStore(`db.exec('PRAGMA user_version = ${known}')`), known);
    const next = await start();
    assert.equal((await next.client.call('daemon/status', {})).store.ok, true);
    assert.deepEqual(await next.stop(), { code: 0, signal: null });
  });

  it('after an orderly stop as well, and sends nothing twice', async () => {
    const first = await start();
    const some = Promise.withResolvers<undefined>();
    const paused = Promise.withResolvers<undefined>();
    sink.respond = async ({ index }) => {
      if (index === 20) some.resolve(undefined);
      if (index >= 20) await paused.promise;
      return index < refused ? { status: 400 } : {};
    };
    const { id } = await first.client.call('run/start', { workflow: 'deliver', inputs: { items } });
    await some.promise;
    await first.client.call('queue/pause', { queue: 'hooks' });
    paused.resolve(undefined);
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    const sent = sink.requests.length;
    await disk.fill();

    for (let round = 0; round < 2; round++) {
      const full = await start();
      await assertShowsAndStartsNothing(full.client, id, { dead: refused, open: items.length - sent });
      assert.deepEqual(await full.stop(), { code: 0, signal: null });
    }
    await assertGoesOn(await start(), id, (client) => client.call('queue/resume', { queue: 'hooks' }));
    assert.equal(sink.requests.length, items.length);
  });
});
