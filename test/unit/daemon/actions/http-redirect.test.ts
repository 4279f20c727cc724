import assert from 'node:assert/strict';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('redirects of http/request', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('http/request', input, context);

  const turns: readonly (readonly [number, string, string, string])[] = [
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [302, 'PUT', 'PUT', '{"a":1}'],
    [303, 'PUT', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [307, 'POST', 'POST', '{"a":1}'],
    [308, 'PATCH', 'PATCH', '{"a":1}'],
  ];
  for (const [status, method, then, body] of turns) {
    it(`turn ${method} into ${then} at ${status}`, async () => {
      const { sink, url } = await bench.http(({ path }) => (path === '/to' ? {} : { status, headers: { location: '/to' } }));
      succeeded(await run({ url, method, ...(method === 'HEAD' ? {} : { json: { a: 1 } }), headers: { authorization: 'Bearer t' } }));
      const last = sink.requests[1];
      assert.deepEqual([last?.path, last?.method, last?.body], ['/to', then, body]);
      assert.equal(last?.headers['content-type'], body === '' ? undefined : 'application/json');
      assert.equal(last?.headers['authorization'], 'Bearer t');
      assert.equal(last.headers['idempotency-key'], 'key_1');
    });
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
