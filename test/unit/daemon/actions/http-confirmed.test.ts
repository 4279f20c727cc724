import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { ActionFailure, ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import { attemptVerdict } from '../../../../daemon/core/attempt-verdict.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { RawServer } from '../../../support/raw-server.ts';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';

describe('what a receiver has confirmed', () => {
  const bench = new ActionBench();
  const servers: RawServer[] = [];
  afterEach(async () => {
    await bench.clear();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  const post = (url: string, more: JsonObject = {}, context: Partial<ActionContext> = {}): Promise<ActionResult> =>
    bench.run('http/request', { url, method: 'POST', json: { amount: 5 }, ...more }, context);

  async function raw(answer: (socket: Socket, request: string) => void): Promise<{ readonly url: string; readonly server: RawServer }> {
    const server = new RawServer(answer);
    servers.push(server);
    return { url: await server.start(), server };
  }

  const isRepeated = ({ error, retryAfterMs, throttled }: ActionFailure): boolean =>
    attemptVerdict({ error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...(throttled === undefined ? {} : { throttled }), tries: 1, throttles: 0, policy: undefined, random: 0 }).kind === 'retry';

  describe('after interim answers that nobody asked for', () => {
    const interim: readonly (readonly [string, string])[] = [
      ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['100 with headers', 'HTTP/1.1 100 Continue\r\nx-a: 1\r\nx-b: 2\r\n\r\n'],
      ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
      ['103', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
      ['several', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
      ['one of a kind to come', 'HTTP/1.1 199 Miscellaneous\r\n\r\n'],
      ['one behind an empty line', '\r\nHTTP/1.1 100 Continue\r\n\r\n'],
    ];
    for (const [name, head] of interim) {
      it(`is read: ${name}, in one piece or byte by byte`, async () => {
        let count = 0;
        const { url, server } = await raw((socket) => {
          if (++count % 2 === 1) socket.write(head + ok);
          else for (const byte of Buffer.from(head + ok, 'latin1')) socket.write(Buffer.from([byte]));
        });
        for (let call = 0; call < 4; call++) {
          assert.deepEqual(succeeded(await post(url)).output, { status: 200, headers: { 'content-length': '2' }, body: 'hi' });
        }
        assert.equal(count, 4);
        assert.ok(server.connections < 4, 'and the connection is used again');
      });
    }

    it('is read of webhooks as well', async () => {
      const { url } = await raw((socket) => void socket.write(`HTTP/1.1 100 Continue\r\n\r\n${ok}`));
      assert.deepEqual(succeeded(await bench.run('webhook/send', { url, body: 1 })).output, { status: 200, body: 'hi' });
    });

    it('is read of a call that had to wait for its rate, and its status counts', async () => {
      const { url } = await raw((socket, request) => {
        if (request.includes('PUT')) socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-le');
        else socket.write(`HTTP/1.1 100 Continue\r\n\r\n${ok}`);
      });
      const depart = async (): Promise<void> => {};
      assert.equal((succeeded(await post(url, {}, { depart })).output as JsonObject)['body'], 'hi');
      assert.equal(failed(await post(url, { method: 'PUT' }, { depart })).effectStands, true);
    });

    it('leaves a body alone that looks like one', async () => {
      const body = 'HTTP/1.1 100 Continue\r\n\r\nrest';
      const { url } = await raw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
        setImmediate(() => socket.write(body));
      });
      assert.equal((succeeded(await post(url)).output as JsonObject)['body'], body);
    });
  });

  const hugeHead = `HTTP/1.1 201 Created\r\nx-policy: ${'a'.repeat(100_000)}\r\ncontent-length: 2\r\n\r\nhi`;
  const broken: readonly (readonly [string, string])[] = [
    ['with headers beyond the bound', hugeHead],
    ['that is cut in its headers', 'HTTP/1.1 201 Created\r\ncontent-le'],
    ['that is cut after its first line', 'HTTP/1.1 201 Created\r\n'],
    ['that is cut in its body', 'HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\nabc'],
    ['that is cut in a chunk', 'HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
    ['with a malformed header', 'HTTP/1.1 201 Created\r\nno colon here\r\n\r\n'],
    ['with a malformed length', 'HTTP/1.1 201 Created\r\ncontent-length: many\r\n\r\n'],
    ['with a malformed chunk', 'HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab'],
    ['whose compressed body is broken', 'HTTP/1.1 201 Created\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc'],
    ['that is longer than max-bytes', `HTTP/1.1 201 Created\r\ncontent-length: 2000\r\n\r\n${'a'.repeat(2000)}`],
  ];
  for (const [name, answer] of broken) {
    it(`isn't repeated over an answer ${name}`, async () => {
      const { url } = await raw((socket) => void socket.end(answer));
      const failure = failed(await post(url, { 'max-bytes': 1000 }));
      assert.deepEqual([failure.error.status, failure.effectStands, isRepeated(failure)], [201, true, false]);
      assert.match(failure.error.message, /^127\.0\.0\.1:\d+ answered 201, but .*\. It isn't repeated, because the call has had its effect\.$/);
      assert.deepEqual(succeeded(await bench.run('webhook/send', { url, body: 1 }, {})).ok, true, 'an event has arrived all the same');
    });
  }

  it('isn\'t repeated when the time limit comes in the middle of the answer, but an unfinished reading is', async () => {
    let written = Promise.withResolvers<undefined>();
    const { url } = await raw((socket) => void socket.write('HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\nabc', () => written.resolve(undefined)));
    const late = async (method: string): Promise<ActionFailure> => {
      written = Promise.withResolvers();
      const controller = new AbortController();
      const running = bench.run('http/request', { url, method }, { signal: controller.signal });
      await written.promise;
      // What has been written on loopback is there to be read: the next turns of this loop read it.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(new DOMException('', 'TimeoutError'));
      return failed(await running);
    };
    const posted = await late('POST');
    assert.deepEqual([posted.error.cause, posted.effectStands, isRepeated(posted)], ['answer cut short', true, false]);
    const read = await late('GET');
    assert.deepEqual([read.error.kind, read.effectStands, isRepeated(read)], ['timeout', undefined, true]);
  });

  it('is read again if nothing was changed by it', async () => {
    const { url } = await raw((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    for (const method of ['GET', 'OPTIONS']) {
      const failure = failed(await bench.run('http/request', { url, method }));
      assert.deepEqual([failure.error.kind, isRepeated(failure)], ['network', true]);
    }
  });

  it('is what was said, even if the rest of a refusal is cut', async () => {
    const { url } = await raw((socket, request) => void socket.end(`HTTP/1.1 ${/\/(\d+)/.exec(request)?.[1] ?? ''} No\r\nretry-after: 5\r\ncontent-length: 100\r\n\r\n{"why":`));
    const gone = failed(await post(`${url}404`));
    assert.deepEqual([gone.error.cause, isRepeated(gone), (gone.response as JsonObject)['body']], ['404 Not Found', false, '{"why":']);
    const busy = failed(await post(`${url}429`));
    assert.deepEqual([busy.error.cause, busy.throttled, busy.retryAfterMs], ['429 Too Many Requests', true, 5000]);
  });

  it('is a refusal that comes while a large body is still on its way', async () => {
    const { url } = await raw((socket) => {
      socket.pause();
      socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n', () => socket.resetAndDestroy());
    });
    const failure = failed(await post(url, { json: { data: 'x'.repeat(16_000_000) } }));
    assert.deepEqual([failure.error.kind, failure.error.cause, isRepeated(failure)], ['status', '413 Payload Too Large', false]);
  });
});
