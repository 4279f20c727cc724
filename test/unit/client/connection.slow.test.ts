import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Connection, type ConnectionOptions } from '../../../client/connection.ts';
import type { ConnectionState, ConnectionStateKind } from '../../../client/connection-state.ts';
import { writeLastStop } from '../../../daemon/state/discovery-file.ts';
import { acquireProjectLock } from '../../../daemon/state/project-lock.ts';
import { daemonLauncher } from '../../../client/daemon-launch.ts';
import { ClientError, type ClientFault } from '../../../client/client-error.ts';
import { TemporaryProject } from '../daemon/cli/temporary-project.ts';
import { ScriptedDaemon, scriptedToken } from '../../support/scripted-daemon.ts';
import { daemonProgram } from '../../support/tested-programs.ts';

const launch = daemonLauncher({ program: daemonProgram, execPath: process.execPath, env: process.env });

describe('the connection of a project folder', () => {
  let project: TemporaryProject;
  const open: Connection[] = [];

  const connect = (options: Partial<ConnectionOptions> = {}): Connection => {
    const connection = new Connection({
      projectFolder: project.folder,
      version: '0.1.0',
      isTrusted: () => true,
      autoStart: () => false,
      launch,
      random: () => 0,
      ...options,
    });
    open.push(connection);
    return connection;
  };

  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(async () => {
    await open[0]?.stop();
    for (const connection of open.splice(0)) await connection.dispose();
    await project.remove();
  });

  it('says that nothing runs, starts nothing by itself, and starts a daemon when it is needed', async () => {
    const connection = connect();
    const seen = recorded(connection);
    await connection.look();
    assert.deepEqual(connection.state, { kind: 'stopped' });
    const daemon = await connection.ensure();
    assert.equal((await daemon.call('daemon/status', {})).project, project.folder);
    assert.deepEqual(seen, ['stopped', 'starting', 'connected']);
  });

  it('starts one immediately if wanted', async () => {
    const connection = connect({ autoStart: () => true });
    await connection.ensure();
    await connection.stop();
    await connection.look();
    assert.equal(connection.state.kind, 'connected');
  });

  it('starts none by itself where this user has run none yet, or where the state is not of this user, and says so', async () => {
    const connection = connect({ autoStart: () => true });
    await connection.look();
    assert.equal(connection.state.kind === 'stopped' && connection.state.refused, 'unknown');
    await writeFile(path.join(project.state, 'store.db'), 'somebody else made it');
    const other = connect({ autoStart: () => true });
    await other.look();
    assert.equal(other.state.kind === 'stopped' && other.state.refused, 'foreign');
    await assert.rejects(other.ensure(), { code: 'foreign-state' });
  });

  it('shares one daemon between windows, and hears when the other one stops it', async () => {
    const [one, other] = [connect(), connect()];
    const [first, second] = await Promise.all([one.ensure(), other.ensure()]);
    assert.equal((await first.call('daemon/status', {})).pid, (await second.call('daemon/status', {})).pid);
    const stopped = next(other, 'stopped');
    await one.stop();
    assert.equal(one.state.kind, 'stopped');
    assert.equal((await stopped).kind, 'stopped');
  });

  it('starts one as soon as the holder of the lock lets go of it, such as a daemon that stops just now', async () => {
    const lock = acquireProjectLock(project.folder);
    assert.ok(lock.ok);
    let launches = 0;
    const connection = connect({
      launch: (folder, consent) => {
        // The first one has been locked out.
        if (++launches === 2) lock.release();
        return launch(folder, consent);
      },
    });
    await connection.ensure();
    assert.deepEqual([connection.state.kind, launches], ['connected', 2]);
  });

  it('starts it again when it was killed', async () => {
    const connection = connect();
    const before = await (await connection.ensure()).call('daemon/status', {});
    const again = next(connection, 'connected');
    process.kill(before.pid, 'SIGKILL');
    const state = await again;
    assert.ok(state.kind === 'connected' && state.status.pid !== before.pid);
  });

  it('says that it died where nothing may be started', async () => {
    let isTrusted = true;
    const connection = connect({ isTrusted: () => isTrusted });
    const { pid } = await (await connection.ensure()).call('daemon/status', {});
    isTrusted = false;
    const died = next(connection, 'untrusted');
    process.kill(pid, 'SIGKILL');
    assert.deepEqual(await died, { kind: 'untrusted', crashed: true });
    await assert.rejects(connection.ensure(), isFault('untrusted'));
    isTrusted = true;
    await connection.ensure();
  });

  it('restarts it', async () => {
    const connection = connect();
    const before = await (await connection.ensure()).call('daemon/status', {});
    await connection.restart();
    const after = await connection.daemon?.call('daemon/status', {});
    assert.ok(after !== undefined && after.pid !== before.pid);
  });

  it('leaves the daemon running when the window is closed', async () => {
    const first = connect();
    const { pid } = await (await first.ensure()).call('daemon/status', {});
    await first.dispose();
    const second = connect();
    await second.look();
    assert.ok(second.state.kind === 'connected' && second.state.status.pid === pid);
    open.reverse();
  });

  it('knows what the last daemon left waiting, as soon as that is written, and forgets it when one runs', async () => {
    const leave = (at: string, waiting: number): Promise<void> => writeLastStop(project.folder, { at, waiting, dead: 0 });
    const connection = connect();
    await connection.look();
    assert.deepEqual(connection.state, { kind: 'stopped' });
    const seen = recorded(connection);
    await leave('2026-11-24T14:05:00.000Z', 42);
    await connection.look();
    await connection.look();
    assert.deepEqual([connection.state, seen], [{ kind: 'stopped', left: { at: '2026-11-24T14:05:00.000Z', waiting: 42, dead: 0 } }, ['stopped']]);

    await connection.ensure();
    await connection.stop();
    assert.ok(connection.state.kind === 'stopped' && connection.state.left !== undefined);
    const { waiting, dead } = connection.state.left;
    assert.deepEqual([waiting, dead], [0, 0], 'of the daemon that ran since');
  });

  it('keeps saying why one could not be started, whatever the one before left', async () => {
    const connection = connect({ launch: daemonLauncher({ program: path.join(project.folder, 'none.js'), execPath: process.execPath, env: process.env }) });
    await assert.rejects(connection.ensure());
    await writeLastStop(project.folder, { at: '2026-11-24T14:05:00.000Z', waiting: 42, dead: 0 });
    await connection.look();
    assert.ok(connection.state.kind === 'stopped' && connection.state.problem?.kind === 'start-failed');
    assert.match(connection.state.problem.output, /none\.js/);
  });

  it('tells why one could not be started', async () => {
    const connection = connect({ launch: daemonLauncher({ program: path.join(project.folder, 'none.js'), execPath: process.execPath, env: process.env }) });
    await assert.rejects(connection.ensure(), (error) => error instanceof ClientError && error.fault.kind === 'start-failed' && error.fault.output.includes('none.js'));
    assert.equal(connection.state.kind, 'stopped');
  });

  it('says that the folder is gone where it was renamed under a daemon, and makes it not again', async () => {
    const connection = connect();
    await connection.ensure();
    const gone = next(connection, 'gone');
    const back = gone.then(() => next(connection, 'stopped'));
    const moved = `${project.folder}-moved`;
    await rename(project.folder, moved);
    try {
      const state = await gone;
      assert.deepEqual(state.kind === 'gone' ? state.problem : undefined, { kind: 'folder-gone', folder: project.folder });
      await connection.look();
      assert.equal(connection.state.kind, 'gone');
      await assert.rejects(connection.ensure(), isFault('folder-gone'));
      assert.equal(existsSync(project.folder), false);
    } finally {
      await rename(moved, project.folder);
    }
    // By itself: watchers of a folder that was gone may not see it again.
    await back;
  });

  it('is none where the folder is not a project', async () => {
    const connection = connect({ projectFolder: path.join(project.folder, '.sluice') });
    await connection.look();
    assert.equal(connection.state.kind, 'none');
    await assert.rejects(connection.ensure(), isFault('no-project'));
  });

  it("doesn't use a daemon of another line of versions, and says which side is behind", async () => {
    const daemon = await ScriptedDaemon.start(project.folder, {}, { version: '0.0.9' });
    const connection = connect({ version: '0.2.0' });
    await connection.look();
    assert.ok(connection.state.kind === 'incompatible' && connection.state.behind === 'daemon');
    await assert.rejects(connection.ensure(), isFault('incompatible'));
    open.shift();
    await connection.dispose();
    await daemon.stop();
  });

  it('takes the daemon of a copied project for none', async () => {
    const original = await TemporaryProject.make();
    const daemon = await ScriptedDaemon.start(original.folder, {});
    const file = path.join(project.state, 'daemon.json');
    await writeFile(file, JSON.stringify({ pid: process.pid, port: daemon.port, token: scriptedToken, version: '0.1.0' }), { mode: 0o600 });
    const connection = connect();
    await connection.look();
    assert.deepEqual(connection.state, { kind: 'stopped' });
    await daemon.stop();
    await original.remove();
  });
});

function isFault(kind: ClientFault['kind']): (error: unknown) => boolean {
  return (error) => error instanceof ClientError && error.fault.kind === kind;
}

function recorded(connection: Connection): ConnectionStateKind[] {
  const seen: ConnectionStateKind[] = [];
  connection.onDidChange(({ kind }) => seen.push(kind));
  return seen;
}

function next(connection: Connection, kind: ConnectionStateKind): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const listening = connection.onDidChange((state) => {
      if (state.kind !== kind) return;
      listening.dispose();
      resolve(state);
    });
  });
}
