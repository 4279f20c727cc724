import assert from 'node:assert/strict';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { RawServer } from '../../../support/raw-server.ts';

describe('redirects of http/request', () => {
  const bench = new ActionBench();
  const servers: RawServer[] = [];
  afterEach(async () => {
    await bench.clear();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('http/request', input, context);

  const followed: readonly (readonly [number, string])[] = [
    [301, 'GET'],
    [302, 'HEAD'],
    [303, 'GET'],
    [307, 'POST'],
    [307, 'DELETE'],
    [308, 'PATCH'],
  ];
  for (const [status, method] of followed) {
    it(`are followed by ${method} at ${status}, as it is`, async () => {
      const { sink, url } = await bench.http(({ path }) => (path === '/to' ? {} : { status, headers: { location: '/to' } }));
      const body = method === 'HEAD' ? {} : { json: { a: 1 } };
      succeeded(await run({ url, method, ...body, headers: { authorization: 'Bearer t' } }));
      const last = sink.requests[1];
      assert.deepEqual([last?.path, last?.method, last?.body], ['/to', method, method === 'HEAD' ? '' : '{"a":1}']);
      assert.deepEqual([last?.headers['authorization'], last?.headers['idempotency-key']], ['Bearer t', 'key_1']);
    });
  }

  for (const status of [301, 302, 303]) {
    it(`are not success of what would turn into a GET at ${status}, unless they are expected`, async () => {
      const { sink, url } = await bench.http(({ path }) => (path === '/v2/orders?token=t' ? {} : { status, headers: { location: '/v2/orders?token=t' } }));
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const { error } = failed(await run({ url, method, json: { a: 1 } }));
        assert.deepEqual([error.kind, error.cause, error.status], ['status', `${status} redirect`, status]);
        assert.match(error.message, new RegExp(`redirects to /v2/orders \\(${status}\\), which turns ${method} into a GET without its body.*\`expect: \\[2xx, ${status}\\]\``));
      }
      assert.equal(sink.requests.length, 4, 'nothing else was asked for');
      assert.equal((succeeded(await run({ url, method: 'POST', json: {}, expect: ['2xx', status] })).output as JsonObject)['status'], status);
    });
  }

  it('take no body with a secret to another origin', async () => {
    const other = await bench.http();
    const { sink, url } = await bench.http(({ path }) => ({ status: 307, headers: { location: path === '/here' ? '/ok' : `${other.url}/there?q=1` } }));
    const form = { client_secret: 'hunter2' };
    const call = (path: string, secretFields: readonly string[]): Promise<ActionResult> => run({ url: `${url}${path}`, method: 'POST', form }, { secretFields: new Set(secretFields) });
    const { error } = failed(await call('/', ['form']));
    assert.deepEqual([error.kind, error.cause, error.status], ['status', 'redirect not followed', 307]);
    assert.match(error.message, new RegExp(`redirects to ${other.url}, and the body holds a secret`));
    assert.equal(other.sink.requests.length, 0);
    succeeded(await call('/', ['headers']));
    assert.equal(other.sink.requests.length, 1, 'without a secret in it, a body goes along (control)');
    sink.respond = ({ path }) => (path === '/ok' ? {} : { status: 307, headers: { location: '/ok' } });
    succeeded(await call('/here', ['form']));
  });

  it('lead where raw UTF-8 and raw bytes lead', async () => {
    const { url, server } = await rawRedirect();
    for (const [location, path] of [['/gr\u00c3\u00b6\u00c3\u009fe?q=\u00c3\u00bc', '/gr%C3%B6%C3%9Fe?q=%C3%BC'], ['/gr\u00f6', '/gr%F6'], ['/a%20b?c=%2F', '/a%20b?c=%2F']] as const) {
      server.received = '';
      await run({ url, headers: { 'x-to': Buffer.from(location, 'latin1').toString('base64') } });
      assert.equal(/GET (\S+) HTTP[^]*GET (\S+) HTTP/.exec(server.received)?.[2], path);
    }
  });

  /** Redirects `/` to what `x-to` says, as bytes in base64. */
  async function rawRedirect(): Promise<{ readonly url: string; readonly server: RawServer }> {
    const server = new RawServer((socket, request) => {
      const to = Buffer.from(/x-to: (\S+)/.exec(request)?.[1] ?? '', 'base64').toString('latin1');
      const answer = request.startsWith('GET / ') ? `HTTP/1.1 302 Found\r\nlocation: ${to}\r\ncontent-length: 0\r\n\r\n` : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
      socket.write(answer, 'latin1');
    });
    servers.push(server);
    return { url: await server.start(), server };
  }

  it('take no credentials to another origin', async () => {
    const other = await bench.http();
    const { url } = await bench.http(() => ({ status: 307, headers: { location: `${other.url}/there` } }));
    const headers = { authorization: 'Bearer t', cookie: 'a=b', 'x-api-key': 'k', 'x-anything': 'k', accept: 'text/html' };
    succeeded(await run({ url, method: 'POST', text: 'hi', headers }));
    const got = other.sink.requests[0]?.headers ?? {};
    for (const name of ['authorization', 'cookie', 'x-api-key', 'x-anything']) assert.ok(!(name in got), name);
    assert.deepEqual([got.accept, got['content-type'], got['idempotency-key']], ['text/html', 'text/plain; charset=utf-8', 'key_1']);
  });

  for (const location of ['', '#top', 'self']) {
    it(`that lead to the URL itself are not followed (${location === '' ? 'empty' : location})`, async () => {
      const { sink, url } = await bench.http(() => ({ status: 307, headers: { location: location === 'self' ? '/self?a=1' : location } }));
      const { error } = failed(await run({ url: new URL('/self?a=1', url).href, method: 'POST', text: 'hi' }));
      assert.deepEqual([error.kind, error.cause, error.status], ['status', 'redirect to itself', 307]);
      assert.match(error.message, /redirects to the same URL that was called \(307\)/);
      assert.equal(sink.requests.length, 1);
    });
  }

  it('end after five', async () => {
    const { sink, url } = await bench.http(({ index }) => (index === 5 ? {} : { status: 302, headers: { location: `/${index}` } }));
    succeeded(await run({ url }));
    sink.respond = ({ index }) => ({ status: 302, headers: { location: `/${index}` } });
    const before = sink.requests.length;
    const { error } = failed(await run({ url }));
    assert.deepEqual([error.kind, error.cause, error.status], ['status', 'too many redirects', 302]);
    assert.equal(sink.requests.length - before, 6);
  });

  it('are returned where they are expected, and fail where they lead nowhere', async () => {
    const { sink, url } = await bench.http(() => ({ status: 302, headers: { location: '/to' } }));
    assert.equal((succeeded(await run({ url, expect: '3xx' })).output as JsonObject)['status'], 302);
    sink.respond = () => ({ status: 302 });
    assert.equal(failed(await run({ url })).error.cause, '302 Found');
    sink.respond = () => ({ status: 302, headers: { location: 'http://[' } });
    assert.equal(failed(await run({ url })).error.cause, '302 Found');
    sink.respond = () => ({ status: 302, headers: { location: 'ftp://example.com/' } });
    assert.equal(failed(await run({ url })).error.cause, 'redirect not followed');
  });

  it('leave out a user and password that the location holds', async () => {
    const { url, port } = await bench.http(({ path }) => (path === '/to' ? {} : { status: 302, headers: { location: `http://user:hunter2@127.0.0.1:${port}/to` } }));
    assert.equal((succeeded(await run({ url })).request as JsonObject)['url'], `${url}/to`);
  });

  it('are guarded at each hop', async () => {
    const { url } = await bench.http(() => ({ status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } }));
    const { error } = failed(await run({ url }));
    assert.deepEqual([error.kind, error.cause], ['invalid', 'address not allowed']);
    assert.match(error.message, /169\.254\.169\.254 port 80 .* link-local/);
  });
});
