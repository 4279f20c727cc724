import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Countdown } from '../../support/countdown.ts';
import { commandProgram } from '../../support/tested-programs.ts';
import { job, run } from '../../unit/daemon/cli/protocol-samples.ts';
import { useScriptedProject } from '../../unit/daemon/cli/scripted-project.ts';

describe('the sluice process', () => {
  const project = useScriptedProject();
  const type = (...argv: string[]): ChildProcessByStdio<null, Readable, Readable> =>
    spawn(process.execPath, [commandProgram, ...argv], { cwd: project.folder, stdio: ['ignore', 'pipe', 'pipe'] });

  it('ends quietly when its reader has had enough', async () => {
    await project.start({
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
    const daemon = await project.start({
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
