import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, verify } from 'node:crypto';
import type { ActionContext, ActionResult, ResolvedHttpConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('http/request through a connection', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  after(() => bench.stopActions());

  const call = (connection: Partial<ResolvedHttpConnection> & Pick<ResolvedHttpConnection, 'url'>, input: JsonObject, context: Partial<ActionContext> = {}): Promise<ActionResult> =>
    bench.run('http/request', { connection: 'crm', ...input }, { connection: (name) => (name === 'crm' ? { name, type: 'http', headers: {}, ...connection } : undefined), ...context });

  it('calls below its URL, with its headers; those of the step win', async () => {
    const { sink, url } = await bench.http();
    for (const path of ['/contacts', 'contacts', '/contacts?a=1', '?a=1', '/', `${url}/v3/next?after=5`, `${url}/other`]) succeeded(await call({ url: `${url}/v3/`, headers: { accept: 'application/json', 'x-tenant': 'one' } }, { url: path, headers: { Accept: 'text/csv' } }));
    assert.deepEqual(sink.requests.map(({ path }) => path), ['/v3/contacts', '/v3/contacts', '/v3/contacts?a=1', '/v3?a=1', '/v3/', '/v3/next?after=5', '/other']);
    assert.ok(sink.requests.every(({ headers }) => headers.accept === 'text/csv' && headers['x-tenant'] === 'one'));
  });

  it('is refused where a path leads elsewhere, however it is written', async () => {
    const { sink, url } = await bench.http();
    const other = await bench.http();
    for (const path of ['/../admin', '/contacts/../../admin', '/%2e%2e/admin', '/..\\admin', '//evil.example/x', '\\\\evil.example/x', other.url, 'https://evil.example/x', `${url.replace('//', '//u:p@')}/v3/x`, `${url.replace('http:', 'https:')}/v3/x`]) {
      const { error } = failed(await call({ url: `${url}/v3`, auth: { type: 'bearer', token: 'secret-token' } }, { url: path }));
      assert.deepEqual([path, error.kind], [path, 'invalid']);
      assert.doesNotMatch(JSON.stringify(error), /secret-token/);
    }
    assert.deepEqual([sink.requests.length, other.sink.requests.length], [0, 0]);
  });

  it('is refused if there is none, or it is of another type', async () => {
    assert.equal(failed(await bench.run('http/request', { connection: 'nobody', url: '/x' })).error.cause, 'unknown connection');
    const { connection } = await bench.smtp();
    assert.match(failed(await bench.run('http/request', { connection: 'esp', url: '/x' }, { connection: () => connection })).error.message, /of the type smtp; http\/request takes one of the type http/);
    const http: ResolvedHttpConnection = { name: 'crm', type: 'http', url: 'http://127.0.0.1:9', headers: {} };
    assert.match(failed(await bench.run('email/send', { connection: 'crm', to: 'a@b.example', subject: 'x', text: 'y' }, { connection: () => http })).error.message, /of the type http; email\/send takes one of the type smtp/);
  });

  it('proves who calls by a bearer token, Basic, a header or a parameter', async () => {
    const { sink, url } = await bench.http();
    succeeded(await call({ url, auth: { type: 'bearer', token: 'tok-1' } }, { url: '/a' }));
    succeeded(await call({ url, auth: { type: 'basic', user: 'ada', password: 'pässword' } }, { url: '/b' }));
    succeeded(await call({ url, auth: { type: 'header', name: 'x-api-key', value: 'key-1' } }, { url: '/c' }));
    succeeded(await call({ url, auth: { type: 'query', name: 'api key', value: 'k&1' } }, { url: '/d?x=%7E', query: { y: 1 } }));
    assert.deepEqual(sink.requests.map(({ path, headers }) => [path, headers.authorization, headers['x-api-key']]), [
      ['/a', 'Bearer tok-1', undefined],
      ['/b', `Basic ${Buffer.from('ada:pässword').toString('base64')}`, undefined],
      ['/c', undefined, 'key-1'],
      ['/d?x=%7E&y=1&api+key=k%261', undefined, undefined],
    ]);
  });

  it('records calls without what proves them', async () => {
    const { url } = await bench.http(() => ({ status: 500 }));
    for (const auth of [{ type: 'bearer', token: 'hidden-one' }, { type: 'header', name: 'x-own', value: 'hidden-one' }, { type: 'query', name: 'k', value: 'hidden-one' }] as const) {
      const failure = failed(await call({ url, auth }, { url: '/a' }));
      assert.match(JSON.stringify(failure.request), /"method":"GET"/);
      assert.doesNotMatch(JSON.stringify(failure), /hidden-one/);
    }
  });

  it('proves nothing to another origin, where a redirect leads, and proves it again to its own', async () => {
    const other = await bench.http();
    const { sink, url } = await bench.http(({ path }) => (path.startsWith('/a') ? { status: 307, headers: { location: '/b' } } : path.startsWith('/b') ? { status: 307, headers: { location: `${other.url}/c` } } : {}));
    for (const auth of [{ type: 'bearer', token: 't' }, { type: 'header', name: 'x-key', value: 't' }, { type: 'query', name: 'key', value: 't' }, { type: 'aws-sigv4', region: 'r', service: 's3', keyId: 'AKID', secretKey: 'sk' }] as const) succeeded(await call({ url, headers: { 'x-tenant': 'one' }, auth }, { url: '/a', expect: 200 }));
    assert.deepEqual(sink.requests.filter(({ path }) => path.startsWith('/b')).map(({ headers, path }) => headers.authorization?.slice(0, 6) ?? headers['x-key'] ?? path), ['Bearer', 't', '/b?key=t', 'AWS4-H']);
    assert.equal(other.sink.requests.length, 4);
    for (const { headers, path } of other.sink.requests) assert.deepEqual([path, headers.authorization, headers['x-key'], headers['x-tenant'], headers['x-amz-date']], ['/c', undefined, undefined, undefined, undefined]);
  });

  it('signs by AWS Signature Version 4, as the receiver computes it', async () => {
    const { sink, url } = await bench.http();
    succeeded(await call({ url, auth: { type: 'aws-sigv4', region: 'eu-central-1', service: 'execute-api', keyId: 'AKID', secretKey: 'wJalr+secret', sessionToken: 'session' } }, { url: '/items?b=2&a=1', method: 'POST', json: { x: 'ü' } }));
    const [request] = sink.requests;
    assert.ok(request !== undefined);
    const { authorization = '', host = '', 'x-amz-date': date, 'x-amz-security-token': token } = request.headers;
    assert.equal(token, 'session');
    const [, scope = '', signedHeaders = '', signature] = /^AWS4-HMAC-SHA256 Credential=AKID\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(authorization) ?? [];
    const names = signedHeaders.split(';');
    assert.ok(names.includes('host') && names.includes('x-amz-date'));
    const canonical = ['POST', '/items', 'a=1&b=2', ...names.map((name) => `${name}:${String(name === 'host' ? host : request.headers[name]).trim()}`), '', signedHeaders, createHash('sha256').update(request.body ?? '').digest('hex')].join('\n');
    const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
    const key = scope.split('/').reduce<Buffer>((sum, part) => createHmac('sha256', sum).update(part).digest(), Buffer.from('AWS4wJalr+secret'));
    assert.equal(signature, createHmac('sha256', key).update(text).digest('hex'));
  });

  it('fetches a token for a service account of Google, by an assertion that its key has signed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { sink, url } = await bench.http(({ path }) => (path === '/token' ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ access_token: 'ya29.token', token_type: 'Bearer', expires_in: 3599 }) } : {}));
    const key = JSON.stringify({ client_email: 'bot@project.iam.example', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), private_key_id: 'k1', token_uri: `${url}/token` });
    for (const path of ['/sheets', '/sheets']) succeeded(await call({ url, auth: { type: 'google-service-account', key, scopes: ['s1', 's2'] } }, { url: path }));
    const [asked, ...calls] = sink.requests;
    const form = new URLSearchParams(asked?.body);
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')));
    const { iss, scope, aud, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    assert.deepEqual([form.get('grant_type'), iss, scope, aud, Number(exp) - Number(iat)], ['urn:ietf:params:oauth:grant-type:jwt-bearer', 'bot@project.iam.example', 's1 s2', `${url}/token`, 3600]);
    assert.deepEqual(calls.map(({ headers }) => headers.authorization), ['Bearer ya29.token', 'Bearer ya29.token']);
  });

  it('says what is wrong with the key of a service account, and nothing of the key', async () => {
    for (const key of ['hunter2', '5', '{"client_email":"hunter2"}', '{"client_email":"a","private_key":"hunter2"}']) {
      const { error } = failed(await call({ url: 'http://127.0.0.1:9', auth: { type: 'google-service-account', key, scopes: ['s'] } }, { url: '/x' }));
      assert.deepEqual([error.kind, error.cause], ['invalid', 'service account key']);
      assert.doesNotMatch(error.message, /hunter2/);
    }
  });
});
