import assert from 'node:assert/strict';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

const json = { 'content-type': 'application/json' };

describe('the answer of http/request', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('http/request', input, context);

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

  it('keeps numbers that would be rounded as texts, digit by digit, and says so', async () => {
    const { url } = await bench.http(() => ({ headers: json, body: '{"id":7615917337495251231,"n":[1,-9007199254740993],"text":"7615917337495251231"}' }));
    for (const result of [await run({ url }), await bench.run('webhook/send', { url, body: {} })]) {
      const { output, warning } = succeeded(result);
      assert.deepEqual((output as JsonObject)['body'], { id: '7615917337495251231', n: [1, '-9007199254740993'], text: '7615917337495251231' });
      assert.match(warning ?? '', /answered with 2 numbers such as 7615917337495251231, beyond 2\^53: the output has them as text/);
    }
    assert.equal(succeeded(await run({ url: (await bench.http(() => ({ headers: json, body: '{"id":9007199254740991,"f":0.1}' }))).url })).warning, undefined);
  });

  it('warns of text that is not in the encoding that its headers name', async () => {
    const answers: readonly (readonly [type: string | undefined, body: Buffer, warns: boolean])[] = [
      ['text/plain', Buffer.from('h\u{e9}', 'latin1'), true],
      ['application/json; charset=utf-8', Buffer.from('"h\u{e9}"', 'latin1'), true],
      ['text/plain; charset=nonsense', Buffer.from('hello'), true],
      [undefined, Buffer.from('h\u{e9}', 'latin1'), true],
      ['text/plain; charset=iso-8859-1', Buffer.from('h\u{e9}', 'latin1'), false],
      ['image/png', Buffer.from([0x89, 0x50, 0xff]), false],
    ];
    for (const [type, body, warns] of answers) {
      const { url } = await bench.http(() => ({ headers: type === undefined ? {} : { 'content-type': type }, body }));
      assert.equal(/encoding/.test(succeeded(await run({ url })).warning ?? ''), warns, type);
    }
  });

  const unreadable: readonly (readonly [string, string, string | Buffer])[] = [
    ['of an unknown encoding', 'snappy', 'x'],
    ['of several encodings', 'gzip, br', 'x'],
    ['that breaks off', 'gzip', gzipSync('{"a":1}').subarray(0, 12)],
  ];
  for (const [name, encoding, body] of unreadable) {
    it(`fails for good with an answer ${name}`, async () => {
      const { url } = await bench.http(() => ({ headers: { ...json, 'content-encoding': encoding }, body }));
      const { error, response } = failed(await run({ url }));
      assert.deepEqual([error.kind, error.cause, error.status], ['invalid', 'response not readable', 200]);
      assert.ok(!('body' in (response as JsonObject)));
      if (encoding !== 'gzip') assert.match(error.message, /which is not read: ask for gzip, deflate or br by the header accept-encoding/);
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
});
