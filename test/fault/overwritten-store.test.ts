import assert from 'node:assert/strict';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { HttpSink } from '../support/http-sink.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { CommandLine, type CommandResult } from '../unit/daemon/cli/command-line.ts';
import { deliverWorkflow } from './deliver-workflow.ts';
import { assertSound, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';

const early = ['early-1', 'early-2', 'early-3'];
const late = Array.from({ length: 20 }, (_, index) => `late-${index}`);

describe('a daemon whose store.db is written over in place, as cp does', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency: 1, onItemFailure: 'continue', padding: 2000 }) });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const type = (...argv: readonly string[]): Promise<CommandResult> => new CommandLine(argv, { cwd: project.folder, input: '' }).result;
  const plain = (text: string): string => text.replaceAll(/\s+/g, ' ');
  const backup = (): string => path.join(project.folder, 'backup.db');
  const saved = (): string[] => readdirSync(project.stateFolder).filter((name) => name.startsWith('store.rescued-'));

  const overwrite = (): void => {
    const { ino } = statSync(project.storeFile);
    const descriptor = openSync(project.storeFile, 'w');
    writeSync(descriptor, readFileSync(backup()));
    closeSync(descriptor);
    assert.equal(statSync(project.storeFile).ino, ino, 'it is the same file');
  };
  const startPaused = async (): Promise<DaemonProcess> => {
    const daemon = await project.start();
    await daemon.client.call('queue/pause', { queue: 'hooks' });
    return daemon;
  };
  const run = (daemon: DaemonProcess, items: readonly string[]) => daemon.client.call('run/start', { workflow: 'deliver', inputs: { items } });
  const jobCount = async (daemon: DaemonProcess): Promise<number> => (await jobsOf(daemon.client)).length;

  /** The file is as it was put there, its log is untouched, and no daemon reads the one into the other. */
  const assertNothingMixed = async (): Promise<void> => {
    assert.ok(readFileSync(project.storeFile).equals(readFileSync(backup())), 'something was written into it');
    assert.ok(statSync(`${project.storeFile}-wal`).size > 0);
    assert.notEqual((await project.launch().end()).code, 0);
    const { code, stderr } = await type('state', 'adopt');
    assert.equal(code, 1);
    assert.match(plain(stderr), /store\.db was replaced, and beside it (is|are) store\.db-wal/);
    assert.ok(readFileSync(project.storeFile).equals(readFileSync(backup())), 'something was written into it');
  };

  it('by another store: says so, takes nothing more, ends, and saves all of a young one beside what is there now', async () => {
    const first = await startPaused();
    await run(first, early);
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    copyFileSync(project.storeFile, backup());
    await project.clearState();

    const daemon = await startPaused();
    await run(daemon, late);
    overwrite();
    await daemon.said('was written over by something else');
    const refused = await run(daemon, ['refused']).then(() => undefined, (error: unknown) => error);
    assert.ok(refused instanceof CodedError && ['store-unavailable', 'unreachable'].includes(refused.code), String(refused));
    assert.deepEqual(await daemon.end(), { code: 1, signal: null });
    const [rescued = ''] = saved();
    assert.ok(rescued !== '' && daemon.words.includes(rescued), daemon.words);
    await assertNothingMixed();

    mkdirSync(path.join(project.folder, 'aside'));
    renameSync(project.storeFile, path.join(project.folder, 'aside', 'store.db'));
    renameSync(path.join(project.stateFolder, rescued), project.storeFile);
    assert.equal((await type('state', 'adopt', '--without-logs')).code, 0);
    const next = await project.start();
    assert.equal(await jobCount(next), late.length);
    await next.client.call('queue/resume', { queue: 'hooks' });
    await runsAtRest(next.client);
    await assertSound(next.client);
    assert.equal(sink.requests.length, late.length);
  });

  it('by an older copy of itself: keeps its log, and a person chooses the copy', async () => {
    await olderCopyOver();
    const { code, stdout } = await type('state', 'adopt', '--without-logs');
    assert.equal(code, 0);
    assert.match(plain(stdout), /3 jobs wait in it.*The logs are in .*state\.\d+T\d+Z/);
    const next = await project.start();
    await assertSound(next.client);
    assert.equal(await jobCount(next), early.length);
  });

  it('by an older copy of itself: keeps its log, and a person saves what the two have', async () => {
    await olderCopyOver();
    const { code, stdout } = await type('state', 'salvage');
    assert.equal(code, 0, stdout);
    const next = await project.start();
    await assertSound(next.client);
    const jobs = await jobsOf(next.client);
    assert.ok(jobs.length >= early.length + late.length, `${jobs.length} jobs`);
    const { queues } = await next.client.call('daemon/status', {});
    assert.ok(queues.every(({ paused }) => paused), 'nothing goes by itself');
  });

  /** A store that was closed since the copy was made, so that the log doesn't have all of it; and one that is stopped before it looks. */
  const olderCopyOver = async (): Promise<void> => {
    const first = await startPaused();
    await run(first, early);
    await first.stop();
    copyFileSync(project.storeFile, backup());
    // As long as nothing has come into the file, the copy is the same file.
    const second = await project.start();
    await run(second, ['between']);
    await second.stop();
    const daemon = await project.start();
    await run(daemon, late);
    overwrite();
    await daemon.stop();
    assert.match(daemon.words, /was written over by something else.*What the daemon had accepted and not yet written into the old store\.db is in .*store\.db-wal/);
    assert.deepEqual(saved(), []);
    assert.ok(!existsSync(path.join(project.stateFolder, 'last-stop.json')), 'what waits is not known');
    await assertNothingMixed();
  };
});
