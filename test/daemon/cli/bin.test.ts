import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HttpSink } from '../../support/http-sink.ts';
import { RealProject } from './real-project.ts';

const bin = path.resolve(import.meta.dirname, '../../../bin/sluice.cjs');

/** The command as a person has it: built, in a process of its own, with its daemon built too. */
describe('bin/sluice.cjs', () => {
  const sink = new HttpSink();
  let url: string;
  let project: RealProject;

  before(async () => {
    ({ url } = await sink.start());
    project = await RealProject.make();
  });
  after(async () => {
    await project.remove();
    await sink.stop();
  });

  const start = (...argv: string[]): ChildProcessByStdio<null, Readable, Readable> => spawn(process.execPath, [bin, ...argv], { cwd: project.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const type = async (...argv: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> => {
    const child = start(...argv);
    const ended = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: (await ended)[0], stdout, stderr };
  };

  it('runs a workflow, with nothing but the answer on stdout', async () => {
    const { code, stdout, stderr } = await type('run', 'hello', '-i', `url=${url}`, '--wait', '--json');
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal((JSON.parse(stdout) as { state: string }).state, 'succeeded');
    assert.equal((await type('quues')).code, 2);
  });

  it('ends quietly when its reader has had enough', async () => {
    await project.type('pause erp');
    await project.write('list.json', JSON.stringify(Array.from({ length: 3000 }, (_, id) => ({ id: `${id}${'x'.repeat(100)}` }))));
    const { stdout } = await type('run', 'deals', '-i', `url=${url}`, '-i', 'list=@list.json');
    await project.untilJobs(stdout.trim(), ({ total }) => total === 3000);
    const child = start('jobs', '--limit', '3000');
    const ended = once(child, 'exit');
    const complaints = text(child.stderr);
    await once(child.stdout, 'readable');
    child.stdout.destroy();
    assert.deepEqual(await ended, [0, null]);
    assert.equal(await complaints, '');
  });

  it('says at Ctrl-C that the run continues', async function () {
    // Windows has no signals to send to a process.
    if (process.platform === 'win32') this.skip();
    sink.respond = () => 'hang';
    const count = sink.requests.length;
    const child = start('run', 'hello', '-i', `url=${url}`, '--wait');
    const ended = once(child, 'close').then(([code, signal]) => [code as unknown, signal as unknown]);
    let complaints = '';
    const started = new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        complaints += chunk;
        if (complaints.includes('has started')) resolve();
      });
    });
    await Promise.all([sink.received(count + 1), started]);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    const id = /(r\d+) continues without you/.exec(complaints)?.[1] ?? '';
    // A stop would give the call its grace time.
    assert.equal((await project.type(`cancel ${id}`)).code, 0);
  });
});
