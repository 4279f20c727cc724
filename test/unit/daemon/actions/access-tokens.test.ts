import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { ActionResult, ResolvedHttpConnection } from '../../../../daemon/actions/action.ts';
import type { OAuth2Auth } from '../../../../schemas/workflow/connections/connection.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryTokens } from '../../../support/memory-tokens.ts';
import { OAuthServer, type OAuthServerOptions } from '../../../support/oauth-server.ts';

describe('tokens of connections', () => {
  const bench = new ActionBench();
  const servers: OAuthServer[] = [];
  let clock: FakeClock;
  let store: MemoryTokens;
  let masked: string[];
  beforeEach(async () => {
    clock = new FakeClock();
    store = new MemoryTokens();
    masked = [];
    await restart();
  });
  afterEach(async () => {
    await bench.clear();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  after(() => bench.stopActions());

  /** With nothing in memory. */
  const restart = (): Promise<void> => bench.use({ clock, tokens: { store, mask: (_connection, tokens) => void masked.push(...tokens) } });
  const serverOf = async (options: OAuthServerOptions): Promise<OAuthServer> => {
    const server = await new OAuthServer(options).start();
    servers.push(server);
    return server;
  };
  const connectionTo = (server: OAuthServer, auth: Partial<OAuth2Auth<string>> = {}): ResolvedHttpConnection => ({
    name: 'crm', type: 'http', url: server.apiUrl, headers: {},
    auth: { type: 'oauth2', grant: 'client-credentials', tokenUrl: server.tokenUrl, clientId: 'sluice', clientSecret: 's3cret value', clientAuth: 'header', parameters: {}, ...auth },
  });
  const call = (connection: ResolvedHttpConnection, url = '/x'): Promise<ActionResult> => bench.run('http/request', { connection: 'crm', url }, { connection: () => connection });
  const calls = (connection: ResolvedHttpConnection, count: number): Promise<readonly ActionResult[]> => Promise.all(Array.from({ length: count }, () => call(connection)));
  const bearers = (server: OAuthServer): readonly (string | undefined)[] => server.apiRequests.map(({ headers }) => headers.authorization?.slice(-8));

  it('are fetched once by client credentials, as the connection says, for all who need one', async () => {
    const server = await serverOf({ expiresIn: 3600 });
    for (const result of await calls(connectionTo(server, { scope: 'a b', parameters: { audience: 'crm' } }), 50)) succeeded(result);
    const [request, ...others] = server.tokenRequests;
    assert.equal(others.length, 0);
    assert.equal(request?.headers.authorization, `Basic ${Buffer.from('sluice:s3cret+value').toString('base64')}`);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), { grant_type: 'client_credentials', scope: 'a b', audience: 'crm' });
    assert.deepEqual(new Set(bearers(server)), new Set(['number-1']));
    assert.deepEqual(new Set(masked), new Set(['access-token-number-1']));
  });

  it('are asked for by fields of the form, if the server takes no other', async () => {
    const server = await serverOf({});
    succeeded(await call(connectionTo(server, { clientAuth: 'body' })));
    assert.deepEqual([server.tokenRequests[0]?.headers.authorization, server.tokenRequests[0]?.body], [undefined, 'grant_type=client_credentials&client_id=sluice&client_secret=s3cret+value']);
  });

  it('are renewed before they end', async () => {
    const server = await serverOf({ expiresIn: 3600 });
    const connection = connectionTo(server);
    succeeded(await call(connection));
    await clock.advance(3_530_000);
    succeeded(await call(connection));
    assert.equal(server.tokenRequests.length, 1);
    await clock.advance(10_000);
    for (const result of await calls(connection, 20)) succeeded(result);
    assert.deepEqual([server.tokenRequests.length, bearers(server).at(-1)], [2, 'number-2']);
  });

  it('are used to their end if they can be renewed only later', async () => {
    const server = await serverOf({ expiresIn: 3600 });
    const connection = connectionTo(server);
    succeeded(await call(connection));
    server.refuseToken = () => ({ status: 503 });
    await clock.advance(3_545_000);
    for (const result of await calls(connection, 20)) succeeded(result);
    assert.equal(server.tokenRequests.length, 2, 'and the server isn\'t asked by each');
    await clock.advance(60_000);
    const { error } = failed(await call(connection));
    assert.deepEqual([error.kind, error.cause, error.status], ['status', 'token: 503 Service Unavailable', 503]);
  });

  it('that are refused are renewed once, by one request for 200 calls at the same time', async () => {
    const server = await serverOf({});
    const connection = connectionTo(server);
    succeeded(await call(connection));
    server.valid.clear();
    for (const result of await calls(connection, 200)) succeeded(result);
    assert.equal(server.tokenRequests.length, 2);
  });

  it('that are refused whatever their age make no loop: each call ends with its 401', async () => {
    const server = await serverOf({});
    const connection = connectionTo(server);
    succeeded(await call(connection));
    server.answerApi = () => ({ status: 401 });
    for (const result of await calls(connection, 200)) assert.deepEqual([failed(result).error.cause, failed(result).error.kind], ['401 Unauthorized', 'status']);
    assert.ok(server.apiRequests.length <= 401);
    for (let round = 0; round < 10; round++) for (const result of await calls(connection, 20)) failed(result);
    assert.equal(server.tokenRequests.length, 2, 'nobody asks for a token again');
    await clock.advance(61_000);
    failed(await call(connection));
    assert.equal(server.tokenRequests.length, 3, 'after a while it is tried again');
    server.answerApi = () => ({});
    succeeded(await call(connection));
  });

  it('keep the refresh token that replaces the one before, over a restart', async () => {
    const server = await serverOf({ expiresIn: 60, rotates: true, refreshToken: 'first-refresh' });
    const connection = connectionTo(server, { grant: 'refresh-token', refreshToken: 'first-refresh' });
    succeeded(await call(connection));
    await restart();
    succeeded(await call(connection));
    assert.equal(server.tokenRequests.length, 1, 'the token itself is kept as well');
    for (let turn = 2; turn <= 4; turn++) {
      await clock.advance(60_000);
      await restart();
      succeeded(await call(connection));
      assert.equal(server.tokenRequests.length, turn);
    }
    const [row = ''] = [store.row('crm')?.sealed ?? undefined];
    assert.ok(row.length > 0 && !row.includes('number') && !Buffer.from(row.slice(3), 'base64').toString('latin1').includes('number'), 'encrypted');
    assert.ok(masked.includes('refresh-token-number-4'));
  });

  it('that another one has fetched, and that are refused before they were used here, are renewed', async () => {
    const server = await serverOf({});
    succeeded(await call(connectionTo(server)));
    // As another daemon, or this one after a restart, finds it.
    await restart();
    server.valid.clear();
    succeeded(await call(connectionTo(server)));
    assert.deepEqual([server.tokenRequests.length, bearers(server).at(-1)], [2, 'number-2']);
  });

  it('are in the store before they are used', async () => {
    const server = await serverOf({ rotates: true, refreshToken: 'first-refresh' });
    const connection = connectionTo(server, { grant: 'refresh-token', refreshToken: 'first-refresh' });
    const kept: boolean[] = [];
    server.answerApi = () => {
      kept.push((store.row('crm')?.version ?? 0) === 1);
      return {};
    };
    succeeded(await call(connection));
    assert.deepEqual(kept, [true]);
  });

  it('begin again with a refresh token that a person has set since', async () => {
    const server = await serverOf({ expiresIn: 60, rotates: true, refreshToken: 'first-refresh' });
    succeeded(await call(connectionTo(server, { grant: 'refresh-token', refreshToken: 'first-refresh' })));
    const again = await serverOf({ expiresIn: 60, rotates: true, refreshToken: 'second-refresh' });
    succeeded(await call(connectionTo(again, { grant: 'refresh-token', refreshToken: 'second-refresh' })));
    assert.match(again.tokenRequests[0]?.body ?? '', /refresh_token=second-refresh/);
    assert.doesNotMatch(again.tokenRequests[0]?.body ?? '', /number/, 'no token of one server goes to another');
  });

  it('of another scope or API are fetched anew, by the refresh token that is kept', async () => {
    const server = await serverOf({ expiresIn: 3600, rotates: true, refreshToken: 'first-refresh' });
    const auth: Partial<OAuth2Auth<string>> = { grant: 'refresh-token', refreshToken: 'first-refresh' };
    succeeded(await call(connectionTo(server, auth)));
    succeeded(await call(connectionTo(server, { ...auth, scope: 'more' })));
    assert.deepEqual(server.tokenRequests.map(({ body }) => new URLSearchParams(body).get('refresh_token')), ['first-refresh', 'refresh-token-number-1']);
  });

  it('that the server refuses to give fail the job for good, with what to do, and are not asked for by each job', async () => {
    const server = await serverOf({ refreshToken: 'another' });
    const connection = connectionTo(server, { grant: 'refresh-token', refreshToken: 'revoked-refresh' });
    for (const result of await calls(connection, 100)) {
      const { error } = failed(result);
      assert.deepEqual([error.kind, error.cause], ['invalid', 'token: invalid_grant']);
      assert.match(error.message, /that one was used.*get a new one/);
      assert.doesNotMatch(JSON.stringify(result), /revoked-refresh/);
    }
    assert.deepEqual([server.tokenRequests.length, server.apiRequests.length], [1, 0]);
  });

  it('that can not be fetched just now are worth a retry', async () => {
    const server = await serverOf({});
    const connection = connectionTo(server);
    server.refuseToken = () => ({ status: 503, headers: { 'retry-after': '7' } });
    assert.deepEqual([failed(await call(connection)).error.kind, failed(await call(connection)).retryAfterMs], ['status', 7000]);
    server.refuseToken = () => 'reset';
    await clock.advance(10_000);
    assert.equal(failed(await call(connection)).error.kind, 'network');
    server.refuseToken = undefined;
    await clock.advance(10_000);
    succeeded(await call(connection));
  });

  for (const [what, reply] of [['a page', { body: '<html>' }], ['no token', { headers: { 'content-type': 'application/json' }, body: '{"token":"x"}' }], ['a redirect', { status: 302, headers: { location: '/elsewhere' } }]] as const) {
    it(`are not taken from ${what}`, async () => {
      const server = await serverOf({});
      server.refuseToken = () => reply;
      assert.equal(failed(await call(connectionTo(server))).error.kind, 'invalid');
      assert.deepEqual([server.tokenRequests.length, server.sink.requests.length], [1, 1]);
    });
  }

  const idToken = ['{"alg":"RS256"}', '{"iss":"https://accounts.example","sub":"1","aud":"sluice","iat":1,"exp":2}', 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const deviations: Readonly<Record<string, string>> = {
    'an `id_token`, of whatever issuer': `"id_token":"${idToken}"`,
    'a scope that is null': '"scope":null',
    'a scope that is a list': '"scope":["a"]',
    'a lifetime that is null': '"expires_in":null',
    'a negative lifetime': '"expires_in":-1',
    'a lifetime that is no number': '"expires_in":"soon"',
    'a lifetime beyond all numbers': '"expires_in":1e400',
    'another name for the same type': '"token_type":"BearerToken"',
    'no type': '"token_type":null',
  };
  const answer = (more: string): string => `{"token_type":"Bearer","access_token":"given-access","refresh_token":"next-refresh",${more}}`;
  const json = { 'content-type': 'application/json' };
  for (const [what, reply] of [
    ...Object.entries(deviations).map(([name, more]) => [name, { headers: json, body: answer(more) }] as const),
    ['a status of success that is another one', { status: 201, headers: json, body: answer('"scope":"a"') }] as const,
    ['a compression that nobody has asked for', { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(answer('"scope":"a"')) }] as const,
  ]) {
    it(`are taken from an answer with ${what}, and the refresh token that comes with them is kept`, async () => {
      const server = await serverOf({ refreshToken: 'next-refresh' });
      const connection = connectionTo(server, { grant: 'refresh-token', refreshToken: 'first-refresh' });
      server.refuseToken = () => reply;
      server.valid.add('given-access');
      succeeded(await call(connection));
      server.refuseToken = undefined;
      server.valid.clear();
      succeeded(await call(connection));
      assert.deepEqual(server.tokenRequests.map(({ body }) => new URLSearchParams(body).get('refresh_token')), ['first-refresh', 'next-refresh']);
    });
  }

  it('that hold for longer than a number says are not fetched by each daemon that starts', async () => {
    const server = await serverOf({ expiresIn: 1e307 });
    for (let start = 0; start < 3; start++) {
      succeeded(await call(connectionTo(server)));
      await restart();
    }
    assert.equal(server.tokenRequests.length, 1);
  });

  it('that are refused with a status of success fail the job for good, with what the server says', async () => {
    const server = await serverOf({});
    server.refuseToken = () => ({ headers: json, body: '{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}' });
    const { error } = failed(await call(connectionTo(server, { grant: 'refresh-token', refreshToken: 'revoked-refresh' })));
    assert.deepEqual([error.kind, error.cause], ['invalid', 'token: bad_refresh_token']);
    assert.match(error.message, /answered bad_refresh_token \(The refresh token passed is incorrect or expired\.\)\..*get a new one/);
    server.refuseToken = () => ({ headers: json, body: '{"error":"temporarily_unavailable"}' });
    await clock.advance(10_000);
    const later = failed(await call(connectionTo(server)));
    assert.deepEqual([later.error.kind, later.error.status], ['status', 503]);
  });

  it('that no header can have, or whose answer is far too long, are said to be that', async () => {
    const server = await serverOf({});
    for (const [body, why] of [[answer('"access_token":"a\\r\\nx-evil: 1"'), /`access_token` has characters that no header can have/], [answer(`"pad":"${'x'.repeat(300_000)}"`), /longer than 262,144 bytes/]] as const) {
      server.refuseToken = () => ({ headers: json, body });
      const { error } = failed(await call(connectionTo(server)));
      assert.deepEqual([error.kind, error.cause], ['invalid', 'token: answer not usable']);
      assert.match(error.message, why);
      assert.equal(server.apiRequests.length, 0);
      await clock.advance(10_000);
    }
  });

  it('are fetched by one daemon of several that share the store, and used by all', async () => {
    const server = await serverOf({ expiresIn: 3600, rotates: true, refreshToken: 'first-refresh' });
    const connection = connectionTo(server, { grant: 'refresh-token', refreshToken: 'first-refresh' });
    const other = new ActionBench();
    await other.use({ clock, tokens: { store: store.as(2), mask: () => {} } });
    try {
      let answer = (): void => {};
      server.beforeToken = () => new Promise((resolve) => (answer = resolve));
      const here = calls(connection, 20);
      await server.sink.received(1);
      const there = Promise.all(Array.from({ length: 20 }, () => other.run('http/request', { connection: 'crm', url: '/x' }, { connection: () => connection })));
      const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1000, settle);
      assert.equal(server.tokenRequests.length, 1);
      answer();
      for (const result of await here) succeeded(result);
      await clock.advance(1000, settle);
      for (const result of await there) succeeded(result);
      assert.equal(server.tokenRequests.length, 1);
    } finally {
      await other.clear();
      await other.stopActions();
    }
  });

  it('are renewed once more where the one that another daemon has had meanwhile is refused as well', async () => {
    const server = await serverOf({});
    const connection = connectionTo(server);
    const other = new ActionBench();
    await other.use({ clock, tokens: { store: store.as(2), mask: () => {} } });
    try {
      const there = (): Promise<ActionResult> => other.run('http/request', { connection: 'crm', url: '/x' }, { connection: () => connection });
      succeeded(await call(connection));
      succeeded(await there());
      await clock.advance(1000);
      server.valid.clear();
      succeeded(await call(connection));
      await clock.advance(1000);
      server.valid.clear();
      succeeded(await there());
      assert.deepEqual([server.tokenRequests.length, bearers(server).at(-1)], [3, 'number-3']);
    } finally {
      await other.clear();
      await other.stopActions();
    }
  });

  it('are fetched by another daemon if the one that had begun to says nothing any more', async () => {
    const server = await serverOf({});
    await store.as(2).leaseToken({ connection: 'crm', version: 0, now: clock.now(), leaseMs: 30_000 });
    const waiting = call(connectionTo(server));
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await clock.advance(29_000, settle);
    assert.equal(server.tokenRequests.length, 0);
    await clock.advance(1500, settle);
    succeeded(await waiting);
  });

  it('that could not be kept are not used, and not lost: they are kept first of all later', async () => {
    const server = await serverOf({ rotates: true, refreshToken: 'first-refresh' });
    const connection = connectionTo(server, { grant: 'refresh-token', refreshToken: 'first-refresh' });
    store.isFull = true;
    const { error } = failed(await call(connection));
    assert.deepEqual([error.kind, error.cause, server.apiRequests.length], ['network', 'store not available', 0]);
    store.isFull = false;
    succeeded(await call(connection));
    assert.deepEqual([server.tokenRequests.length, bearers(server)], [1, ['number-1']]);
  });

  it('of a connection that is changed meanwhile are renewed after that, not beside it: a refresh token is used once', async () => {
    const server = await serverOf({ expiresIn: 3600, rotates: true, refreshToken: 'first-refresh' });
    const auth: Partial<OAuth2Auth<string>> = { grant: 'refresh-token', refreshToken: 'first-refresh' };
    let answer = (): void => {};
    server.beforeToken = () => new Promise((resolve) => (answer = resolve));
    const before = call(connectionTo(server, auth));
    await server.sink.received(1);
    const after = call(connectionTo(server, { ...auth, scope: 'more' }));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.tokenRequests.length, 1);
    server.beforeToken = async () => {};
    answer();
    succeeded(await before);
    succeeded(await after);
    assert.deepEqual(server.tokenRequests.map(({ body }) => new URLSearchParams(body).get('refresh_token')), ['first-refresh', 'refresh-token-number-1']);
  });

  it('that last for 0 seconds, as some servers say of those that do not end, are not fetched for each call', async () => {
    const server = await serverOf({ expiresIn: 0 });
    const connection = connectionTo(server);
    for (let turn = 0; turn < 3; turn++) succeeded(await call(connection));
    assert.equal(server.tokenRequests.length, 1);
  });

  it('end the wait of a call that is aborted, and no other', async () => {
    const server = await serverOf({});
    const connection = connectionTo(server);
    let answer = (): void => {};
    server.beforeToken = () => new Promise((resolve) => (answer = resolve));
    const given = new AbortController();
    const aborted = bench.run('http/request', { connection: 'crm', url: '/x' }, { connection: () => connection, signal: given.signal });
    const patient = call(connection);
    await server.sink.received(1);
    given.abort();
    assert.equal(failed(await aborted).error.kind, 'cancelled');
    answer();
    succeeded(await patient);
    assert.equal(server.tokenRequests.length, 1);
  });
});
