import assert from 'node:assert/strict';
import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { RealProject } from './real-project.ts';

describe('sluice queues, pause, resume and set, against a real daemon', () => {
  let project: RealProject;

  before(async () => {
    project = await RealProject.make();
  });
  after(() => project.remove());

  const erp = async (): Promise<QueueView | undefined> => (await project.json<QueueView[]>('queues')).find(({ name }) => name === 'erp');

  it('keeps what was set over a restart, and goes back to the file', async () => {
    assert.match((await project.type('queues')).stdout, /^QUEUE +PENDING[^]*\nerp +0 +0 +0\/2 +0 +0 of 6,000\/min/);
    assert.deepEqual(await project.type('set erp --rate 50/min --concurrency 5'), {
      code: 0,
      stdout: 'erp runs: 50/min, concurrency 5 (set by hand: rate 50/min and concurrency 5); 0 pending, 0 active.\n',
      stderr: '',
    });
    assert.match((await project.type('pause erp')).stdout, /^erp is paused: /);
    const before = await project.json<DaemonStatus>('status');
    assert.match((await project.type('restart')).stdout, /^The daemon runs again: pid \d+, version /);
    const after = await project.json<DaemonStatus>('status');
    assert.notEqual(after.pid, before.pid);
    const kept = await erp();
    assert.deepEqual([kept?.paused, kept?.concurrency, kept?.rate?.limit, kept?.overrides.concurrency], [true, 5, 50, 5]);
    const shown = (await project.type('queues')).stdout;
    assert.match(shown, /erp is paused: sluice resume erp/);
    assert.match(shown, /erp runs with rate 50\/min and concurrency 5 instead of what the file says/);

    assert.match((await project.type('resume erp')).stdout, /^Ended the pause of erp\.\nerp runs: 50\/min/);
    await project.type('set erp --rate file --concurrency file');
    assert.deepEqual((await erp())?.overrides, { paused: false });
    assert.equal((await erp())?.rate?.limit, 6000);
    const none = await project.json<QueueView>('set erp --rate none');
    assert.deepEqual([none.rate, none.overrides.rate], [undefined, null]);
    await project.type('set erp --rate file');
  });

  it('knows the queue default before any job was in it, over a restart too', async () => {
    assert.equal((await project.json<QueueView>('pause default')).paused, true);
    await project.type('restart');
    assert.equal((await project.json<QueueView[]>('queues')).find(({ name }) => name === 'default')?.paused, true);
    await project.type('resume default');
  });

  it('guesses which queue was meant, and asks for none that there is not', async () => {
    for (const argv of ['pause epr', 'resume epr', 'set epr --rate 5/min', 'jobs --queue epr', 'dead --queue epr', 'dead replay --all --queue epr', 'dead discard --all --yes --queue epr']) {
      const { code, stdout, stderr } = await project.type(argv);
      assert.deepEqual([code, stdout, stderr], [2, '', 'error: There is no queue epr. Did you mean erp?\n'], argv);
    }
    assert.match((await project.type('pause nothing-like-it')).stderr, /There is no queue nothing-like-it\. There are: .*erp, fast\./);
    assert.equal((await project.type('queues')).stdout.includes('epr'), false);
  });

  it('refuses a rate that is none', async () => {
    const { code, stderr } = await project.type('set erp --rate 5');
    assert.equal(code, 2);
    assert.match(stderr, /"5" is no rate: .*Did you mean '5\/min'\?/);
    const where = await project.type(['jobs', '--where', 'state = 1']);
    assert.equal(where.code, 2);
    assert.match(where.stderr, /`where` is no valid expression/);
  });

  it('shows the whole in status', async () => {
    const { stdout } = await project.type('status');
    assert.match(stdout, / {2}daemon {4}running, pid \d+, version [\d.]+\n {2}project {3}.*\n {2}endpoint {2}http:\/\/127\.0\.0\.1:\d+\n/);
    const status = await project.json<DaemonStatus>('status');
    for (const name of ['pid', 'version', 'endpoint', 'uptimeMs', 'queues']) assert.ok(name in status, name);
  });
});
