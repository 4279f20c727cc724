import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { findDaemon } from '../../../client/find-daemon.ts';
import { writeDiscovery } from '../../../daemon/state/discovery-file.ts';
import { acquireProjectLock } from '../../../daemon/state/project-lock.ts';
import { ScriptedDaemon } from '../../support/scripted-daemon.ts';
import { TemporaryProject } from '../daemon/cli/temporary-project.ts';

describe('finding the daemon of a project', () => {
  let project: TemporaryProject;
  let server: Server | undefined;
  const token = 'a-token-of-some-length';

  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(async () => {
    server?.close();
    server = undefined;
    await project.remove();
  });

  /** Another program on the port of a daemon: it answers each request with these bytes. */
  const peer = async (answer: string): Promise<number> => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const forge = async (): Promise<void> => {
    await writeDiscovery(project.folder, { pid: process.pid, port: 4711, token, version: '0.1.0' });
    const file = path.join(project.state, 'daemon.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('4711', '4712'));
  };

  it('is connected if it answers for this folder', async () => {
    const daemon = await ScriptedDaemon.start(project.folder, {});
    const found = await findDaemon(project.folder);
    assert.ok(found.kind === 'connected' && found.status.project === project.folder);
    await found.client.close();
    await daemon.stop();
    assert.deepEqual(await findDaemon(project.folder), { kind: 'none', isCrashed: false });
  });

  it('is none if the one that answers is the daemon of another folder', async () => {
    const daemon = await ScriptedDaemon.start(project.folder, { 'daemon/status': () => ({ ...daemon.status('0.1.0'), project: '/elsewhere' }) });
    assert.deepEqual(await findDaemon(project.folder), { kind: 'none', isCrashed: false });
    await daemon.stop();
  });

  it('has crashed if its process, or its port, is gone', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeDiscovery(project.folder, { pid, port: 4711, token, version: '0.1.0' });
    assert.deepEqual(await findDaemon(project.folder), { kind: 'none', isCrashed: true });
    const daemon = await ScriptedDaemon.start(project.folder, {});
    await daemon.crash();
    assert.deepEqual(await findDaemon(project.folder), { kind: 'none', isCrashed: true });
  });

  for (const [name, answer] of Object.entries({ 'a web server': 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 'one that wants another token': 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n', 'one that talks anything else': 'SSH-2.0-x\r\n', 'one that hangs up': '' })) {
    it(`has crashed if its port is that of ${name} now`, async () => {
      await writeDiscovery(project.folder, { pid: process.pid, port: await peer(answer), token, version: '0.1.0' });
      assert.deepEqual(await findDaemon(project.folder), { kind: 'none', isCrashed: true });
    });
  }

  it('is busy if it lets no further client in: it runs, and no other can be started', async () => {
    await writeDiscovery(project.folder, { pid: process.pid, port: await peer('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'), token, version: '0.1.0' });
    assert.deepEqual(await findDaemon(project.folder, 100), { kind: 'unreachable', fault: { kind: 'busy', pid: process.pid } });
  });

  it('is none if a file that must not be used is all that is left, and unusable as long as somebody has the lock', async () => {
    await forge();
    assert.deepEqual(await findDaemon(project.folder), { kind: 'none', isCrashed: false });
    const lock = acquireProjectLock(project.folder);
    assert.ok(lock.ok);
    const file = path.join(project.state, 'daemon.json');
    assert.deepEqual(await findDaemon(project.folder, 100), { kind: 'unreachable', fault: { kind: 'unusable', problem: { code: 'unproven' }, holder: process.pid, file } });
    lock.release();
  });

  it('waits for the one that has the lock to replace a file that is of no use', async () => {
    await forge();
    const lock = acquireProjectLock(project.folder);
    assert.ok(lock.ok);
    const finding = findDaemon(project.folder);
    const daemon = await ScriptedDaemon.start(project.folder, {});
    const found = await finding;
    assert.ok(found.kind === 'connected');
    await found.client.close();
    await daemon.stop();
    lock.release();
  });
});
