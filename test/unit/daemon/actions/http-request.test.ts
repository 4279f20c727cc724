import assert from 'node:assert/strict';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

const json = { 'content-type': 'application/json' };

describe('http/request', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('http/request', input, context);

  describe('what it sends', () => {
    it('is a GET with the key and the agent by default', async () => {
      const { sink, url } = await bench.http();
      succeeded(await run({ url: `${url}/people` }));
      const [request] = sink.requests;
      assert.equal(request?.method, 'GET');
      assert.equal(request.path, '/people');
      assert.equal(request.headers['idempotency-key'], 'key_1');
      assert.equal(request.headers['user-agent'], 'sluice/1.2.3');
      assert.equal(request.body, '');
    });

    for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      it(`can be ${method}`, async () => {
        const { sink, url } = await bench.http();
        succeeded(await run({ url, method }));
        assert.equal(sink.requests[0]?.method, method);
      });
    }

    it('appends the query, repeats lists, leaves out null', async () => {
      const { sink, url } = await bench.http();
      succeeded(await run({ url: `${url}/p?a=1`, query: { a: 2, tag: ['x y', 'ü&'], off: false, none: null, some: [null, 'z'] } }));
      assert.equal(sink.requests[0]?.path, '/p?a=1&a=2&tag=x+y&tag=%C3%BC%26&off=false&some=z');
    });

    it('lets headers win over its own, whatever their case', async () => {
      const { sink, url } = await bench.http();
      succeeded(await run({ url, method: 'POST', json: {}, headers: { 'Idempotency-Key': 'mine', 'USER-AGENT': 'me', 'Content-Type': 'application/x', 'X-Count': 3 } }));
      const headers = sink.requests[0]?.headers;
      assert.deepEqual(
        [headers?.['idempotency-key'], headers?.['user-agent'], headers?.['content-type'], headers?.['x-count']],
        ['mine', 'me', 'application/x', '3'],
      );
    });

    const bodies: readonly (readonly [string, JsonObject, string, string])[] = [
      ['json', { json: { a: [1, null] } }, '{"a":[1,null]}', 'application/json'],
      ['json that is null', { json: null }, 'null', 'application/json'],
      ['form', { form: { a: 'x y', b: ['1', '2'], c: null } }, 'a=x+y&b=1&b=2', 'application/x-www-form-urlencoded'],
      ['text', { text: 'héllo' }, 'héllo', 'text/plain; charset=utf-8'],
    ];
    for (const [name, input, body, type] of bodies) {
      it(`has a body of ${name}`, async () => {
        const { sink, url } = await bench.http();
        succeeded(await run({ url, method: 'POST', ...input }));
        assert.equal(sink.requests[0]?.body, body);
        assert.equal(sink.requests[0].headers['content-type'], type);
      });
    }
  });

  describe('what it refuses to send', () => {
    const invalid: readonly (readonly [string, JsonObject, RegExp])[] = [
      ['a relative url', { url: '/people' }, /absolute http: or https:/],
      ['another scheme', { url: 'file:///etc/passwd' }, /absolute http: or https:/],
      ['a password in the url', { url: 'http://user:hunter2@127.0.0.1/' }, /`authorization` header/],
      ['two bodies', { url: 'http://127.0.0.1/', json: {}, text: '' }, /with\/(text|json)/],
      ['an unknown key', { url: 'http://127.0.0.1/', metod: 'GET' }, /additional properties/],
      ['an unknown class of status', { url: 'http://127.0.0.1/', expect: '9xx' }, /with\/expect/],
      ['a line break in a header', { url: 'http://127.0.0.1/', headers: { a: 'b\r\nc: d' } }, /can't be sent/],
      ['a line break in a header name', { url: 'http://127.0.0.1/', headers: { 'a\r\nb': 'c' } }, /property name/],
    ];
    for (const [name, input, message] of invalid) {
      it(name, async () => {
        const { error } = failed(await run(input));
        assert.equal(error.kind, 'invalid');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /hunter2/);
      });
    }
  });

  describe('what it makes of the answer', () => {
    const answers: readonly (readonly [string, Record<string, string>, string | Buffer, unknown])[] = [
      ['JSON', json, '{"a":1}', { a: 1 }],
      ['JSON with a charset', { 'content-type': 'application/json; charset=utf-8' }, '"é"', 'é'],
      ['JSON of another type', { 'content-type': 'application/problem+json' }, '[1]', [1]],
      ['JSON behind a byte order mark', json, '\uFEFF{"a":1}', { a: 1 }],
      ['JSON without a content-type', {}, ' {"a":1}', { a: 1 }],
      ['broken JSON', json, '{"a":', '{"a":'],
      ['JSON too deep to be walked', json, '['.repeat(5000) + ']'.repeat(5000), '['.repeat(5000) + ']'.repeat(5000)],
      ['text', { 'content-type': 'text/plain' }, '{"a":1}', '{"a":1}'],
      ['text in Latin-1', { 'content-type': 'text/plain; charset=iso-8859-1' }, Buffer.from([0x68, 0xe9]), 'hé'],
      ['nothing', json, '', null],
      ['gzip that nobody asked for', { ...json, 'content-encoding': 'gzip' }, gzipSync('{"a":1}'), { a: 1 }],
      ['brotli that nobody asked for', { ...json, 'content-encoding': 'br' }, brotliCompressSync('{"a":1}'), { a: 1 }],
    ];
    for (const [name, headers, body, expected] of answers) {
      it(`reads ${name}`, async () => {
        const { url } = await bench.http(() => ({ headers, body }));
        const { output } = succeeded(await run({ url }));
        assert.deepEqual((output as JsonObject)['body'], expected);
      });
    }

    it('hands on status and headers, without cookies', async () => {
      const { url } = await bench.http(() => ({ status: 201, headers: { 'X-A': ['1', '2'], 'set-cookie': 'session=s3cret' } }));
      const { output } = succeeded(await run({ url }));
      const { status, headers } = output as { status: number; headers: Record<string, string> };
      assert.equal(status, 201);
      assert.equal(headers['x-a'], '1, 2');
      assert.ok(!('set-cookie' in headers));
    });

    it('gathers an answer that comes in drips', async () => {
      const { url } = await bench.http(() => (response) => {
        response.writeHead(200, json);
        const chunks = ['{"text"', ':"h', '\u00e9', 'llo"', '}'].flatMap((text) => [...Buffer.from(text)].map((byte) => Buffer.from([byte])));
        const next = (): void => {
          const chunk = chunks.shift();
          if (chunk === undefined) response.end();
          else response.write(chunk, () => setImmediate(next));
        };
        next();
      });
      assert.deepEqual((succeeded(await run({ url })).output as JsonObject)['body'], { text: 'héllo' });
    });

    it('takes the statuses that are expected, and no others', async () => {
      const { url } = await bench.http(({ path }) => ({ status: Number(path.slice(1)) }));
      assert.equal((succeeded(await run({ url: `${url}/404`, expect: [200, 404] })).output as JsonObject)['status'], 404);
      assert.equal((succeeded(await run({ url: `${url}/418`, expect: '4xx' })).output as JsonObject)['status'], 418);
      assert.equal(failed(await run({ url: `${url}/204`, expect: 200 })).error.status, 204);
      assert.equal(failed(await run({ url: `${url}/200`, expect: ['4xx', 500] })).error.status, 200);
    });

    it('names failures by the status, and keeps what was said', async () => {
      const { url } = await bench.http(() => ({ status: 503, headers: json, body: '{"why":"down"}' }));
      const failure = failed(await run({ url, method: 'POST', json: { a: 1 } }));
      assert.deepEqual([failure.error.kind, failure.error.cause, failure.error.status], ['status', '503 Service Unavailable', 503]);
      assert.equal(failure.throttled, undefined);
      assert.equal((failure.response as JsonObject)['body'], '{"why":"down"}');
      assert.equal((failure.request as JsonObject)['body'], '{"a":1}');
    });
  });

  describe('the bound on the answer', () => {
    it('admits exactly max-bytes', async () => {
      const { url } = await bench.http(() => ({ body: 'x'.repeat(1000) }));
      assert.equal((succeeded(await run({ url, 'max-bytes': 1000 })).output as JsonObject)['body'], 'x'.repeat(1000));
    });

    it('ends a longer answer, for good, and closes the connection', async () => {
      const { sink, url } = await bench.http(() => (response) => {
        response.writeHead(200);
        const more = (): void => {
          if (!response.destroyed) response.write('x'.repeat(10_000), () => setImmediate(more));
        };
        more();
      });
      const failure = failed(await run({ url, 'max-bytes': 1000 }));
      assert.deepEqual([failure.error.kind, failure.error.cause, failure.error.status], ['invalid', 'response too large', 200]);
      await sink.disconnected(1);
    });

    it('holds for what a small answer unfolds to', async () => {
      const { url } = await bench.http(() => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(5_000_000)) }));
      assert.equal(failed(await run({ url })).error.cause, 'response too large');
    });

    it("doesn't hide a bad status", async () => {
      const { url } = await bench.http(() => ({ status: 500, body: 'x'.repeat(5000) }));
      const failure = failed(await run({ url, 'max-bytes': 10 }));
      assert.deepEqual([failure.error.kind, failure.error.status], ['status', 500]);
      assert.deepEqual([(failure.response as JsonObject)['body'], (failure.response as JsonObject)['bodyTruncated']], ['x'.repeat(10), true]);
    });
  });

  describe('redirects', () => {
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
      sink.respond = () => ({ status: 302, headers: { location: 'ftp://example.com/' } });
      assert.equal(failed(await run({ url })).error.cause, 'redirect not followed');
    });

    it('are guarded at each hop', async () => {
      const { url } = await bench.http(() => ({ status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } }));
      const { error } = failed(await run({ url }));
      assert.deepEqual([error.kind, error.cause], ['invalid', 'address not allowed']);
      assert.match(error.message, /169\.254\.169\.254 port 80 .* link-local/);
    });
  });

  describe('being told to slow down', () => {
    const now = Date.UTC(2026, 0, 1);
    const cases: readonly (readonly [number, string | undefined, number | undefined, boolean | undefined])[] = [
      [429, undefined, undefined, true],
      [429, '30', 30_000, true],
      [429, 'Thu, 01 Jan 2026 00:02:00 GMT', 120_000, true],
      [429, 'later', undefined, true],
      [503, '5', 5_000, true],
      [503, undefined, undefined, undefined],
      [400, '5', 5_000, true],
      [500, undefined, undefined, undefined],
    ];
    for (const [status, header, waitMs, throttled] of cases) {
      it(`${status} with Retry-After ${header}`, async () => {
        const { url } = await bench.http(() => ({ status, headers: header === undefined ? {} : { 'retry-after': header } }));
        const failure = failed(await run({ url }, { now }));
        assert.deepEqual([failure.retryAfterMs, failure.throttled, failure.error.status], [waitMs, throttled, status]);
      });
    }
  });

  describe('the record', () => {
    it('never shows credentials, and is bounded', async () => {
      const { url } = await bench.http(() => ({ status: 400, headers: { 'set-cookie': 'session=s3cret', 'x-long': 'l'.repeat(2000) }, body: 'y'.repeat(10_000) }));
      const headers = { Authorization: 'Bearer s3cret', cookie: 's3cret', 'X-Api-Key': 's3cret', 'proxy-authorization': '' };
      const { 'proxy-authorization': _, ...sendable } = headers;
      const failure = failed(await run({ url, method: 'POST', text: 'z'.repeat(10_000), headers: sendable }));
      const record = JSON.stringify([failure.request, failure.response]);
      assert.doesNotMatch(record, /s3cret/);
      assert.match(record, /"authorization":"\*\*\*"/);
      assert.ok(record.length < 12_000, String(record.length));
    });
  });
});
