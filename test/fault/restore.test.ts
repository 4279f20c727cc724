import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { foreignExitCode } from '../../schemas/protocol/daemon-flags.ts';
import { HttpSink } from '../support/http-sink.ts';
import { CommandLine, type CommandResult } from '../unit/daemon/cli/command-line.ts';
import { deliverWorkflow } from './deliver-workflow.ts';
import { assertSound, endOfRun, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';

const before = ['a', 'b', 'c'];
const waiting = ['d', 'e'];
const after = ['f', 'g', 'h'];

describe('a backup that is put back', () => {
  let sink: HttpSink;
  let project: FaultProject;

  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency: 2, onItemFailure: 'fail' }) });
  });
  afterEach(async () => {
    await project.dispose();
    rmSync(backup(), { recursive: true, force: true });
    await sink.stop();
  });

  const backup = (): string => `${project.folder}-backup`;
  const type = (...argv: readonly string[]): Promise<CommandResult> => new CommandLine(argv, { cwd: project.folder, input: '' }).result;
  const sent = (): string[] => sink.requests.map(({ body = '' }) => (JSON.parse(body) as { readonly item: string }).item).sort();
  const keysOf = (item: string): Set<unknown> => new Set(sink.requests.filter(({ body }) => body?.includes(`"${item}"`)).map(({ headers }) => headers['webhook-id']));

  /** A backup in which two jobs wait; they and others are done afterwards, and then the daemon dies, with its logs beside the store. */
  const live = async (): Promise<void> => {
    const first = await project.start();
    const { id } = await first.client.call('run/start', { workflow: 'deliver', inputs: { items: before } });
    await endOfRun(first.client, id);
    await first.client.call('queue/pause', { queue: 'hooks' });
    await first.client.call('run/start', { workflow: 'deliver', inputs: { items: waiting } });
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    cpSync(project.stateFolder, backup(), { recursive: true, preserveTimestamps: true });
    const second = await project.start();
    await second.client.call('queue/resume', { queue: 'hooks' });
    await second.client.call('run/start', { workflow: 'deliver', inputs: { items: after } });
    await runsAtRest(second.client);
    await second.kill();
    assert.deepEqual(sent(), [...before, ...waiting, ...after].sort());
    assert.ok(existsSync(`${project.storeFile}-wal`));
  };

  it('is not touched by the logs of another time, has its jobs, and says what is sent again', async () => {
    await live();
    rmSync(project.storeFile);
    copyFileSync(path.join(backup(), 'store.db'), project.storeFile);

    const refused = project.launch();
    assert.deepEqual(await refused.end(), { code: foreignExitCode, signal: null });
    const { code, stderr } = await type('state', 'adopt');
    assert.equal(code, 1);
    assert.match(stderr.replaceAll(/\s+/g, ' '), /store\.db was replaced, and beside it are store\.db-wal and store\.db-attempts of the one before.*--without-logs.*--with-logs/);
    assert.ok(readFileSync(project.storeFile).equals(readFileSync(path.join(backup(), 'store.db'))), 'the backup was changed');

    const { stdout } = await type('state', 'adopt', '--without-logs');
    assert.match(stdout.replaceAll(/\s+/g, ' '), /2 jobs wait in it.*jobs that were sent since then are sent again, with the same keys.*The logs are in .*state\.\d+T\d+Z/);
    const { client } = await project.start();
    await assertSound(client);
    assert.deepEqual((await jobsOf(client, { state: 'pending' })).length, waiting.length, 'they wait, as the queue was paused then');
    await client.call('queue/resume', { queue: 'hooks' });
    await runsAtRest(client);
    await assertSound(client);
    assert.deepEqual(sent(), [...before, ...waiting, ...waiting, ...after].sort());
    for (const item of waiting) assert.equal(keysOf(item).size, 1, 'its receiver can tell');
  });

  it('is used with its logs where it is the very file', async () => {
    await live();
    renameSync(project.storeFile, `${project.folder}-moved`);
    copyFileSync(`${project.folder}-moved`, project.storeFile);
    rmSync(`${project.folder}-moved`);
    assert.equal((await type('state', 'adopt')).code, 1);
    assert.equal((await type('state', 'adopt', '--with-logs')).code, 0);
    const { client } = await project.start();
    await runsAtRest(client);
    await assertSound(client);
    assert.equal((await jobsOf(client, { state: 'succeeded' })).length, before.length + waiting.length + after.length);
    assert.deepEqual(sent(), [...before, ...waiting, ...after].sort(), 'something was sent twice');
  });

  it('as a whole folder continues, and the log says what that means', async () => {
    await live();
    rmSync(project.stateFolder, { recursive: true });
    cpSync(backup(), project.stateFolder, { recursive: true, preserveTimestamps: true });
    const { client } = await project.start();
    await assertSound(client);
    await project.logged(/brought back from a copy, or mounted again: whatever was done since the copy was made is forgotten/);
    assert.equal((await jobsOf(client, { state: 'pending' })).length, waiting.length);
    assert.equal((await jobsOf(client, { state: 'succeeded' })).length, before.length);
  });
});

