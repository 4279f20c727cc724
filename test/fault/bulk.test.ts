import assert from 'node:assert/strict';
import { isBulkEnded } from '../../schemas/protocol/bulk.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { deliverWorkflow } from './deliver-workflow.ts';
import { assertSound, eventually, FaultProject, runsAtRest } from './fault-project.ts';

const count = 1_200;

describe('bulk work of a daemon that is killed', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    sink.respond = async () => ({ status: 400 });
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency: 50, onItemFailure: 'continue', retry: 'none' }) });
    const daemon = await project.start();
    await daemon.client.call('run/start', { workflow: 'deliver', inputs: { items: Array.from({ length: count }, (_, index) => index) } });
    await runsAtRest(daemon.client);
    await daemon.stop();
    assert.equal(sink.requests.length, count);
    sink.respond = async () => ({});
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  /** The daemon dies there, after somebody has asked it for a replay of all and gone. */
  const dieAt = async (failPoint: string): Promise<DaemonProcess> => {
    const daemon = await project.start({ failPoint });
    const { id } = await daemon.client.call('bulk/start', { action: 'replay', all: true });
    assert.equal(id, 'b1');
    await daemon.client.close();
    assert.deepEqual(await daemon.end(), { code: null, signal: 'SIGKILL' });
    return project.start();
  };

  for (const failPoint of ['advanceBulk-before-commit:2', 'advanceBulk-after-commit:2']) {
    it(`is finished by the next one, and counts each job once: ${failPoint}`, async () => {
      const { client } = await dieAt(failPoint);
      const bulk = await eventually('the end of the replay', async () => {
        const view = await client.call('bulk/get', { id: 'b1' });
        return isBulkEnded(view.state) ? view : undefined;
      });
      assert.deepEqual([bulk.state, bulk.total, bulk.done, bulk.skipped], ['done', count, count, 0]);
      await runsAtRest(client);
      const { succeeded } = await client.call('bulk/tally', { id: 'b1' });
      assert.equal(succeeded, count);
      // A job whose attempt the kill has cut off is attempted again, under its own key.
      assert.equal(new Set(sink.requests.map(({ headers }) => String(headers['webhook-id']))).size, count);
      await assertSound(client);
    });
  }
});
