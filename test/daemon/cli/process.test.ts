import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Countdown } from '../../support/countdown.ts';
import { ScriptedDaemon } from '../../support/scripted-daemon.ts';
import { job, run } from '../../unit/daemon/cli/protocol-samples.ts';
import { TemporaryProject } from '../../unit/daemon/cli/temporary-project.ts';

const main = path.resolve(import.meta.dirname, '../../../daemon/cli/main.ts');

describe('the sluice process', () => {
  let project: TemporaryProject;
  let daemon: ScriptedDaemon | undefined;

  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
    await project.remove();
  });

  const type = (...argv: string[]): ChildProcessByStdio<null, Readable, Readable> =>
    spawn(process.execPath, [main, ...argv], { cwd: project.folder, stdio: ['ignore', 'pipe', 'pipe'] });

  it('ends quietly when its reader has had enough', async () => {
    daemon = await ScriptedDaemon.start(project.folder, {
      'job/list': ({ limit = 1, cursor = '0' }) => ({ jobs: Array.from({ length: limit }, () => job()), ...(cursor === '0' ? { next: '1' } : {}) }),
    });
    const child = type('jobs', '--limit', '2000', '--json');
    const ended = once(child, 'exit');
    const complaints = text(child.stderr);
    await once(child.stdout, 'readable');
    child.stdout.destroy();
    assert.deepEqual(await ended, [0, null]);
    assert.equal(await complaints, '');
  });

  it('leaves a run going at Ctrl-C, and exits 130', async function () {
    // Windows has no signals to send to a process.
    if (process.platform === 'win32') this.skip();
    const subscribed = new Countdown();
    daemon = await ScriptedDaemon.start(project.folder, {
      'workflow/list': () => ({ workflows: [] }),
      'run/start': () => ({ id: 'r12' }),
      subscribe: () => {
        subscribed.tick();
        return { id: 1, snapshot: { run: run({ state: 'running' }) } };
      },
    });
    const child = type('run', 'deal', '--wait');
    const ended = once(child, 'exit');
    const complaints = text(child.stderr);
    await subscribed.reached(1);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    assert.match(await complaints, /r12 continues without you/);
    assert.deepEqual(daemon.paramsOf('run/cancel'), []);
  });
});
