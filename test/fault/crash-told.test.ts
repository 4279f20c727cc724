import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { FaultProject } from './fault-project.ts';

/** A daemon that is killed with calls under way, and the one after it. */
describe('a crash is told', () => {
  const asked = Promise.withResolvers<undefined>();
  const sink = new HttpSink();
  let project: FaultProject;
  let daemon: DaemonProcess;

  before(async () => {
    const { url } = await sink.start();
    sink.respond = (request) => {
      asked.resolve(undefined);
      return request.path === '/slow' ? new Promise(() => undefined) : { status: 200, body: '{}' };
    };
    project = await FaultProject.make({
      'workflows/slow.yaml': `steps: { call: { uses: http/request, with: { url: "${url}/slow" }, timeout: 10m } }`,
    });
    daemon = await project.start();
  });
  after(async () => {
    await project.dispose();
    await sink.stop();
  });

  const lastCrash = async (): Promise<unknown> => (await daemon.client.call('daemon/status', {})).lastCrash;

  it('not after an orderly stop', async () => {
    assert.equal(await lastCrash(), undefined);
    await daemon.stop();
    daemon = await project.start();
    assert.equal(await lastCrash(), undefined);
  });

  it('by status and the log, with the jobs that may have been sent twice', async () => {
    const { id: runId } = await daemon.client.call('run/start', { workflow: 'slow', inputs: {} });
    await asked.promise;
    await daemon.kill();
    const goneAt = Date.now();
    daemon = await project.start();
    const { jobs } = await daemon.client.call('job/list', { run: runId });
    const crash = (await lastCrash()) as { readonly aliveAt: string; readonly interrupted: number; readonly jobs: readonly string[] };
    assert.deepEqual([crash.interrupted, crash.jobs], [1, jobs.map(({ id }) => id)]);
    assert.ok(Date.parse(crash.aliveAt) <= goneAt + 1000, crash.aliveAt);
    await project.logged(/ended without being stopped/);
    const log = await readFile(path.join(project.stateFolder, 'daemon.log'), 'utf8');
    const told = log.split('\n').find((line) => line.includes('ended without being stopped')) ?? '';
    assert.match(told, new RegExp(`"interrupted":1,"jobs":\\["${crash.jobs[0] ?? ''}"\\]`));
  });

  it('until the daemon has been stopped in good order', async () => {
    const [run] = (await daemon.client.call('run/list', {})).runs;
    await daemon.client.call('run/cancel', { id: run?.id ?? '' });
    await daemon.stop();
    daemon = await project.start();
    assert.equal(await lastCrash(), undefined);
  });
});
