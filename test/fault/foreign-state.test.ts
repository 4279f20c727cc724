import assert from 'node:assert/strict';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { foreignExitCode, unknownExitCode } from '../../schemas/protocol/daemon-flags.ts';
import { CommandLine, type CommandResult } from '../unit/daemon/cli/command-line.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { FaultProject, runsAtRest } from './fault-project.ts';

const token = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const workflow = (url: string): string => `
queues:
  slow: { concurrency: 1 }
steps:
  deliver:
    queue: slow
    uses: webhook/send
    with: { url: "${url}", secret: "\${{ secrets.TOKEN }}", body: { hello: true } }
`;

describe('a folder whose state somebody else made', () => {
  let sink: HttpSink;
  let project: FaultProject;
  let copy: string;

  beforeEach(async () => {
    sink = new HttpSink();
    sink.respond = ({ index }) => (index === 0 ? 'hang' : {});
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': workflow(url) });
    copy = `${project.folder}-clone`;
  });
  afterEach(async () => {
    await type(copy, 'down').catch(() => undefined);
    await project.dispose();
    rmSync(copy, { recursive: true, force: true });
    await sink.stop();
  });

  const type = (cwd: string, ...argv: readonly string[]): Promise<CommandResult> => new CommandLine(argv, { cwd, input: '' }).result;

  /** A daemon dies with a job under way, which the next one sends again. */
  const makeWaitingJob = async (): Promise<void> => {
    const daemon = await project.start({ env: { SLUICE_SECRET_TOKEN: token } });
    await daemon.client.call('run/start', { workflow: 'deliver', inputs: {} });
    await sink.received(1);
    await daemon.kill();
  };

  const clone = async (): Promise<void> => {
    await makeWaitingJob();
    cpSync(project.folder, copy, { recursive: true });
  };

  it('sends nothing, whatever is typed, and says what is there and how to continue', async () => {
    await clone();
    for (const argv of [['queues'], ['jobs'], ['runs'], ['dead'], ['status'], ['up'], ['run', 'deliver']]) {
      const { code, stderr } = await type(copy, ...argv);
      assert.equal(code, 3, argv.join(' '));
      assert.match(stderr.replaceAll(/\s+/g, ' '), /holds state that this user's daemon did not make here.*is a copy of the state of.*sluice state adopt.*sluice state set-aside/, argv.join(' '));
    }
    const daemon = new DaemonProcess(copy);
    assert.deepEqual(await daemon.end(), { code: foreignExitCode, signal: null });
    const { stdout } = await type(copy, 'state', '--json');
    const report = JSON.parse(stdout) as { readonly origin: string };
    assert.equal(report.origin, 'foreign');
    assert.equal(sink.requests.length, 1, 'a job of a clone was sent');
  });

  it('continues with it once a person has adopted it (control: the job is sent then)', async () => {
    await clone();
    assert.equal((await type(copy, 'state', 'adopt')).code, 0);
    const daemon = await DaemonProcess.start(copy, { env: { SLUICE_SECRET_TOKEN: token } });
    await runsAtRest(daemon.client);
    assert.equal(sink.requests.length, 2);
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
    const again = await DaemonProcess.start(copy);
    assert.deepEqual(await again.stop(), { code: 0, signal: null });
  });

  it('begins without it once it is set aside, and keeps it', async () => {
    await clone();
    assert.equal((await type(copy, 'state', 'set-aside')).code, 0);
    const daemon = await DaemonProcess.start(copy);
    assert.deepEqual((await daemon.client.call('job/list', {})).jobs, []);
    await daemon.stop();
    const aside = readdirSync(path.join(copy, '.sluice')).find((name) => name.startsWith('state.'));
    assert.ok(aside !== undefined && existsSync(path.join(copy, '.sluice', aside, 'store.db')));
    assert.equal(sink.requests.length, 1);
  });

  it('has a mark of another key: foreign too; and none at all', async () => {
    await clone();
    const mark = path.join(copy, '.sluice', 'state', 'owner.json');
    writeFileSync(mark, readFileSync(mark, 'utf8').replace(/[0-9a-f]{64}/, 'a'.repeat(64)));
    assert.match((await type(copy, 'up')).stderr.replaceAll(/\s+/g, ' '), /Its mark is not of this user on this machine/);
    rmSync(mark);
    assert.match((await type(copy, 'up')).stderr.replaceAll(/\s+/g, ' '), /It has no mark of this user/);
  });

  it('is its own after it was renamed, and when it came back whole from a backup', async () => {
    await makeWaitingJob();
    renameSync(project.folder, copy);
    const renamed = await DaemonProcess.start(copy);
    await renamed.stop();
    cpSync(copy, project.folder, { recursive: true });
    rmSync(copy, { recursive: true });
    cpSync(project.folder, copy, { recursive: true });
    const restored = await DaemonProcess.start(copy);
    assert.deepEqual(await restored.stop(), { code: 0, signal: null });
  });

  for (const name of ['store.db', 'store.db-wal', 'store.db-journal', 'store.db-attempts']) {
    it(`refuses a ${name} that something else put there, as a checkout does with ignored files`, async () => {
      const first = await project.start();
      await first.stop();
      const file = path.join(project.stateFolder, name);
      const before = existsSync(file) ? readFileSync(file) : Buffer.from('x'.repeat(100));
      writeFileSync(`${file}.new`, before);
      renameSync(`${file}.new`, file);
      const daemon = project.launch();
      assert.deepEqual(await daemon.end(), { code: foreignExitCode, signal: null });
      assert.match(daemon.words, new RegExp(`${name.replace('.', '\\.')} was put there by something else`));
    });
  }

  it('is started in for the first time by who asks for it, and not by who looks', async () => {
    for (const argv of [['queues'], ['jobs'], ['runs'], ['dead'], ['status']]) assert.equal((await type(project.folder, ...argv)).code, 3, argv.join(' '));
    const daemon = project.launch();
    await daemon.ready();
    await daemon.stop();
    assert.equal(existsSync(path.join(project.stateFolder, 'owner.json')), true);
    const { code } = await type(project.folder, 'queues');
    assert.equal(code, 0, 'it is known by then');
    await type(project.folder, 'down');
  });

  it('is not started in for the first time by an editor that nobody has asked', async () => {
    const daemon = new DaemonProcess(project.folder, { more: ['--known-only'] });
    assert.deepEqual(await daemon.end(), { code: unknownExitCode, signal: null });
  });

  const links: Readonly<Record<string, string>> = { 'daemon.log': 'file', 'store.db': 'file', 'daemon.lock': 'file', 'daemon.json': 'file', 'secrets.env': 'file', items: 'folder' };
  for (const [name, kind] of Object.entries(links)) {
    it(`opens nothing if ${name} is a link`, async function () {
      if (process.platform === 'win32') this.skip();
      const victim = path.join(project.folder, 'victim');
      if (kind === 'folder') mkdirSync(victim);
      else writeFileSync(victim, 'mine\n', { mode: 0o644 });
      mkdirSync(project.stateFolder);
      symlinkSync(victim, path.join(project.stateFolder, name));
      const daemon = project.launch();
      assert.deepEqual(await daemon.end(), { code: foreignExitCode, signal: null });
      assert.match(daemon.words, /is a link/);
      for (const argv of [['up'], ['status'], ['logs'], ['queues']]) assert.equal((await type(project.folder, ...argv)).code, 3, argv.join(' '));
      assert.deepEqual(readdirSync(project.stateFolder), [name], 'something was made beside it');
      if (kind === 'file') {
        assert.equal(readFileSync(victim, 'utf8'), 'mine\n');
        assert.equal(lstatSync(victim).mode & 0o777, 0o644);
      }
    });
  }

  it('makes nothing in a folder that a link leads to', async function () {
    if (process.platform === 'win32') this.skip();
    const victim = path.join(project.folder, 'public');
    mkdirSync(victim, { mode: 0o755 });
    symlinkSync(victim, project.stateFolder);
    const daemon = project.launch();
    assert.deepEqual(await daemon.end(), { code: foreignExitCode, signal: null });
    assert.equal((await type(project.folder, 'up')).code, 3);
    assert.deepEqual(readdirSync(victim), []);
    assert.equal(lstatSync(victim).mode & 0o777, 0o755);
  });
});
