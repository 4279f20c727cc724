import assert from 'node:assert/strict';
import { readFile, readdir, stat, watch } from 'node:fs/promises';
import path from 'node:path';
import type { DaemonStatus, LastStop } from '../../../schemas/protocol/daemon-status.ts';
import { connectIfRunning } from '../../../client/find-daemon.ts';
import { acquireProjectLock } from '../../../daemon/state/project-lock.ts';
import { freePort } from '../../support/free-port.ts';
import { RealProject } from './real-project.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

describe('the life of a real daemon', () => {
  let project: RealProject;

  beforeEach(async () => {
    project = await RealProject.make();
  });
  afterEach(() => project.remove());

  const lockCheck = async (): Promise<Check | undefined> => {
    const { stdout } = await project.type('doctor --json');
    return (JSON.parse(stdout) as Check[]).find(({ name }) => name === 'lock');
  };

  it('starts by up, once, no matter who starts it, and outlives a kill', async () => {
    const both = await Promise.all([project.json<DaemonStatus>('up'), project.json<DaemonStatus>('up'), project.json('pause erp')]);
    assert.equal(both[0].pid, both[1].pid);
    const { pid } = both[0];
    assert.match((await project.type('up')).stdout, new RegExp(`^The daemon ran already: pid ${pid}, http://127\\.0\\.0\\.1:\\d+\\.\n$`));
    assert.deepEqual((await readdir(project.state)).filter((name) => name.startsWith('daemon-start')), ['daemon-start.log']);
    const { mode } = await stat(path.join(project.state, 'daemon.json'));
    if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600);
    assert.deepEqual(await lockCheck(), { name: 'lock', ok: true, detail: 'held by the daemon' });

    const connection = await connectIfRunning(project.folder);
    process.kill(pid, 'SIGKILL');
    await connection?.client.closed;
    const next = await project.json<DaemonStatus>('restart');
    assert.notEqual(next.pid, pid);
    assert.match((await project.type('down')).stdout, new RegExp(`^The daemon \\(pid ${next.pid}\\) has stopped; what waits is kept\\.\n$`));
    assert.equal((await project.type('status')).code, 3);
    assert.deepEqual(await lockCheck(), { name: 'lock', ok: true, detail: 'free' });
  });

  it('leaves behind how much waits for it, until one runs again, and says nothing if it was killed', async () => {
    const lastStop = async (): Promise<unknown> => {
      const { code, stderr } = await project.type('status --json');
      assert.equal(code, 3);
      return (JSON.parse(stderr) as { error: { lastStop?: unknown } }).error.lastStop;
    };
    await project.json('pause erp');
    await project.json(['run', 'deals', '-i', 'url=http://127.0.0.1:9/', '-i', 'list=[{"id":"a"},{"id":"b"},{"id":"c"}]']);
    await project.until({ topic: 'queues' }, (state) => state.queues?.find(({ name }) => name === 'erp')?.depth.pending === 3);
    await project.type('down');
    const { at, ...counts } = (await lastStop()) as LastStop;
    assert.deepEqual(counts, { waiting: 3, dead: 0 });
    assert.match((await project.type('status')).stderr, /is not running\. 3 jobs were waiting when the daemon of \S+ stopped at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\. `sluice up`/);

    const { pid, startedAt } = await project.json<DaemonStatus>('up');
    assert.ok(startedAt >= at);
    assert.ok(!(await readdir(project.state)).includes('last-stop.json'));
    const connection = await connectIfRunning(project.folder);
    process.kill(pid, 'SIGKILL');
    await connection?.client.closed;
    assert.equal(await lastStop(), undefined);
  });

  it('is found from a folder within the project, and by --project', async () => {
    await project.write('deep/down/file', '');
    const { pid } = await project.json<DaemonStatus>('up', { cwd: path.join(project.folder, 'deep', 'down') });
    assert.equal((await project.json<DaemonStatus>(['status', '--project', project.folder], { cwd: '/' })).pid, pid);
    assert.equal((await project.type(['status', '--project', 'deep'])).code, 2);
  });

  it('tells why it can not start', async () => {
    await project.type('up');
    await project.type('down');
    await project.write('.sluice/state/store.db', 'this is not a database, and not an empty file either'.repeat(100));
    const { code, stdout, stderr } = await project.type('up');
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /^error: The daemon could not be started: it exited with code 1\. It wrote:\nThe store is not a database /);
    const json = await project.type('queues --json');
    assert.deepEqual([json.code, json.stdout, (JSON.parse(json.stderr) as { error: { code: string } }).error.code], [3, '', 'unreachable']);
  });

  it('starts as soon as the holder of the lock lets go of it', async () => {
    const lock = acquireProjectLock(project.folder);
    assert.ok(lock.ok);
    assert.deepEqual(await lockCheck(), { name: 'lock', ok: false, detail: `pid ${process.pid} has the project's lock, which answers nobody: it is starting or stopping, or hangs. \`sluice logs\` shows what it does.` });
    const changes = watch(project.state);
    const up = project.type('up');
    for await (const { filename } of changes) {
      if (filename?.startsWith('daemon-start-') !== true) continue;
      const words = await readFile(path.join(project.state, filename), 'utf8').catch(() => '');
      if (words.includes(`a daemon (pid ${process.pid}) serves`)) break;
    }
    lock.release();
    const { code, stdout, stderr } = await up;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^The daemon runs: pid/);
  });

  it('runs in the foreground with its log on stderr, until it is told to stop', async () => {
    const foreground = project.start(['up', '--foreground']);
    await foreground.stdout.contains('The daemon runs: pid');
    await foreground.stderr.contains(' ready ');
    const second = await project.type('up --foreground');
    assert.equal(second.code, 1);
    assert.match(second.stderr, /^error: The daemon runs already \(pid \d+\)/);
    foreground.interrupt('SIGTERM');
    const { code, stderr } = await foreground.result;
    assert.equal(code, 0);
    assert.match(stderr, /INFO +starting[^]*INFO +ready[^]*INFO +stopping/);
    assert.equal(foreground.isListening, false);

    const json = project.start(['up', '--foreground', '--json']);
    await json.stdout.contains('\n}\n');
    assert.equal((JSON.parse(json.stdout.text) as DaemonStatus).project, project.folder);
    await project.type('down');
    assert.equal((await json.result).code, 0);
  });

  it('shows its log, also while it comes, and over a restart', async () => {
    await project.type('up');
    const { stdout } = await project.type('logs -n 2');
    assert.match(stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}INFO {3}starting {2}version=.*\n.*INFO {3}ready {2}port=\d+\n$/);
    const lines = await project.json<{ msg: string }[]>('logs');
    assert.deepEqual(lines.map(({ msg }) => msg), ['starting', 'ready']);
    const following = project.start(['logs', '-f', '-n', '1', '--json']);
    await following.stdout.contains('"ready"');
    const { pid } = await project.json<DaemonStatus>('restart');
    await following.stdout.contains(`"pid":${pid}`);
    following.interrupt();
    const end = await following.result;
    assert.equal(end.code, 130);
    for (const line of end.stdout.trimEnd().split('\n')) JSON.parse(line);
  });

  it('tells its metrics at its own port, and where config.yaml says, which may change while it runs', async () => {
    const first = await freePort();
    const second = await freePort({ but: first });
    const listenAt = (port: number): Promise<string> => project.write('.sluice/config.yaml', `metrics: { listen: "127.0.0.1:${port}" }\n`);
    await listenAt(first);
    const { endpoint } = await project.json<DaemonStatus>('up');
    const read = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();
    for (const url of [endpoint, `http://127.0.0.1:${first}`]) assert.match(await read(url), /^sluice_queue_jobs\{queue="erp",state="pending"\} 0$/m, url);
    await listenAt(second);
    // It looks at the files first.
    await project.json(['run', 'deals', '-i', 'url=http://127.0.0.1:9/', '-i', 'list=[]']);
    assert.match(await read(`http://127.0.0.1:${second}`), /^sluice_store_up 1$/m);
    await assert.rejects(read(`http://127.0.0.1:${first}`));
  });

  it('is well by the word of the doctor', async () => {
    await project.type('up');
    const { code, stdout } = await project.type('doctor');
    assert.equal(code, 0, stdout);
    for (const name of ['node', 'project', 'files', 'state', 'disk', 'daemon', 'lock', 'clock', 'store integrity']) assert.match(stdout, new RegExp(`✓ ok {4}${name} `));
    assert.match(stdout, /All is well\.\n$/);
  });
});
