import assert from 'node:assert/strict';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { OAuthServer } from '../support/oauth-server.ts';
import { describeWithPostgres } from '../support/postgres-server.ts';
import { endOfRun, FaultProject } from './fault-project.ts';

const jobs = 100;

describeWithPostgres('a connection of daemons on one Postgres', (current) => {
  let server: OAuthServer;
  let projects: FaultProject[];
  let storeUrl: string;
  beforeEach(async () => {
    storeUrl = (await current().newDatabase()).url;
    server = await new OAuthServer({ rotates: true, refreshToken: 'first-refresh-token' }).start();
    projects = [];
  });
  afterEach(async () => {
    for (const project of projects) await project.dispose();
    await server.stop();
  });

  const files = (): Readonly<Record<string, string>> => ({
    'config.yaml': 'store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }\nallowed-addresses: ["127.0.0.1"]\n',
    'connections.yaml': `
connections:
  crm:
    type: http
    url: ${server.apiUrl}
    auth: { type: oauth2, grant: refresh-token, token-url: "${server.tokenUrl}", client-id: sluice, refresh-token: "\${{ secrets.REFRESH }}" }
`,
    'workflows/push.yaml': `
inputs: { items: { type: array } }
queues: { api: { concurrency: 40, retry: { delays: [1s] } } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { connection: crm, url: "/items/\${{ string(item) }}" }
`,
  });
  const join = async (failPoint?: string): Promise<DaemonProcess> => {
    const project = await FaultProject.make(files());
    projects.push(project);
    return project.start({ env: { SLUICE_SECRET_STORE_URL: storeUrl, SLUICE_SECRET_REFRESH: 'first-refresh-token' }, ...(failPoint === undefined ? {} : { failPoint }) });
  };
  const begin = async (daemon: DaemonProcess): Promise<string> => (await daemon.client.call('run/start', { workflow: 'push', inputs: { items: Array.from({ length: jobs }, (_, index) => index) } })).id;
  const usedTokens = (): readonly (string | null)[] => server.tokenRequests.map(({ body }) => new URLSearchParams(body).get('refresh_token'));

  it('uses each refresh token once, whichever of them fetches the next token', async () => {
    const daemons = [await join(), await join()];
    for (let turn = 1; turn <= 3; turn++) {
      server.valid.clear();
      for (const id of await Promise.all(daemons.map(begin))) assert.equal((await endOfRun(daemons[turn % 2]?.client ?? assert.fail(), id)).state, 'succeeded');
    }
    const used = usedTokens();
    assert.deepEqual(used, [...new Set(used)]);
    assert.equal(used.length, 3);
  });

  it('is what another daemon goes on with if the one that has just kept a new token is killed', async () => {
    const dying = await join('token-after-keep');
    // It may die before its answer has left.
    await begin(dying).catch(() => undefined);
    assert.equal((await dying.end()).signal, 'SIGKILL');
    const other = await join();
    assert.equal((await endOfRun(other.client, 'r1')).state, 'succeeded');
    assert.deepEqual(usedTokens(), ['first-refresh-token'], 'its token was in the store');
  });
});
