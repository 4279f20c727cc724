import assert from 'node:assert/strict';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, detailsOf, eventually, FaultProject, jobsOf, runsAtRest, unlessGone } from './fault-project.ts';
import { brokenPromises } from './kill-oracle.ts';

const many = 2400;
const keys = Array.from({ length: many }, (_, index) => `item-${index}`);

describe('kill -9 while many jobs are moved', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({
      'queues.yaml': 'queues:\n  hooks: { concurrency: 20 }\n',
      'items.csv': `id\n${keys.join('\n')}\n`,
      'workflows/import.yaml': `
steps:
  deliver:
    queue: hooks
    foreach: { file: .sluice/items.csv, key: "\${{ item.id }}", on-item-failure: continue, tolerate: 100% }
    uses: webhook/send
    with: { url: "${url}", body: { item: "\${{ item.id }}" } }
`,
    });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const dies = async (daemon: DaemonProcess): Promise<void> => {
    assert.deepEqual(await daemon.end(), { code: null, signal: 'SIGKILL' });
  };

  it('leaves a cancelled run cancelled, and starts none of its jobs', async () => {
    const first = await project.start({ failPoint: 'cascade-after-commit:2' });
    await first.client.call('queue/pause', { queue: 'hooks' });
    const { id } = await first.client.call('run/start', { workflow: 'import' });
    await allExpanded(first, id);
    await unlessGone(first.client.call('run/cancel', { id }));
    await dies(first);

    const second = await project.start();
    await second.client.call('queue/resume', { queue: 'hooks' });
    const runs = await runsAtRest(second.client);
    assert.deepEqual(runs.map(({ state, jobs }) => [state, jobs.total, jobs.cancelled]), [['cancelled', many, many]]);
    assert.equal(sink.requests.length, 0);
    await assertSound(second.client);
  });

  it('loses no dead letter that is being replayed, and replays the rest by itself', async () => {
    sink.respond = () => ({ status: 400 });
    const first = await project.start({ failPoint: 'advanceBulk-after-commit:3' });
    const { id } = await first.client.call('run/start', { workflow: 'import' });
    await runsAtRest(first.client);
    assert.equal(sink.requests.length, many);
    sink.respond = () => ({});
    await unlessGone(first.client.call('dead/replay', { all: true }));
    await dies(first);

    const second = await project.start();
    await eventually('the end of the replay', async () => ((await second.client.call('bulk/get', { id: 'b1' })).state === 'done' ? true : undefined));
    const runs = await runsAtRest(second.client);
    const jobs = await detailsOf(second.client, await jobsOf(second.client));
    assert.deepEqual(brokenPromises({ requests: sink.requests, runs, jobs, accepted: new Map([[id, keys]]) }), []);
    assert.deepEqual(runs.map(({ state, jobs: { succeeded, dead } }) => [state, succeeded, dead]), [['succeeded', many, 0]]);
    assert.ok(jobs.every(({ attempts }) => attempts.at(-1)?.round === 2), 'each was replayed once');
    await assertSound(second.client);
  });
});

async function allExpanded({ client }: DaemonProcess, id: string): Promise<void> {
  await eventually('the fan-out', async () => ((await client.call('run/get', { id })).steps[0]?.expanded === true ? true : undefined));
}
