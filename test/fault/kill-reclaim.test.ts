import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineBench } from '../support/engine-bench.ts';
import { assertSound, FaultProject } from './fault-project.ts';

const mb = 1024 * 1024;
const lookEveryMs = 50;

describe('kill -9 while space is given back to the disk', () => {
  let project: FaultProject;

  before(async () => {
    project = await FaultProject.make({ 'queues.yaml': 'queues:\n  api: { rate: 1/h, concurrency: 1 }\n' });
    // Its own daemon makes the folder, and ends in good order.
    await (await project.start()).stop();
    const bench = new EngineBench();
    try {
      await bench.start();
      const text = `
inputs: { items: { type: array } }
steps: { each: { uses: test/scripted, foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }, with: { do: ok, text: "\${{ item }}" } } }
`;
      for (let run = 0; run < 4; run++) await bench.run(text, { items: Array.from({ length: 500 }, (_, index) => `${index} ${'x'.repeat(6000)}`) });
      await bench.advance(60_000);
      for (let more = true; more;) ({ more } = await bench.store.prune({ now: bench.clock.now(), runsBefore: bench.clock.now() + 1, deadLetters: [], limit: 500 }));
      await bench.runMany('{ rate: { limit: 1, per: 1h, burst: 1 } }', 40);
      await bench.stop();
      await rename(path.join(bench.stateFolder, 'store.db'), project.storeFile);
    } finally {
      await bench.dispose();
    }
  });
  after(() => project.dispose());

  for (const failPoint of ['reclaim-before-commit:3', 'reclaim-after-commit:3']) {
    it(`loses nothing (${failPoint})`, async () => {
      const before = statSync(project.storeFile).size;
      assert.ok(before > 12 * mb, `there is something left to give back: ${before}`);
      // The store was made elsewhere.
      const daemon = await project.start({ failPoint, more: ['--adopt'] });
      assert.deepEqual(await daemon.end(), { code: null, signal: 'SIGKILL' });
      const next = await project.start();
      await assertSound(next.client);
      const { queues } = await next.client.call('queue/list', {});
      // The daemon has no such action, so that what it starts is a dead letter.
      const { pending, delayed, active, dead } = queues.find(({ name }) => name === 'api')?.depth ?? { pending: 0, delayed: 0, active: 0, dead: 0 };
      assert.equal(pending + delayed + active + dead, 39);
      // Wherever it is.
      await next.kill();
    });
  }

  it('ends with a file that is as short as it should be', async () => {
    const daemon = await project.start({ more: ['--adopt'] });
    while (statSync(project.storeFile).size > 10 * mb) await delay(lookEveryMs);
    await assertSound(daemon.client);
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  });
});