describe('what `sluice backup` makes', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency: 2, onItemFailure: 'fail' }) });
  });
  afterEach(async () => {
    await project.dispose();
    rmSync(`${project.folder}.db`, { force: true });
    await sink.stop();
  });

  const type = (...argv: readonly string[]): Promise<CommandResult> => new CommandLine(argv, { cwd: project.folder, input: '' }).result;
  const sent = (): string[] => sink.requests.map(({ body = '' }) => (JSON.parse(body) as { readonly item: string }).item).sort();
  const keysOf = (item: string): Set<unknown> => new Set(sink.requests.filter(({ body }) => body?.includes(`"${item}"`)).map(({ headers }) => headers['webhook-id']));
  const plain = (text: string): string => text.replaceAll(/\s+/g, ' ');
  const startWaiting = async (client: DaemonClient): Promise<void> => {
    const { id } = await client.call('run/start', { workflow: 'deliver', inputs: { items: before } });
    await endOfRun(client, id);
    await client.call('queue/pause', { queue: 'hooks' });
    await client.call('run/start', { workflow: 'deliver', inputs: { items: waiting } });
    await client.call('queue/resume', { queue: 'hooks' });
  };

  it('while the daemon works is what `sluice restore` brings back, with all queues paused, and the other store is kept', async () => {
    const file = `${project.folder}.db`;
    const first = await project.start();
    await first.client.call('queue/pause', { queue: 'hooks' });
    await first.client.call('run/start', { workflow: 'deliver', inputs: { items: waiting } });
    const made = await type('backup', file, '--json');
    assert.equal(made.code, 0, made.stderr);
    assert.deepEqual((JSON.parse(made.stdout) as { readonly jobs: object }).jobs, { pending: waiting.length });
    assert.match(plain((await type('backup', file)).stderr), /The file .* exists already\. Nothing was written/);
    assert.match(plain((await type('backup', path.join(project.stateFolder, 'mine.db'))).stderr), /keeps its state\. Choose another folder/);
    assert.match(plain((await type('restore', file, '--yes')).stderr), /A daemon \(pid \d+\) has this project: stop it first/);
    await first.client.call('queue/resume', { queue: 'hooks' });
    await first.client.call('run/start', { workflow: 'deliver', inputs: { items: after } });
    await runsAtRest(first.client);
    await first.kill();

    const asked = await type('restore', file);
    assert.equal(asked.code, 1);
    assert.match(plain(asked.stderr), /Everything since .* is forgotten: jobs that were sent since then are sent again, with the same keys.*`sluice restore .* --yes` does it/);
    const restored = await type('restore', file, '--yes');
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(plain(restored.stdout), /is the store now: 1 run, 2 jobs, of which 2 wait and 0 dead letters\. The store that was here is in .*state\.\d+T\d+Z\. All queues are paused/);

    const { client } = await project.start();
    await assertSound(client);
    assert.equal((await jobsOf(client, { state: 'pending' })).length, waiting.length);
    await client.call('queue/resume', { queue: 'hooks' });
    await runsAtRest(client);
    await assertSound(client);
    assert.deepEqual(sent(), [...waiting, ...waiting, ...after].sort());
    for (const item of waiting) assert.equal(keysOf(item).size, 1, 'its receiver can tell');
  });

  it('after a crash has how attempts ended, and starts a project anew on another machine', async () => {
    const file = `${project.folder}.db`;
    const first = await project.start();
    await startWaiting(first.client);
    await runsAtRest(first.client);
    await first.kill();
    const made = await type('backup', file, '--json');
    assert.equal(made.code, 0, made.stderr);
    assert.deepEqual((JSON.parse(made.stdout) as { readonly jobs: object }).jobs, { succeeded: before.length + waiting.length });
    // Only the workflow files are there, as in a fresh clone.
    await project.clearState();
    const restored = await type('restore', file, '--yes', '--no-pause', '--json');
    const { file: _file, bytes: _bytes, ...content } = JSON.parse(made.stdout) as { readonly file: string; readonly bytes: number };
    assert.deepEqual(JSON.parse(restored.stdout), { ...content, paused: false });
    const { client } = await project.start();
    await assertSound(client);
    assert.equal((await jobsOf(client, { state: 'succeeded' })).length, before.length + waiting.length);
    assert.deepEqual((await client.call('queue/list', {})).queues.filter(({ paused }) => paused), []);
  });

  it('is not used where it is damaged: nothing changes', async () => {
    const file = `${project.folder}.db`;
    const first = await project.start();
    await startWaiting(first.client);
    await runsAtRest(first.client);
    await first.stop();
    assert.equal((await type('backup', file)).code, 0);
    assert.match(plain((await type('backup', file)).stderr), /The file .* exists already\. Nothing was written/);
    assert.match(plain((await type('backup', path.join(project.stateFolder, 'mine.db'))).stderr), /keeps its state\. Choose another folder/);
    const content = readFileSync(file);
    writeFileSync(file, content.subarray(0, content.length / 2));
    const found = readFileSync(project.storeFile);
    const { code, stderr } = await type('restore', file, '--yes');
    assert.equal(code, 1);
    assert.match(plain(stderr), /can't be used as a backup: it is damaged/);
    assert.ok(readFileSync(project.storeFile).equals(found));
    assert.ok(!readdirSync(project.stateFolder).some((name) => name.startsWith('restore.')));
  });
});
