import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectIfRunning, connectOrStart, type Connection, type StartOptions } from '../../../daemon/cli/daemon-connection.ts';
import { stopDaemon } from '../../../daemon/cli/daemon-stop.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { TemporaryProject } from '../../unit/daemon/cli/temporary-project.ts';

const program = path.resolve(import.meta.dirname, '../../support/scripted-daemon-program.ts');

describe('starting and reaching the daemon', () => {
  let project: TemporaryProject;
  const open: Connection[] = [];

  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(async () => {
    const running = await connectIfRunning(project.folder);
    if (running !== undefined) {
      await stopDaemon(running.client);
      await running.client.close();
    }
    for (const { client } of open.splice(0)) await client.close();
    await project.remove();
  });

  const start = async (options: StartOptions = {}): Promise<Connection> => {
    const connection = await connectOrStart(project.folder, process.env, { ...options, program });
    open.push(connection);
    return connection;
  };
  const startLogs = async (): Promise<string[]> => (await readdir(project.state)).filter((name) => name.startsWith('daemon-start'));

  it('starts one where none runs, and finds it again', async () => {
    assert.equal(await connectIfRunning(project.folder), undefined);
    const first = await start();
    const second = await start();
    assert.equal(second.status.pid, first.status.pid);
    assert.notEqual(first.status.pid, process.pid);
    assert.deepEqual(await startLogs(), ['daemon-start.log']);
    if (process.platform !== 'win32') assert.equal((await stat(path.join(project.state, 'daemon-start.log'))).mode & 0o777, 0o600);
  });

  it('leaves one daemon to many commands that start it at the same time', async () => {
    const connections = await Promise.all(Array.from({ length: 4 }, () => start()));
    assert.equal(new Set(connections.map(({ status }) => status.pid)).size, 1);
    assert.equal(await readFile(path.join(project.state, 'scripted-lock'), 'utf8'), String(connections[0]?.status.pid));
  });

  it('starts another where the daemon died and left its daemon.json behind', async () => {
    const dead = await start();
    process.kill(dead.status.pid, 'SIGKILL');
    await dead.client.closed;
    await rm(path.join(project.state, 'scripted-lock'));
    assert.ok(existsSync(path.join(project.state, 'daemon.json')));
    const next = await start();
    assert.notEqual(next.status.pid, dead.status.pid);
  });

  it('tells at once why one could not be started, in its own words', async () => {
    await writeFile(path.join(project.state, 'behaviour'), 'fail');
    await assert.rejects(start({ startLimitMs: 86_400_000 }), (error) => {
      assert.ok(error instanceof CodedError);
      assert.equal(error.code, 'unreachable');
      assert.equal(error.message, 'The daemon could not be started: it exited with code 1. It wrote:\nthe store is of a newer version\nremedy: update Sluice');
      return true;
    });
    assert.deepEqual(await startLogs(), []);
  });

  it('stops it, and returns only when its process has ended', async () => {
    const { client, status } = await start();
    assert.equal(await stopDaemon(client), status.pid);
    assert.throws(() => process.kill(status.pid, 0));
    assert.equal(await connectIfRunning(project.folder), undefined);
  });
});
