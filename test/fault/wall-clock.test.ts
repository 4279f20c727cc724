import assert from 'node:assert/strict';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { HttpSink } from '../support/http-sink.ts';
import { endOfRun, eventually, FaultProject } from './fault-project.ts';

/** In the daemon: SIGUSR2 sets the wall clock back by six hours. Its other clocks continue. */
const clockThatCanBeSet = `data:text/javascript,${encodeURIComponent(`
let offset = 0;
const now = Date.now;
Date.now = () => now() + offset;
process.on('SIGUSR2', () => { offset -= 6 * 3600000; });
`)}`;

describe('a wall clock that is set back six hours', () => {
  it('lengthens neither the hold of a queue nor the wait for a retry', async function () {
    if (process.platform === 'win32') this.skip();
    const sink = new HttpSink({
      respond: ({ path, index }) => (path === '/later' && index < 2 ? { status: 429, headers: { 'retry-after': '3' } } : path === '/fails' && index < 2 ? { status: 503 } : {}),
    });
    const { url } = await sink.start();
    const project = await FaultProject.make({
      'workflows/two.yaml': `
queues: { held: { concurrency: 1 }, failing: { retry: { delays: [3s], jitter: 0% } } }
steps:
  later: { queue: held, uses: http/request, with: { url: "${url}/later" } }
  fails: { queue: failing, uses: http/request, with: { url: "${url}/fails" } }
`,
    });
    try {
      const daemon = await project.start({ env: { NODE_OPTIONS: `--import ${clockThatCanBeSet}` } });
      const { id } = await daemon.client.call('run/start', { workflow: 'two' });
      await eventually('both first answers', () => (sink.requests.length === 2 ? true : undefined));
      daemon.signal('SIGUSR2');
      const { state } = await endOfRun(daemon.client, id);
      assert.equal(state, 'succeeded');
      await project.logged(/"shiftMs":-21[56]\d+/);
    } finally {
      await project.dispose();
      await sink.stop();
    }
  });
});

/** In the daemon: the wall clock as if it had been set forward by two hours. */
const clockThatWasSet = `data:text/javascript,${encodeURIComponent(`
const now = Date.now;
Date.now = () => now() + 2 * 3600000;
`)}`;

describe('a wall clock that is set forward two hours while no daemon runs', () => {
  it('moves a retry with it', async function () {
    // Where the system names no start of the machine, it depends on how long that has been running.
    if (process.platform !== 'linux') this.skip();
    const sink = new HttpSink({ respond: () => ({ status: 503 }) });
    const { url } = await sink.start();
    const project = await FaultProject.make({
      'workflows/one.yaml': `steps: { call: { uses: http/request, retry: { delays: [1h], jitter: 0% }, with: { url: "${url}" } } }`,
    });
    try {
      const first = await project.start();
      await first.client.call('run/start', { workflow: 'one' });
      const dueAt = async (client: DaemonClient): Promise<number | undefined> => {
        const [job] = (await client.call('job/list', { state: 'delayed' })).jobs;
        return job === undefined ? undefined : Date.parse(job.dueAt);
      };
      const before = await eventually('its first answer', () => dueAt(first.client));
      await first.stop();
      const second = await project.start({ env: { NODE_OPTIONS: `--import ${clockThatWasSet}` } });
      const after = await dueAt(second.client);
      assert.ok(after !== undefined && Math.abs(after - before - 2 * 3_600_000) < 60_000, `${after}`);
      assert.equal(sink.requests.length, 1);
    } finally {
      await project.dispose();
      await sink.stop();
    }
  });
});
