import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunDetail } from '../../../../schemas/protocol/run.ts';
import { ScriptedDaemon, type Script } from '../../../support/scripted-daemon.ts';
import { Countdown } from '../../../support/countdown.ts';
import { CommandLine, sluice } from './command-line.ts';
import { run, step } from './protocol-samples.ts';
import { TemporaryProject } from './temporary-project.ts';

const workflow = {
  id: 'deal',
  name: 'Deal',
  file: '.sluice/workflows/deal.yaml',
  valid: true,
  queues: [],
  inputs: { type: 'object', properties: { dry: { type: 'boolean' }, list: { type: 'array' }, note: { type: 'string' }, any: {} } },
};

const running = run({ state: 'running', steps: [step({ state: 'running' })], jobs: { total: 10, open: 5, succeeded: 5, dead: 0, cancelled: 0, discarded: 0 } });
const succeeded = run({ state: 'succeeded', steps: [step({ state: 'succeeded' })], jobs: { total: 10, open: 0, succeeded: 10, dead: 0, cancelled: 0, discarded: 0 } });

describe('sluice run', () => {
  let project: TemporaryProject;
  let daemon: ScriptedDaemon | undefined;
  const subscribed = { count: new Countdown() };

  beforeEach(async () => {
    project = await TemporaryProject.make();
    subscribed.count = new Countdown();
  });
  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
    await project.remove();
  });

  const start = async (snapshot: RunDetail, script: Script = {}): Promise<ScriptedDaemon> =>
    (daemon = await ScriptedDaemon.start(project.folder, {
      'workflow/list': () => ({ workflows: [workflow] }),
      'run/start': () => ({ id: 'r12' }),
      subscribe: () => {
        subscribed.count.tick();
        return { id: 1, snapshot: { run: snapshot } };
      },
      ...script,
    }));

  it('prints the id, and sends inputs as the schema wants them', async () => {
    const scripted = await start(running);
    await writeFile(path.join(project.folder, 'people.csv'), 'email\na@example.com\n');
    const argv = ['run', '.sluice/workflows/deal.yaml', '-i', 'dry=true', '-i', 'note=1=2', '--input', 'any=5', '-i', 'at=@@me', '--input', 'list=@people.csv'];
    assert.deepEqual(await sluice(argv, { cwd: project.folder }), { code: 0, stdout: 'r12\n', stderr: '' });
    assert.deepEqual(scripted.paramsOf('run/start'), [
      { workflow: 'deal', inputs: { dry: true, note: '1=2', any: '5', at: '@me' }, inputFiles: { list: path.join(project.folder, 'people.csv') } },
    ]);
    assert.deepEqual(JSON.parse((await sluice(['run', 'deal', '--json'], { cwd: project.folder })).stdout), { id: 'r12' });
  });

  const wrong: Record<string, RegExp> = {
    novalue: /has to be name=value/,
    'dry=maybe': /Input dry has to be a boolean, and `maybe` is not\./,
    'list=a': /has to be an array, and `a` is not; write it as JSON/,
    'list=@nothing.csv': /there is no file .*nothing\.csv/,
    'list=@.': /is a folder/,
  };
  for (const [input, message] of Object.entries(wrong)) {
    it(`refuses -i ${input}`, async () => {
      const scripted = await start(running);
      const { code, stderr } = await sluice(['run', 'deal', '-i', input], { cwd: project.folder });
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.deepEqual(scripted.paramsOf('run/start'), []);
    });
  }

  it('says how to hand over inputs that are too large for a message', async () => {
    const scripted = await start(running);
    const { code, stderr } = await sluice(['run', 'deal', '-i', `note=${'x'.repeat(1_100_000)}`], { cwd: project.folder });
    assert.equal(code, 2);
    assert.match(stderr, /That is 1\.0 MiB; a message may have 1\.0 MiB\. Large inputs go into a file: `-i name=@file`/);
    assert.deepEqual(scripted.paramsOf('run/start'), []);
  });

  it('waits for the end, and exits 0 where it succeeded', async () => {
    const scripted = await start(running);
    const line = new CommandLine(['run', 'deal', '--wait'], { cwd: project.folder });
    await subscribed.count.reached(1);
    scripted.notify({ id: 1, number: 1, change: { run: succeeded } });
    const { code, stdout, stderr } = await line.result;
    assert.equal(code, 0);
    assert.match(stdout, /^r12 {2}succeeded/);
    assert.equal(stderr, 'r12 has started.\n');
  });

  it('waits for on-failure steps too, then exits 1 and says what to do next', async () => {
    const scripted = await start(run({ closing: true }));
    const line = new CommandLine(['run', 'deal', '--wait'], { cwd: project.folder });
    await subscribed.count.reached(1);
    scripted.notify({ id: 1, number: 1, change: { run: run() } });
    const { code, stdout } = await line.result;
    assert.equal(code, 1);
    assert.match(stdout, /sluice dead list --run r12/);
  });

  it('gives the run itself with --json, and a bar only on a terminal', async () => {
    await start(succeeded);
    const json = await sluice(['run', 'deal', '--wait', '--json'], { cwd: project.folder, columns: 80 });
    assert.deepEqual(JSON.parse(json.stdout), succeeded);
    assert.equal(json.stderr, '');
    const terminal = await sluice(['run', 'deal', '--wait'], { cwd: project.folder, columns: 80 });
    assert.match(terminal.stderr, /█+ 10\/10 jobs/);
    assert.equal((await sluice(['run', 'deal', '--wait'], { cwd: project.folder })).stderr, 'r12 has started.\n');
  });

  it('does not say that a run has started that an earlier start with the key has made', async () => {
    await start(succeeded, { 'run/start': () => ({ id: 'r12', existed: true }) });
    const { code, stderr } = await sluice(['run', 'deal', '--wait', '--key', 'k1'], { cwd: project.folder });
    assert.deepEqual([code, stderr], [0, 'Nothing was started: r12 has that key already.\n']);
  });

  it('says what a key may be', async () => {
    for (const key of ['@mine', '', 'a\tb', 'x'.repeat(201)]) {
      const { code, stderr } = await sluice(['run', 'deal', `--key=${key}`], { cwd: project.folder });
      assert.equal(code, 2);
      assert.match(stderr, /A key has 1 to 200 characters, no control characters, and does not begin with '@'\./);
    }
  });

  it('leaves the run going at Ctrl-C, and says how to get back to it', async () => {
    const scripted = await start(running);
    const line = new CommandLine(['run', 'deal', '--wait'], { cwd: project.folder });
    await subscribed.count.reached(1);
    line.interrupt();
    const { code, stdout, stderr } = await line.result;
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(stderr, /r12 continues without you: `sluice run-show r12`/);
    assert.deepEqual(scripted.paramsOf('run/cancel'), []);
  });

  it('lives through a restart of the daemon', async () => {
    const first = await start(running);
    const line = new CommandLine(['run', 'deal', '--wait'], { cwd: project.folder });
    await subscribed.count.reached(1);
    await first.crash();
    await start(succeeded);
    const { code, stdout } = await line.result;
    assert.equal(code, 0);
    assert.match(stdout, /^r12 {2}succeeded/);
    assert.equal(subscribed.count.count, 2);
  });
});
