import assert from 'node:assert/strict';
import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { CommandLine } from '../../unit/daemon/cli/command-line.ts';
import { RealProject } from './real-project.ts';

describe('sluice top, against a real daemon', () => {
  let project: RealProject;

  before(async () => {
    project = await RealProject.make();
    await project.type('up');
  });
  after(() => project.remove());

  it('follows the daemon over a restart, pauses and resumes the chosen queue after asking, says why, and leaves the terminal as it was', async () => {
    const top = new CommandLine(['top'], { cwd: project.folder, columns: 80 });
    await top.stdout.contains('>  erp');
    top.press('\u001b[B');
    await top.stdout.contains('>  fast');
    top.press('k');
    top.press('p');
    await top.stdout.contains('Pause erp?');
    top.press('n');
    await top.stdout.contains('Nothing was changed.');
    assert.equal((await project.json<QueueView[]>('queues')).find(({ name }) => name === 'erp')?.paused, false);
    top.press('p');
    top.press('y');
    await top.stdout.contains('⚠ erp is paused.');
    top.press('w');
    await top.stdout.contains('Any key closes this.');
    await top.stdout.contains('sluice resume erp');
    top.press('x');
    top.press('r');
    await top.stdout.contains('Resume erp?');
    top.press('y');
    await top.stdout.contains('Ended the pause of erp.');
    await project.type('down');
    await top.stdout.contains('No daemon runs: what is shown is as it was.');
    const { pid } = await project.json<DaemonStatus>('up');
    await project.type('pause fast');
    await top.stdout.contains('⚠ fast is paused.');
    top.press('q');
    const { code, stdout } = await top.result;
    assert.equal(code, 0);
    assert.ok(stdout.startsWith('\u001b[?1049h\u001b[?25l') && stdout.endsWith('\u001b[?25h\u001b[?1049l'));
    process.kill(pid, 0);
  });

  it('prints each change of the status with --json, until it is interrupted, and asks for a terminal otherwise', async () => {
    const top = new CommandLine(['top', '--json'], { cwd: project.folder });
    await top.stdout.contains('"pid"');
    await project.type('pause erp');
    await top.stdout.contains('"paused":true');
    top.interrupt();
    const { code, stdout } = await top.result;
    assert.equal(code, 130);
    for (const line of stdout.trimEnd().split('\n')) assert.equal(typeof (JSON.parse(line) as DaemonStatus).pid, 'number');
    const piped = await project.type('top');
    assert.deepEqual([piped.code, piped.stdout], [2, '']);
    assert.match(piped.stderr, /needs a terminal/);
  });
});
