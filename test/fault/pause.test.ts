import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpSink } from '../support/http-sink.ts';
import { detailsOf, endOfRun, eventually, FaultProject, jobsOf } from './fault-project.ts';

const jobs = 5;

describe('a daemon that is stopped for longer than its time limits (SIGSTOP), as by a laptop that sleeps', () => {
  let sink: HttpSink;
  let project: FaultProject;
  const open: ServerResponse[] = [];
  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    sink = new HttpSink({ respond: ({ index }) => (index < jobs ? (response) => void open.push(response) : {}) });
    const { url } = await sink.start();
    project = await FaultProject.make({
      'workflows/call.yaml': `
queues: { calls: { concurrency: 10, timeout: 3s, retry: none } }
inputs: { list: { type: array } }
steps:
  call: { queue: calls, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, uses: http/request, with: { url: "${url}", method: POST } }
`,
    });
  });
  afterEach(async () => {
    open.length = 0;
    await project.dispose();
    await sink.stop();
  });

  /** The states of all attempts, when the daemon was stopped for six seconds in which the server did that with its open requests. */
  async function attemptsAfter(meanwhile: (response: ServerResponse) => void): Promise<string[][]> {
    const daemon = await project.start();
    const { id } = await daemon.client.call('run/start', { workflow: 'call', inputs: { list: Array.from({ length: jobs }, (_, index) => index) } });
    await eventually('all requests', () => (open.length === jobs ? true : undefined));
    daemon.signal('SIGSTOP');
    // What is tested is that it stands still for that long.
    await delay(500);
    for (const response of open) meanwhile(response);
    await delay(5500);
    daemon.signal('SIGCONT');
    await endOfRun(daemon.client, id);
    const details = await detailsOf(daemon.client, await jobsOf(daemon.client));
    return details.map(({ attempts }) => attempts.map(({ state }) => state));
  }

  it('takes the answers that came meanwhile', async () => {
    const states = await attemptsAfter((response) => response.end('done'));
    assert.deepEqual(states, Array.from({ length: jobs }, () => ['succeeded']));
    assert.equal(sink.requests.length, jobs);
  });

  it("doesn't charge attempts whose connections went meanwhile", async () => {
    const states = await attemptsAfter((response) => response.destroy());
    assert.deepEqual(states, Array.from({ length: jobs }, () => ['interrupted', 'succeeded']));
  });
});
