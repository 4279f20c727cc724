import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { OAuthServer, type OAuthServerOptions } from '../support/oauth-server.ts';
import { jobsOf, assertSound, endOfRun, FaultProject } from './fault-project.ts';

const env = { SLUICE_SECRET_REFRESH: 'first-refresh-token' };

describe('tokens of connections, with real daemons', () => {
  let server: OAuthServer;
  let project: FaultProject;
  afterEach(async () => {
    await project.dispose();
    await server.stop();
  });

  const begin = async (options: OAuthServerOptions = {}): Promise<void> => {
    server = await new OAuthServer({ rotates: true, refreshToken: env.SLUICE_SECRET_REFRESH, ...options }).start();
    project = await FaultProject.make({
      'connections.yaml': `
connections:
  crm:
    type: http
    url: ${server.apiUrl}
    auth: { type: oauth2, grant: refresh-token, token-url: "${server.tokenUrl}", client-id: sluice, refresh-token: "\${{ secrets.REFRESH }}" }
`,
      'workflows/push.yaml': `
queues: { api: { concurrency: 200, retry: { delays: [1s] } } }
inputs: { items: { type: array } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue, tolerate: 100% }
    with: { connection: crm, url: "/items/\${{ string(item) }}" }
`,
    });
  };

  const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  /** What the state folder holds, byte by byte. */
  const kept = async (): Promise<string> => {
    const texts: string[] = [];
    for (const entry of await readdir(project.stateFolder, { recursive: true, withFileTypes: true })) if (entry.isFile()) texts.push(await readFile(path.join(entry.parentPath, entry.name), 'latin1'));
    return texts.join('\n');
  };

  it('one request renews a token that 200 jobs find refused at the same time, and it is nowhere to be read', async () => {
    await begin();
    server.answerApi = ({ headers }) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ you: headers.authorization }) });
    const { client } = await project.start({ env });
    await endOfRun(client, (await client.call('run/start', { workflow: 'push', inputs: { items: items(1) } })).id);
    server.valid.clear();
    const { id } = await client.call('run/start', { workflow: 'push', inputs: { items: items(200) } });
    assert.equal((await endOfRun(client, id)).state, 'succeeded');
    assert.deepEqual(server.tokenRequests.map(({ body }) => new URLSearchParams(body).get('refresh_token')), ['first-refresh-token', 'refresh-token-number-1']);
    const jobs = await jobsOf(client, { run: id });
    assert.deepEqual([jobs.length, jobs.filter(({ attemptCount }) => attemptCount !== 1).length], [200, 0]);
    const detail = JSON.stringify(await client.call('job/get', { id: jobs[0]?.id ?? '' }));
    assert.match(detail, /Bearer \*\*\*/, 'the answer had it');
    assert.doesNotMatch(detail, /token-number/);
    assert.doesNotMatch(await kept(), /token-number|first-refresh/);
    await assertSound(client);
  });

  it('an API that refuses every token ends each job once, and renews nothing in a loop', async () => {
    await begin();
    server.answerApi = () => ({ status: 401 });
    const { client } = await project.start({ env });
    const { id } = await client.call('run/start', { workflow: 'push', inputs: { items: items(200) } });
    await endOfRun(client, id);
    const jobs = await jobsOf(client, { run: id });
    assert.deepEqual([jobs.filter(({ state }) => state === 'dead').length, jobs.filter(({ attemptCount }) => attemptCount !== 1).length], [200, 0]);
    assert.equal(server.tokenRequests.length, 1, 'one that is new and was refused is not what is wrong');
  });

  it('a kill when the new token is kept and not used yet loses nothing', async () => {
    await begin();
    const dying = await project.start({ env, failPoint: 'token-after-keep' });
    const { id } = await dying.client.call('run/start', { workflow: 'push', inputs: { items: items(20) } });
    assert.equal((await dying.end()).signal, 'SIGKILL');
    assert.equal(server.apiRequests.length, 0);
    const { client } = await project.start({ env });
    assert.equal((await endOfRun(client, id)).state, 'succeeded');
    assert.deepEqual([server.tokenRequests.length, server.refreshToken], [1, 'refresh-token-number-1'], 'it was read from the store');
    await assertSound(client);
  });

  it('a kill before the answer is kept loses nothing if the server still takes the token before', async () => {
    await begin({ isLenient: true });
    const dying = await project.start({ env, failPoint: 'token-before-keep' });
    const { id } = await dying.client.call('run/start', { workflow: 'push', inputs: { items: items(20) } });
    assert.equal((await dying.end()).signal, 'SIGKILL');
    const { client } = await project.start({ env });
    assert.equal((await endOfRun(client, id)).state, 'succeeded');
    assert.equal(server.tokenRequests.length, 2);
  });

  it('a kill before the answer is kept is told where the server takes each token only once, and a new one goes on', async () => {
    await begin();
    const dying = await project.start({ env, failPoint: 'token-before-keep' });
    const { id } = await dying.client.call('run/start', { workflow: 'push', inputs: { items: items(1) } });
    assert.equal((await dying.end()).signal, 'SIGKILL');
    const lost = await project.start({ env });
    await endOfRun(lost.client, id);
    const [job] = await jobsOf(lost.client, { run: id });
    assert.match((await lost.client.call('job/get', { id: job?.id ?? '' })).error?.message ?? '', /get a new one.*An earlier renewal was cut off/);
    await lost.dispose();
    const { client } = await project.start({ env: { SLUICE_SECRET_REFRESH: server.refreshToken ?? '' } });
    assert.equal((await endOfRun(client, (await client.call('run/start', { workflow: 'push', inputs: { items: items(1) } })).id)).state, 'succeeded');
  });
});
