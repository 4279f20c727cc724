import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LogFile } from '../../../../daemon/cli/log-file.ts';
import { findProjectFolder } from '../../../../client/state-folder.ts';
import { listProjectFiles } from '../../../../platform/project-reader.ts';
import { CommandLine, sluice } from './command-line.ts';
import { TemporaryProject } from './temporary-project.ts';

describe('files of a project', () => {
  let project: TemporaryProject;
  const write = async (file: string, text = ''): Promise<void> => {
    await mkdir(path.dirname(path.join(project.folder, file)), { recursive: true });
    await writeFile(path.join(project.folder, file), text);
  };

  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(() => project.remove());

  it('are found upward, and listed by what they are for', async () => {
    const some = ['.sluice/queues.yaml', '.sluice/config.yaml', '.sluice/workflows/b.yml', '.sluice/workflows/a.yaml', 'deep/down/c.sluice.yaml'];
    const others = ['.sluice/other.yaml', '.sluice/workflows/x.txt', '.sluice/workflows/deep/y.yaml', 'node_modules/p/d.sluice.yaml', '.hidden/e.sluice.yaml', '.sluice/state/f.sluice.yaml', 'g.yaml'];
    for (const file of [...some, ...others]) await write(file);
    assert.equal(await findProjectFolder(path.join(project.folder, 'deep', 'down')), project.folder);
    const { files } = await listProjectFiles(project.folder);
    assert.deepEqual(files.map(({ kind, file }) => `${kind} ${file}`), ['config .sluice/config.yaml', 'queues .sluice/queues.yaml', 'workflow .sluice/workflows/a.yaml', 'workflow .sluice/workflows/b.yml', 'workflow deep/down/c.sluice.yaml']);
  });

  it('are written by init, never over what is there, and are valid', async () => {
    const queues = 'queues: { web: { rate: 1/min, alerts: { dead-letters: { error: 1 } } } }\n';
    await write('.sluice/queues.yaml', queues);
    const first = await sluice(['init', '--json'], { cwd: project.folder });
    assert.deepEqual(JSON.parse(first.stdout), {
      project: project.folder,
      created: ['.sluice/workflows/hello.yaml', '.sluice/connections.yaml', '.sluice/config.yaml'],
      kept: ['.sluice/queues.yaml'],
    });
    assert.equal(await readFile(path.join(project.folder, '.sluice/queues.yaml'), 'utf8'), queues);
    assert.equal(await readFile(path.join(project.state, '.gitignore'), 'utf8'), '*\n');
    const again = await sluice(['init'], { cwd: project.folder });
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^kept {2}\.sluice\/workflows\/hello\.yaml \(was there already\)$/m);
    assert.match(again.stdout, /sluice run hello --wait/);
    const validated = await sluice(['validate'], { cwd: project.folder });
    assert.deepEqual(validated, { code: 0, stdout: '', stderr: '4 files checked: no problems.\n' });
  });

  it('that are none are named by validate, which continues with the others', async function () {
    if (process.platform === 'win32') return this.skip();
    await write('.sluice/workflows/good.yaml', 'steps: { a: { uses: http/request, with: { url: "http://127.0.0.1/" } } }\n');
    await mkdir(path.join(project.folder, '.sluice/workflows/folder.yaml'));
    await symlink('nowhere', path.join(project.folder, '.sluice/workflows/link.yaml'));
    await symlink('/dev/zero', path.join(project.folder, '.sluice/queues.yaml'));
    execFileSync('mkfifo', [path.join(project.folder, '.sluice/workflows/pipe.yaml'), path.join(project.folder, 'far.sluice.yaml')]);
    const { code, stdout } = await sluice(['validate'], { cwd: project.folder });
    assert.equal(code, 1);
    assert.deepEqual(stdout.trim().split('\n'), [
      '.sluice/queues.yaml:1:1: error: .sluice/queues.yaml is a device, not a file.',
      '.sluice/workflows/folder.yaml:1:1: error: .sluice/workflows/folder.yaml is a folder, not a file.',
      ".sluice/workflows/link.yaml:1:1: error: .sluice/workflows/link.yaml is a link to a file that doesn't exist.",
      '.sluice/workflows/pipe.yaml:1:1: error: .sluice/workflows/pipe.yaml is a named pipe, not a file.',
      'far.sluice.yaml:1:1: error: far.sluice.yaml is a named pipe, not a file.',
    ]);
    const given = await sluice(['validate', 'far.sluice.yaml'], { cwd: project.folder });
    assert.equal(given.code, 2);
    assert.match(given.stderr, /far\.sluice\.yaml is a named pipe, not a file\.$/m);
  });

  it('init makes a new folder with --project', async () => {
    const { code } = await sluice(['init', '--project', 'new/one'], { cwd: project.folder });
    assert.equal(code, 0);
    assert.equal((await stat(path.join(project.folder, 'new/one/.sluice/workflows/hello.yaml'))).isFile(), true);
  });

  it('init says what is in the way of a folder that can not be made', async () => {
    await write('taken');
    const { code, stderr } = await sluice(['init', '--project', 'taken/one'], { cwd: project.folder });
    assert.equal(code, 2);
    assert.match(stderr.replaceAll(/\s+/g, ' '), /taken\/one.* can't be made: a file of that name, or of one of the folders above it, is in the way\. Move it, or choose another folder\./);
  });
});

describe('the log', () => {
  let project: TemporaryProject;
  let log: LogFile;
  let file: string;

  beforeEach(async () => {
    project = await TemporaryProject.make();
    log = new LogFile(project.folder);
    file = path.join(project.state, 'daemon.log');
  });
  afterEach(() => project.remove());

  it('shows its end, however long it is', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"level":30,"msg":"line ${index} ü"}`);
    await writeFile(file, `${lines.join('\n')}\n{"unfinished`);
    assert.deepEqual((await log.tail(3)).lines, lines.slice(-3));
    assert.equal((await log.tail(50_000)).lines.length, 20_000);
    assert.deepEqual((await new LogFile('/nowhere').tail(3)).lines, []);
  });

  it('is followed over rotation, without losing or repeating a line', async () => {
    await writeFile(file, '{"level":30,"msg":"old"}\n');
    const line = new CommandLine(['logs', '-f', '--json'], { cwd: project.folder });
    await line.stdout.contains('old');
    await appendFile(file, '{"level":30,"msg":"one"}\n{"level":30,');
    await line.stdout.contains('one');
    await appendFile(file, '"msg":"two"}\n');
    await rename(file, `${file}.1`);
    await writeFile(file, '{"level":30,"msg":"three"}\n');
    await line.stdout.contains('three');
    line.interrupt();
    const { code, stdout } = await line.result;
    assert.equal(code, 130);
    assert.deepEqual(stdout.trim().split('\n').map((text) => (JSON.parse(text) as { msg: string }).msg), ['old', 'one', 'two', 'three']);
  });

  it('is followed from its first line where the daemon has not run yet', async () => {
    const line = new CommandLine(['logs', '-f'], { cwd: project.folder });
    await writeFile(file, '{"level":30,"time":"2026-11-24T09:30:00.000Z","msg":"first"}\n');
    await line.stdout.contains('2026-11-24 09:30:00  INFO   first');
    line.interrupt('SIGTERM');
    await line.result;
  });
});
