import assert from 'node:assert/strict';
import type { QueueAlert } from '../../schemas/protocol/queue.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { eventually, FaultProject } from './fault-project.ts';

describe('kill -9 while an alert is raised', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink({ respond: () => ({ status: 400 }) });
    const { url } = await sink.start();
    project = await FaultProject.make({
      'queues.yaml': 'queues:\n  hooks: { alerts: { dead-letters: { error: 1 } } }\n',
      'workflows/call.yaml': `steps:\n  deliver: { queue: hooks, uses: webhook/send, with: { url: "${url}", body: {} } }\n`,
    });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const alertOf = async ({ client }: DaemonProcess): Promise<QueueAlert | undefined> => (await client.call('queue/list', {})).queues.find(({ name }) => name === 'hooks')?.alerts[0];
  const raised = (daemon: DaemonProcess): Promise<QueueAlert> => eventually('the alert is raised', () => alertOf(daemon));

  it('tells the same breach once, and keeps since when it is', async () => {
    let daemon = await project.start();
    await daemon.client.call('run/start', { workflow: 'call' });
    const first = await raised(daemon);
    await project.logged(/crossed a threshold/);
    for (let round = 0; round < 2; round++) {
      await daemon.kill();
      daemon = await project.start();
      assert.equal((await raised(daemon)).since, first.since);
    }
    assert.equal((await project.log()).split('\n').filter((line) => line.includes('crossed a threshold')).length, 1);
  });
});
