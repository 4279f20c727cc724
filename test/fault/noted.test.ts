import assert from 'node:assert/strict';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, FaultProject, runsAtRest } from './fault-project.ts';

const many = 60;

describe('kill -9 between the end of an attempt and its transaction', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({
      'queues.yaml': 'queues:\n  hooks: { concurrency: 1 }\n',
      'items.csv': `id\n${Array.from({ length: many }, (_, index) => `item-${index}`).join('\n')}\n`,
      'workflows/import.yaml': `
steps:
  deliver:
    queue: hooks
    foreach: { file: .sluice/items.csv, key: "\${{ item.id }}", on-item-failure: continue, tolerate: 0 }
    uses: webhook/send
    with: { url: "${url}", body: { item: "\${{ item.id }}" } }
  tell: { needs: [deliver], queue: hooks, uses: webhook/send, with: { url: "${url}", body: { item: last } } }
`,
    });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  // One at a time: at that place nothing is in flight.
  for (const time of [1, many / 2, many]) {
    it(`repeats nothing (after ${time} of ${many})`, async () => {
      const first = await project.start({ failPoint: `outcome-noted:${time}` });
      await first.client.call('run/start', { workflow: 'import' });
      assert.deepEqual(await first.end(), { code: null, signal: 'SIGKILL' });
      assert.equal(sink.requests.length, time);

      const second = await project.start();
      const runs = await runsAtRest(second.client);
      assert.deepEqual(runs.map(({ state, jobs }) => [state, jobs.succeeded]), [['succeeded', many + 1]]);
      assert.equal(sink.requests.length, many + 1, 'each was sent once');
      await assertSound(second.client);
    });
  }
});
