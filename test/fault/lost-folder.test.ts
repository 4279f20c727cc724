import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HttpSink } from '../support/http-sink.ts';
import { eventually, FaultProject, jobsOf } from './fault-project.ts';

/** A user that the tests may become when they run as root, for whom permissions mean nothing. */
const nobody = 65_534;

/** On Windows a folder whose files are open can be neither renamed nor deleted. */
(process.platform === 'win32' ? describe.skip : describe)('a daemon whose folder is lost', () => {
  for (const [how, lose] of Object.entries({
    renamed: (folder: string) => rename(folder, `${folder}-moved`),
    deleted: (folder: string) => rm(folder, { recursive: true }),
    replaced: async (folder: string) => {
      await rename(folder, `${folder}-moved`);
      await mkdir(path.join(folder, '.sluice', 'state'), { recursive: true });
    },
    'replaced by a file': async (folder: string) => {
      await rename(folder, `${folder}-moved`);
      await writeFile(folder, 'a file');
    },
    'replaced by a link to itself': async (folder: string) => {
      await rename(folder, `${folder}-moved`);
      await symlink(folder, folder);
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
        else if (!how.startsWith('replaced')) assert.equal(existsSync(project.folder), false, 'it does not come into being again');
        if (how === 'renamed') {
          await rename(`${project.folder}-moved`, project.folder);
          const next = await project.start();
          const { lastCrash } = await next.client.call('daemon/status', {});
          assert.equal(lastCrash, undefined, 'the one before ended in order, and left its daemon.json because it could not find it');
          const [job] = await jobsOf(next.client);
          assert.equal(job?.state, 'succeeded');
        }
      } finally {
        await rm(`${project.folder}-moved`, { recursive: true, force: true });
        await project.dispose();
        await sink.stop();
      }
    });
  }

  it('is not taken for lost because it can\'t be looked at', async () => {
    const project = await FaultProject.make({});
    const home = path.join(project.folder, 'home');
    await mkdir(home);
    const launcher = process.getuid?.() === 0 ? ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'] : [];
    if (launcher.length > 0) for (const folder of ['', '.sluice', 'home']) chownSync(path.join(project.folder, folder), nobody, nobody);
    try {
      // Another user's key proves its daemon.json, so no client of this one can ask it: it is followed by its words.
      const daemon = project.launch({ launcher, env: { SLUICE_HOME: home }, more: ['--foreground'] });
      await eventually('the start', () => (daemon.hasEnded || existsSync(path.join(project.stateFolder, 'daemon.json')) ? true : undefined));
      chmodSync(project.folder, 0o000);
      // What it says of the failed look is left out: where secrets.env can't be read, nothing can be masked.
      await Promise.race([daemon.said('a line was left out'), daemon.ended]);
      chmodSync(project.folder, 0o700);
      assert.equal(daemon.hasEnded, false, daemon.words);
      process.kill(daemon.pid, 'SIGTERM');
      assert.deepEqual(await daemon.end(), { code: 0, signal: null });
    } finally {
      chmodSync(project.folder, 0o700);
      await project.dispose();
    }
  });
});
