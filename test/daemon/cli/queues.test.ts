import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
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
    await project.type('up');
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
    assert.deepEqual([none.rate, none.overrides.rate], [undefined, 'none']);
    await project.type('set erp --rate file');
  });

  it('sets several rates that hold together, keeps them over a restart, and shows the use of each', async () => {
    assert.match((await project.type('set erp --rate 20/s,50000/d')).stdout, /^erp runs: 20\/s and 50,000\/d, concurrency 2 \(set by hand: rate 20\/s and 50,000\/d\)/);
    await project.type('restart');
    const kept = await erp();
    assert.deepEqual(kept?.rates?.map(({ limit, used }) => [limit, used]), [[20, 0], [50_000, 0]]);
    assert.deepEqual([kept.rate?.limit, kept.rateUsed, kept.overrides.rates?.length], [20, 0, 2], 'the first is where it was with one');
    assert.match((await project.type('queues')).stdout, /erp has several rates: 0 of 20\/s, 0 of 50,000\/d\./);
    assert.match((await project.type('set erp --rate 20/s,50/s')).stderr, /50\/s and 20\/s are for the same window: keep the smaller one\./);
    await project.type('set erp --rate file');
    assert.equal((await erp())?.rates, undefined);
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
    assert.match(stderr, /"5" is not a valid rate: .*Did you mean '5\/min'\?/);
    const where = await project.type(['jobs', '--where', 'state = 1']);
    assert.equal(where.code, 2);
    assert.match(where.stderr, /`where` is not a valid expression/);
  });

  it('shows the whole in status', async () => {
    const { stdout } = await project.type('status');
    assert.match(stdout, / {2}daemon {4}running, pid \d+, version [\d.]+\n {2}project {3}.*\n {2}endpoint {2}http:\/\/127\.0\.0\.1:\d+\n/);
    const status = await project.json<DaemonStatus>('status');
    for (const name of ['pid', 'version', 'endpoint', 'uptimeMs', 'queues']) assert.ok(name in status, name);
  });

  it('keeps the limits of a queue that is renamed, and moves or releases its jobs', async () => {
    const limits = '{ rate: { limit: 1, per: 1h, burst: 1 }, concurrency: 1 }';
    const declare = (name: string): Promise<string> => project.write('.sluice/workflows/rename.yaml', `queues: { ${name}: ${limits} }\ninputs: { url: { type: string } }\nsteps:\n  a: { queue: ${name}, uses: http/request, with: { url: "\${{ inputs.url }}" }, foreach: { items: "\${{ [1, 2, 3, 4] }}", on-item-failure: continue } }\n`);
    const depth = async (name: string): Promise<number | undefined> => (await project.json<QueueView[]>('queues')).find((queue) => queue.name === name)?.depth.pending;
    await declare('old');
    // Nobody listens there: an attempt fails immediately, and is tried again much later.
    await project.type('run rename -i url=http://127.0.0.1:9/');
    await project.type('pause old');
    const waiting = await depth('old');
    assert.ok(waiting === 3 || waiting === 4, String(waiting));
    await declare('new');
    const validated = await project.type('validate');
    assert.equal(validated.code, 0, validated.stdout);
    // The command makes the daemon look at its files.
    await project.type('restart');
    const { stdout } = await project.type('status');
    assert.match(stdout, /^old is no longer declared: its last limits hold for what is in it\. .* To move or release them:( |\n {2})sluice queues move old --to QUEUE, or sluice queues release old$/m);
    assert.equal((await project.json<QueueView[]>('queues')).find(({ name }) => name === 'old')?.rate?.limit, 1);

    const refused = await project.type('queues release old');
    assert.deepEqual([refused.code, refused.stderr], [2, 'error: Releasing a queue lifts its limits: it needs --yes where nobody can be asked.\n']);
    assert.match((await project.type('queues release erp --yes')).stderr, /has the limits that its file declares/);
    assert.equal((await project.type('queues move old --to new --dry-run')).stdout, '4 jobs would be moved from old to new.\nWhat was set by hand for old would hold for new: `sluice queues` shows it.\n');
    assert.deepEqual(await project.json('queues move old --to new'), { moved: 4, selected: 4, carries: true });
    assert.deepEqual([await depth('old'), ((await depth('new')) ?? 0) >= 3], [0, true]);

    await declare('newer');
    await project.type('restart');
    const released = await project.type('queues release new --yes');
    assert.match(released.stdout, /^new is paused: no rate limit, concurrency 10;/);
  });
});

describe('the settings of config.yaml, when the file is away', () => {
  it('hold over a restart, until there is a file again', async () => {
    const project = await RealProject.make({ '.sluice/config.yaml': 'allowed-addresses: [10.0.0.7]\n' });
    const outcome = async (): Promise<string> => {
      await project.type('run hello -i url=http://127.0.0.1:9/ --wait');
      const [latest] = await project.json<{ readonly error?: { readonly message: string } }[]>('dead list');
      return latest?.error?.message ?? '';
    };
    try {
      assert.match(await outcome(), /allowed addresses/);
      await rm(path.join(project.folder, '.sluice', 'config.yaml'));
      await project.type('restart');
      assert.match(await outcome(), /allowed addresses/, 'nothing has opened');
      assert.match((await project.type('logs')).stdout, /config\.yaml is not there; the settings that were last read from it hold/);
      await project.write('.sluice/config.yaml', '# none\n');
      await project.type('restart');
      assert.match(await outcome(), /ECONNREFUSED|refused/);
    } finally {
      await project.remove();
    }
  });
});
