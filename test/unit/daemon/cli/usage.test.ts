import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import manifest from '../../../../package.json' with { type: 'json' };
import { sluice, type CommandResult } from './command-line.ts';
import { TemporaryProject } from './temporary-project.ts';

/** Wrong usage is found before any daemon is looked for, so none is started here. */
describe('the command line', () => {
  let project: TemporaryProject;
  const run = (...argv: string[]): Promise<CommandResult> => sluice(argv, { cwd: project.folder, input: '' });

  before(async () => {
    project = await TemporaryProject.make();
  });
  after(() => project.remove());

  it('prints its version and its help, which ends with examples', async () => {
    assert.deepEqual(await run('--version'), { code: 0, stdout: `${manifest.version}\n`, stderr: '' });
    const help = await run('--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Examples:\n {2}\$ sluice init/);
    assert.equal(help.stderr, '');
  });

  for (const command of ['init', 'up', 'down', 'restart', 'status', 'validate', 'run', 'runs', 'run-show', 'eval', 'cancel', 'queues', 'jobs', 'job', 'pause', 'resume', 'set', 'dead', 'dead list', 'dead replay', 'dead discard', 'dead export', 'logs', 'doctor']) {
    it(`has examples in the help of ${command}`, async () => {
      const { code, stdout } = await run(...command.split(' '), '--help');
      assert.equal(code, 0);
      assert.ok(stdout.includes(`Examples:\n  $ sluice `), stdout);
      assert.match(stdout, /--project <dir>/);
    });
  }

  const wrong: readonly (readonly [argv: string, message: RegExp])[] = [
    ['quues', /^error: unknown command 'quues'\n\(Did you mean queues\?\)/],
    ['dead reply j1', /^error: unknown command 'dead reply': there are dead list, dead groups, dead replay, dead edit, dead drop-edit, dead discard and dead export/],
    ['jobs --quue erp', /Did you mean --queue\?/],
    ['jobs --state broken', /Allowed choices are pending, delayed/],
    ['jobs --limit 0', /whole number from 1/],
    ['job 40', /A job is written like j40/],
    ['run-show j40', /A run is written like r12/],
    ['cancel 12', /A run is written like r12, a job like j40/],
    ['run', /missing required argument 'workflow'/],
    ['run x --dry-run --wait', /starts nothing/],
    ['set erp', /Say what to set/],
    ['set erp --concurrency many', /whole number from 1/],
    ['set erp --concurrency 10001', /10,000 at most/],
    ['dead replay', /Say which/],
    ['dead replay j1 --all', /not both/],
    ['dead replay j1 --queue erp', /go with --all/],
    ['dead replay j1 j2 --edit -', /a single dead letter/],
    ['dead replay j1 --edit missing.json', /missing\.json doesn't exist/],
    ['dead replay j1 --edit -', /stdin is empty/],
    ['dead discard --all', /needs --yes/],
    ['logs -n no', /whole number from 1/],
  ];
  for (const [argv, message] of wrong) {
    it(`refuses \`sluice ${argv}\` with exit code 2`, async () => {
      const { code, stdout, stderr } = await run(...argv.split(' '));
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    });
  }

  it('tells of wrong usage in JSON with --json, and keeps stdout clean', async () => {
    const { code, stdout, stderr } = await run('jobs', '--state', 'broken', '--json');
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
    assert.equal(error.code, 'usage');
    assert.match(error.message, /^option '-s, --state <state>' argument 'broken' is invalid/);
  });

  it('shows its help if nothing is typed, as wrong usage', async () => {
    const { code, stdout, stderr } = await run();
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^Usage: sluice/);
  });

  it('says how to make a project if there is none', async () => {
    const { code, stderr } = await sluice(['status'], { cwd: tmpdir() });
    assert.equal(code, 2);
    assert.match(stderr, /There is no \.sluice\/ in .* or above it\. `sluice init` makes a project here/);
    const named = await sluice(['status', '--project', 'nowhere'], { cwd: project.folder });
    assert.equal(named.code, 2);
    assert.match(named.stderr, /sluice init --project nowhere/);
  });

  it('says that the daemon is not running, and starts none for status, down and logs', async () => {
    assert.equal((await run('status')).code, 3);
    assert.match((await run('status')).stderr, /is not running\. `sluice up` starts it/);
    const json = await run('status', '--json');
    assert.deepEqual([json.code, json.stdout, (JSON.parse(json.stderr) as { error: { code: string } }).error.code], [3, '', 'unreachable']);
    assert.deepEqual(await run('down'), { code: 0, stdout: 'The daemon was not running.\n', stderr: '' });
    assert.deepEqual(JSON.parse((await run('down', '--json')).stdout), { stopped: false });
    assert.match((await run('logs')).stdout, /The log is empty/);
    assert.deepEqual(JSON.parse((await run('logs', '--json')).stdout), []);
  });

  it('starts no daemon for a command that only looks, in a folder where this user has never run one', async () => {
    const looking = ['queues', 'jobs', 'job j1', 'runs', 'run-show r1', 'eval r1 1', 'dead', 'dead groups', 'dead export j1', 'bulk', 'bulk show b1', 'schedules', 'deliveries', 'deliveries show d1', 'secrets'];
    await rm(project.state, { recursive: true });
    for (const line of looking) {
      const { code, stderr } = await run(...line.split(' '));
      assert.deepEqual([line, code], [line, 3], stderr);
    }
  });
});
