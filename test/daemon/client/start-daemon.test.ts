import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Connected } from '../../../client/connect.ts';
import { ClientError } from '../../../client/client-error.ts';
import { daemonLauncher, type LaunchDaemon, type StartConsent } from '../../../client/daemon-launch.ts';
import { connectIfRunning } from '../../../client/find-daemon.ts';
import { connectOrStart, startDaemon, stopDaemon } from '../../../client/daemon-lifecycle.ts';
import { daemonProgram } from '../../support/tested-programs.ts';
import { TemporaryProject } from '../../unit/daemon/cli/temporary-project.ts';
import '../../support/own-home.ts';

const scripted = path.resolve(import.meta.dirname, '../../support/scripted-daemon-program.ts');

interface Start {
  /** The scripted daemon's program if omitted. */
  readonly program?: string;
  readonly consent?: StartConsent;
  readonly limitMs?: number;
}

describe('starting and reaching a daemon', () => {
  let project: TemporaryProject;
  const open: Connected[] = [];

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

  const start = async ({ program = scripted, consent = 'asked', ...limits }: Start = {}): Promise<Connected> => {
    const launch = daemonLauncher({ program, execPath: process.execPath, env: process.env });
    const connected = await connectOrStart(project.folder, { launch, consent, ...limits });
    open.push(connected);
    return connected;
  };
  const startLogs = async (): Promise<string[]> => (await readdir(project.state)).filter((name) => name.startsWith('daemon-start'));
  const faultOf = async (work: Promise<unknown>): Promise<ClientError['fault']> => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof ClientError ? error.fault : assert.fail(String(error));
  };

  it('starts one if none runs, and finds it again', async () => {
    assert.equal(await connectIfRunning(project.folder), undefined);
    const first = await start();
    const second = await start();
    assert.equal(second.status.pid, first.status.pid);
    assert.notEqual(first.status.pid, process.pid);
    assert.deepEqual(await startLogs(), ['daemon-start.log']);
    if (process.platform !== 'win32') assert.equal((await stat(path.join(project.state, 'daemon-start.log'))).mode & 0o777, 0o600);
  });

  it('leaves one daemon to many programs that start it at the same time', async () => {
    const connections = await Promise.all(Array.from({ length: 4 }, () => start()));
    assert.equal(new Set(connections.map(({ status }) => status.pid)).size, 1);
    assert.equal(await readFile(path.join(project.state, 'scripted-lock'), 'utf8'), String(connections[0]?.status.pid));
  });

  it('starts another if the daemon died and left its daemon.json behind', async () => {
    const dead = await start();
    process.kill(dead.status.pid, 'SIGKILL');
    await dead.client.closed;
    await rm(path.join(project.state, 'scripted-lock'));
    assert.ok(existsSync(path.join(project.state, 'daemon.json')));
    const next = await start();
    assert.notEqual(next.status.pid, dead.status.pid);
  });

  it('tells immediately why one could not be started, with its own words', async () => {
    await writeFile(path.join(project.state, 'behaviour'), 'fail');
    assert.deepEqual(await faultOf(start({ limitMs: 86_400_000 })), {
      kind: 'start-failed',
      end: { kind: 'code', code: 1 },
      folder: project.folder,
      output: 'the store is of a newer version\nremedy: update Sluice',
    });
    assert.deepEqual(await startLogs(), []);
  });

  it('tells that none could be spawned', async () => {
    const launch = daemonLauncher({ program: scripted, execPath: path.join(project.folder, 'no-node'), env: process.env });
    const fault = await faultOf(startDaemon(project.folder, { launch, consent: 'asked' }));
    assert.ok(fault.kind === 'start-failed' && fault.end.kind === 'not-spawned' && fault.end.problem.includes('no-node'), JSON.stringify(fault));
  });

  it('stops it, and returns only when its process has ended', async () => {
    const { client, status } = await start();
    assert.equal(await stopDaemon(client), status.pid);
    assert.throws(() => process.kill(status.pid, 0));
    assert.equal(await connectIfRunning(project.folder), undefined);
  });

  it('gives up on a project that another daemon has all the time, and starts one again as long as it may be leaving', async () => {
    let dropped = 0;
    const nothing = (): Promise<void> => Promise.resolve();
    const launch: LaunchDaemon = async () => ({
      pid: undefined,
      ended: () => ({ kind: 'code', code: 4 }),
      lostLock: () => true,
      refused: () => undefined,
      startupOutput: async () => 'sluice: a daemon serves this folder already',
      keepLog: nothing,
      dropLog: async () => {
        dropped++;
      },
      yield: nothing,
    });
    const fault = await faultOf(startDaemon(project.folder, { launch, consent: 'asked', limitMs: 2_500 }));
    assert.deepEqual(fault, { kind: 'locked-out', limitMs: 2_500, output: 'a daemon serves this folder already' });
    assert.ok(dropped > 1, 'it was started once only');
  });

  it("starts none on nobody's word where this user has run none, and makes nothing there", async () => {
    await rm(project.state, { recursive: true });
    assert.deepEqual(await faultOf(start({ program: daemonProgram, consent: 'known-only' })), { kind: 'start-refused', refusal: 'unknown', folder: project.folder, output: '' });
    assert.deepEqual(await readdir(path.dirname(project.state)), []);
  });

  it('is refused by the daemon itself in a state folder of somebody else, and adopts it on the word of a person', async () => {
    const { client } = await start({ program: daemonProgram });
    await stopDaemon(client);
    await rm(path.join(project.state, 'owner.json'));
    for (const consent of ['asked', 'known-only'] as const) {
      const fault = await faultOf(start({ program: daemonProgram, consent }));
      assert.ok(fault.kind === 'start-refused' && fault.refusal === 'foreign', JSON.stringify(fault));
      assert.match(fault.output, /^\S+ holds state that this user's daemon did not make here/, "the daemon's words, without its name in front");
    }
    const { status } = await start({ program: daemonProgram, consent: 'adopt' });
    assert.equal(status.project, project.folder);
  });
});
