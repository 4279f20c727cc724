import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Actions } from '../../../../daemon/actions/actions.ts';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { SecretSource } from '../../../../daemon/secrets/secret-source.ts';
import { ConnectionService } from '../../../../daemon/service/connection-service.ts';
import type { ConnectionTest } from '../../../../schemas/protocol/connection.ts';
import { analyseConnections } from '../../../../schemas/workflow/analysis/analyse-connections.ts';
import { connectionTestText, connectionUseMessages } from '../../../../schemas/wording/connection.ts';
import { english } from '../../../../schemas/wording/language.ts';
import { HttpSink } from '../../../support/http-sink.ts';
import { MemoryTokens } from '../../../support/memory-tokens.ts';
import { OAuthServer } from '../../../support/oauth-server.ts';
import { SmtpSink } from '../../../support/smtp-sink.ts';

describe('testing connections', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-connections-'));
  let yaml = '';
  const secrets = new SecretSource({ projectFolder: folder, env: { SLUICE_SECRET_TOKEN: 'hidden-token', SLUICE_SECRET_CLIENT: 'hidden-client' } });
  const actions = new Actions({ version: '1', env: {}, clock: systemClock, tokens: { store: new MemoryTokens(), mask: (name, tokens) => secrets.maskTokens(name, tokens) }, prepareRun: async () => Promise.reject(new Error('no run is expected')) });
  const service = new ConnectionService({
    projectFolder: folder,
    declared: async () => {
      const { value } = analyseConnections(yaml, secrets.names());
      return { connections: value ?? new Map(), doubt: value === undefined ? '.sluice/connections.yaml has errors' : undefined };
    },
    secrets,
    stateOf: (name) => (name === 'crm' ? { limits: { rate: [{ limit: 10, perMs: 1000, burst: 1 }, { limit: 40_000, perMs: 86_400_000, burst: 4000 }], concurrency: 5 }, uses: [{ rate: { limit: 10, perMs: 1000, burst: 1 }, used: 10 }], active: 3, waiting: ['a'], obstacle: { kind: 'rate', rate: { limit: 10, perMs: 1000, burst: 1 }, until: 1000 } } : undefined),
    test: (connection, at) => actions.test(connection, at, folder),
  });
  const stopped: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stopped.splice(0)) await stop();
  });
  after(async () => {
    await actions.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const test = (name: string, at?: string): Promise<ConnectionTest> => service['connection/test']({ name, ...(at === undefined ? {} : { path: at }) });
  const told = (result: ConnectionTest): string => english.textOf(connectionTestText({ ...result, durationMs: 12 }));
  const api = async (): Promise<HttpSink> => {
    const sink = new HttpSink();
    stopped.push(() => sink.stop());
    const { url } = await sink.start();
    yaml = `connections:\n  crm: { type: http, url: "${url}/v3", auth: { type: bearer, token: "\${{ secrets.TOKEN }}" } }\n  bare: { type: http, url: "${url}" }\n  lost: { type: http, url: "${url}", auth: { type: bearer, token: "\${{ secrets.GONE }}" } }\n  esp: { type: smtp, host: h }\n`;
    return sink;
  };

  it('lists what is declared, with the secrets that are missing', async () => {
    await api();
    const { connections } = await service['connection/list']({});
    assert.deepEqual(connections.map(({ name, type, auth, lacks }) => [name, type, auth, lacks]), [['bare', 'http', undefined, []], ['crm', 'http', 'bearer', []], ['esp', 'smtp', undefined, []], ['lost', 'http', 'bearer', ['GONE']]]);
  });

  it('says how much of their limits is used, and which queues wait', async () => {
    await api();
    const { connections } = await service['connection/list']({});
    const limits = connections.find(({ name }) => name === 'crm')?.limits;
    assert.ok(limits);
    assert.deepEqual(connectionUseMessages(limits).map((use) => english.textOf(use)), ['10 of 10/s', '0 of 40,000/d', '3 of 5 at a time']);
    assert.deepEqual([limits.waiting, limits.obstacle?.until], [['a'], '1970-01-01T00:00:01.000Z']);
    assert.equal(connections.find(({ name }) => name === 'esp')?.limits, undefined);
  });

  it('says that an API works, and what it answered, without its secrets', async () => {
    const sink = await api();
    sink.respond = ({ headers }) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ you: headers.authorization }) });
    const result = await test('crm', '/me');
    assert.deepEqual([result.verdict, result.answered, result.body], ['works', '200 OK', '{"you":"Bearer ***"}']);
    assert.equal(told(result), `crm works: ${result.address} answered 200 OK after 12ms.`);
    await test('crm');
    assert.deepEqual(sink.requests.map(({ method, path: at }) => `${method} ${at}`), ['GET /v3/me', 'GET /v3']);
  });

  for (const [status, verdict, text] of [[401, 'failed', /answered 401 Unauthorized after 12ms\. It doesn't take the credentials/], [403, 'failed', /or they don't allow this/], [503, 'failed', /answered 503/], [404, 'reached', /crm is reached: .*says nothing of the credentials: name a path that answers/]] as const) {
    it(`says of ${status} that it ${verdict}`, async () => {
      const sink = await api();
      sink.respond = () => ({ status });
      const result = await test('crm', '/me');
      assert.equal(result.verdict, verdict);
      assert.match(told(result), text);
    });
  }

  it('says that an API asks for credentials which the connection has none of', async () => {
    const sink = await api();
    sink.respond = () => ({ status: 401 });
    assert.match(told(await test('bare')), /the connection has no 'auth'/);
  });

  it('says what went wrong where nobody answers, or a path leads elsewhere', async () => {
    const sink = await api();
    await sink.stop();
    assert.match(told(await test('crm')), /^crm doesn't work\. .*ECONNREFUSED|^crm doesn't work\. /);
    assert.match(told(await test('crm', '/../x')), /leads out of \/v3\//);
  });

  it('refuses what is not declared, or lacks a secret, by name', async () => {
    await api();
    await assert.rejects(test('crn'), /There is no connection crn\. Did you mean crm\?/);
    await assert.rejects(test('lost'), /There is no secret GONE: run `sluice secrets set GONE`/);
    await assert.rejects(test('esp', '/x'), /has no paths/);
  });

  it('says which database answers, and what is wrong with one', async () => {
    new DatabaseSync(path.join(folder, 'app.db')).exec('create table people (id)');
    writeFileSync(path.join(folder, 'notes.db'), 'no database, although it is long enough to be looked at as one '.repeat(20));
    yaml = 'connections:\n  app: { type: sqlite, file: app.db }\n  notes: { type: sqlite, file: notes.db }\n  gone: { type: sqlite, file: gone.db }\n  db: { type: postgres, url: "postgres://ada@127.0.0.1:1/app" }\n  hidden: { type: postgres, url: "${{ secrets.TOKEN }}" }\n';
    assert.match(told(await test('app')), /^app works: app\.db answered SQLite 3\.\S+ after 12ms\.$/);
    assert.match(told(await test('notes')), /^notes doesn't work\. .*not a database/);
    assert.match(told(await test('gone')), /^gone doesn't work\. .*doesn't exist/);
    assert.match(told(await test('db')), /^db doesn't work\. .*ECONNREFUSED/);
    const wrong = await test('hidden');
    assert.match(told(wrong), /^hidden doesn't work\. .*The URL is none that Postgres takes/);
    assert.equal(JSON.stringify(wrong).includes('hidden-token'), false);
    const { connections } = await service['connection/list']({});
    assert.deepEqual(connections.map(({ name, address, auth }) => [name, address, auth]), [['app', 'app.db', undefined], ['db', '127.0.0.1:1/app', 'user'], ['gone', 'gone.db', undefined], ['hidden', 'secrets.TOKEN', 'user'], ['notes', 'notes.db', undefined]]);
  });

  it('says that the file has errors, where it declares nothing for that reason', async () => {
    yaml = 'connections: { crm: { type: http, ulr: x } }\n';
    assert.deepEqual(await service['connection/list']({}), { connections: [], problem: '.sluice/connections.yaml has errors' });
    await assert.rejects(test('crm'), /connections\.yaml has errors, so the connection crm is not known\. 'sluice validate' says what is wrong\./);
  });

  it('fetches a token, and says why if there is none', async () => {
    const server = await new OAuthServer({ expiresIn: 3600 }).start();
    stopped.push(() => server.stop());
    yaml = `connections:\n  crm: { type: http, url: "${server.apiUrl}", auth: { type: oauth2, grant: client-credentials, token-url: "${server.tokenUrl}", client-id: sluice, client-secret: "\${{ secrets.CLIENT }}" } }\n`;
    assert.equal((await test('crm', '/me')).verdict, 'works');
    const broken = await new OAuthServer().start();
    stopped.push(() => broken.stop());
    broken.refuseToken = () => ({ status: 401, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error: 'invalid_client', error_description: 'hidden-client is unknown' }) });
    yaml = yaml.replaceAll(server.url, broken.url);
    const result = await test('crm', '/me');
    assert.match(told(result), /^crm doesn't work\. No token for the connection "crm": .* answered invalid_client \(\*\*\* is unknown\)\. Check 'client-id' and 'client-secret'/);
    broken.refuseToken = undefined;
    assert.equal((await test('crm', '/me')).verdict, 'works', 'what was refused a moment ago is asked for again');
  });

  it('greets a mail server and logs in, and sends nothing', async () => {
    const sink = new SmtpSink({});
    stopped.push(() => sink.stop());
    const { host, port } = await sink.start();
    yaml = `connections:\n  esp: { type: smtp, host: "${host}", port: ${port}, tls: none }\n`;
    const result = await test('esp');
    assert.deepEqual([result.verdict, result.address, sink.mails.length], ['works', `${host}:${port}`, 0]);
    assert.match(result.answered ?? '', /^2\d\d/);
    await sink.stop();
    assert.equal((await test('esp')).verdict, 'failed');
  });
});
