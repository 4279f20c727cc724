import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';

const jobCount = 20;
const oneCall = 'steps: { call: { uses: http/request, with: { url: "http://127.0.0.1:9/x" } } }';

/** On Windows an open file can be neither renamed nor deleted. */
(process.platform === 'win32' ? describe.skip : describe)('a daemon whose store.db is lost', () => {
  for (const [how, lose] of Object.entries({
    deleted: (state: string) => rm(path.join(state, 'store.db')),
    'deleted with its log and all that is beside it': async (state: string) => {
      for (const name of await readdir(state)) await rm(path.join(state, name), { recursive: true });
    },
    'moved away': (state: string) => rename(path.join(state, 'store.db'), path.join(state, '..', 'store.db')),
  })) {
    it(`saves it under its name, and the next one continues (${how})`, async () => {
      const { project, sink, answer } = await halfDone();
      try {
        const daemon = await project.start();
        await daemon.client.call('run/start', { workflow: 'call', inputs: { items: Array.from({ length: jobCount }, (_, index) => index) } });
        await sink.asked;
        await lose(project.stateFolder);
        await daemon.said('was deleted, moved or replaced');
        await assert.rejects(daemon.client.call('run/start', { workflow: 'call', inputs: { items: [0] } }), (error: unknown) => error instanceof CodedError && error.code === 'store-unavailable');
        const { store } = await daemon.client.call('daemon/status', {});
        assert.equal(store.ok, false);
        assert.match(store.problem ?? '', /store\.db was deleted, moved or replaced/);
        answer();
        assert.deepEqual(await daemon.end(), { code: 1, signal: null });
        assert.match(daemon.words, /Everything that was in it is saved: a new store\.db/);
        assert.equal((await readdir(project.stateFolder)).some((name) => name.startsWith('store.rescued')), false);
        const next = await project.start();
        await runsAtRest(next.client);
        const jobs = await jobsOf(next.client);
        assert.deepEqual([jobs.length, jobs.filter(({ state }) => state === 'succeeded').length], [jobCount, jobCount]);
        assert.equal(sink.requests, jobCount, 'none is sent twice');
        await assertSound(next.client);
        assert.deepEqual(await next.stop(), { code: 0, signal: null });
      } finally {
        answer();
        await project.dispose();
        await sink.stop();
      }
    });
  }

  it('saves it beside what has taken its place', async () => {
    const { project, sink, answer } = await halfDone();
    try {
      const daemon = await project.start();
      await daemon.client.call('run/start', { workflow: 'call', inputs: { items: [1, 2, 3] } });
      await sink.asked;
      const other = path.join(project.stateFolder, 'other.db');
      await copyFile(project.storeFile, other);
      await rename(other, project.storeFile);
      await daemon.said('was deleted, moved or replaced');
      answer();
      assert.deepEqual(await daemon.end(), { code: 1, signal: null });
      const rescued = (await readdir(project.stateFolder)).find((name) => name.startsWith('store.rescued-'));
      assert.ok(rescued !== undefined && daemon.words.includes(rescued), daemon.words);

      const refused = project.launch();
      assert.equal((await refused.end()).code !== 0, true);
      await mkdir(path.join(project.folder, 'aside'));
      for (const name of ['store.db', 'store.db-wal', 'store.db-shm']) {
        if (existsSync(path.join(project.stateFolder, name))) await rename(path.join(project.stateFolder, name), path.join(project.folder, 'aside', name));
      }
      await rename(path.join(project.stateFolder, rescued), project.storeFile);
      const next = await project.start({ more: ['--adopt'] });
      await runsAtRest(next.client);
      assert.equal((await jobsOf(next.client)).filter(({ state }) => state === 'succeeded').length, 3);
      assert.equal(sink.requests, 3);
    } finally {
      answer();
      await project.dispose();
      await sink.stop();
    }
  });

  it('is saved by a stop that comes before the next look', async () => {
    const project = await FaultProject.make({ 'workflows/call.yaml': oneCall });
    try {
      const daemon = await project.start();
      await daemon.client.call('queue/pause', { queue: 'default' });
      await daemon.client.call('run/start', { workflow: 'call', inputs: {} });
      await rm(project.storeFile);
      await daemon.stop();
      const next = await project.start();
      assert.equal((await jobsOf(next.client)).length, 1);
    } finally {
      await project.dispose();
    }
  });

  it('ends with all of it in store.db where its log is lost', async () => {
    const project = await FaultProject.make({ 'workflows/call.yaml': oneCall });
    try {
      const daemon = await project.start();
      await daemon.client.call('queue/pause', { queue: 'default' });
      await daemon.client.call('run/start', { workflow: 'call', inputs: {} });
      await rm(`${project.storeFile}-wal`);
      await writeFile(`${project.storeFile}-wal`, '');
      assert.deepEqual(await daemon.end(), { code: 1, signal: null });
      assert.match(daemon.words, /store\.db-wal was deleted, moved or replaced/);
      const next = await project.start();
      assert.equal((await jobsOf(next.client)).length, 1);
    } finally {
      await project.dispose();
    }
  });
});

/** A project whose calls are answered from `answer()` on. */
async function halfDone() {
  const asked = Promise.withResolvers<undefined>();
  const answered = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  let requests = 0;
  const http = new HttpSink({
    respond: () => {
      requests++;
      asked.resolve(undefined);
      return answered.promise;
    },
  });
  const { url } = await http.start();
  const project = await FaultProject.make({
    'workflows/call.yaml': `inputs: { items: { type: array } }
queues: { narrow: { concurrency: 2 } }
steps: { call: { queue: narrow, foreach: { items: "\${{ inputs.items }}", key: "\${{ item }}", on-item-failure: continue }, uses: http/request, with: { url: "${url}/x" } } }
`,
  });
  const sink = {
    asked: asked.promise,
    get requests(): number {
      return requests;
    },
    stop: () => http.stop(),
  };
  return { project, sink, answer: () => answered.resolve({ status: 200, body: '{}' }) };
}
