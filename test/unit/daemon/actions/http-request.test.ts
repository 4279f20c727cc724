import assert from 'node:assert/strict';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

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

    it('leaves the query of the url as it was written, to the letter: a signature may be over it', async () => {
      const { sink, url } = await bench.http();
      const signed = '/file?name=a%20b*~c&sig=x%2Fy+z%3D&empty=&flag&n=%c3%bc';
      succeeded(await run({ url: `${url}${signed}`, query: { more: 'x y' } }));
      succeeded(await run({ url: `${url}${signed}`, query: { none: null } }));
      succeeded(await run({ url: `${url}/p?`, query: { a: 1 } }));
      succeeded(await run({ url: `${url}/p?b=2&`, query: { a: 1 } }));
      assert.deepEqual(sink.requests.map(({ path }) => path), [`${signed}&more=x+y`, signed, '/p?a=1', '/p?b=2&a=1']);
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
      ['two bodies', { url: 'http://127.0.0.1/', json: {}, text: '' }, /'text' and 'json' exclude each other/],
      ['an unknown key', { url: 'http://127.0.0.1/', metod: 'GET' }, /'metod' is not a key of `with`\. Did you mean 'method'\?/],
      ['an unknown class of status', { url: 'http://127.0.0.1/', expect: '9xx' }, /'expect' .* has to match/],
      ['a line break in a header', { url: 'http://127.0.0.1/', headers: { a: 'b\r\nc: d' } }, /can't be sent/],
      ['two headers that differ in case', { url: 'http://127.0.0.1/', headers: { 'X-Key': 'a', 'x-key': 'b' } }, /The headers X-Key and x-key are the same/],
      ['a line break in a header name', { url: 'http://127.0.0.1/', headers: { 'a\r\nb': 'c' } }, /can't be a key of 'headers'/],
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

  describe('being told to slow down', () => {
    const now = Date.UTC(2026, 0, 1);
    const cases: readonly (readonly [number, string | undefined, number | undefined, boolean | undefined])[] = [
      [429, undefined, undefined, true],
      [429, '30', 30_000, true],
      [429, 'Thu, 01 Jan 2026 00:02:00 GMT', 120_000, true],
      [429, 'later', undefined, true],
      [503, '5', 5_000, true],
      [503, undefined, undefined, undefined],
      [503, '0', undefined, undefined],
      [429, '0', undefined, true],
      [400, '5', 5_000, undefined],
      [404, '86400', 86_400_000, undefined],
      [500, undefined, undefined, undefined],
      [304, '5', undefined, undefined],
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
      const headers = { Authorization: 'Bearer s3cret', cookie: 's3cret', 'X-Api-Key': 's3cret' };
      const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, 'a value']));
      const failure = failed(await run({ url: `${url}/${'p'.repeat(10_000)}`, method: 'POST', text: 'z'.repeat(10_000), headers: { ...headers, ...many } }));
      const record = JSON.stringify([failure.request, failure.response]);
      assert.doesNotMatch(record, /s3cret/);
      assert.match(record, /"authorization":"\*\*\*"/);
      assert.ok(record.length < 14_000, String(record.length));
    });
  });
});
