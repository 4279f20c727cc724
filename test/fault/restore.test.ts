import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
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
