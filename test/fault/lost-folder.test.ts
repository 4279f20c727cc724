import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { HttpSink } from '../support/http-sink.ts';
import { FaultProject } from './fault-project.ts';

/** On Windows a folder whose files are open can be neither renamed nor deleted. */
(process.platform === 'win32' ? describe.skip : describe)('a daemon whose folder is lost', () => {
  for (const [how, lose] of Object.entries({
    renamed: (folder: string) => rename(folder, `${folder}-moved`),
    deleted: (folder: string) => rm(folder, { recursive: true }),
    replaced: async (folder: string) => {
      await rename(folder, `${folder}-moved`);
      await mkdir(path.join(folder, '.sluice', 'state'), { recursive: true });
    },
  })) {
    it(`finishes what is under way, ends by itself and says so (${how})`, async () => {
      const asked = Promise.withResolvers<undefined>();
      const answer = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
      const sink = new HttpSink({
        respond: () => {
          asked.resolve(undefined);
          return answer.promise;
        },
      });
      const { url } = await sink.start();
      const project = await FaultProject.make({ 'workflows/call.yaml': `steps: { call: { uses: http/request, with: { url: "${url}/x" } } }` });
      try {
        const daemon = await project.start();
        await daemon.client.call('run/start', { workflow: 'call', inputs: {} });
        await asked.promise;
        await lose(project.folder);
        const said = daemon.said('deleted, renamed or replaced');
        await said;
        assert.equal(daemon.hasEnded, false, 'a call is under way');
        answer.resolve({ status: 200, body: '{}' });
        assert.deepEqual(await daemon.end(), { code: 1, signal: null });
        if (how === 'replaced') assert.deepEqual(await readdir(path.join(project.folder, '.sluice', 'state')), [], 'nothing is left in what took its place');
        else assert.equal(existsSync(project.folder), false, 'it does not come into being again');
      } finally {
        await rm(`${project.folder}-moved`, { recursive: true, force: true });
        await project.dispose();
        await sink.stop();
      }
    });
  }
});
