import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('http/request on the network', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('http/request', input, context);

  describe('addresses', () => {
    it('are judged where a name leads: the daemon itself is out of reach by any name', async () => {
      const { sink, url, port } = await bench.http();
      await bench.use({ ownPorts: new Set([port]) });
      for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '0x7f.1', '2130706433', '127.0.0.2']) {
        assert.equal(failed(await run({ url: `http://${host}:${port}/` })).error.cause, 'address not allowed', host);
      }
      assert.equal(sink.requests.length, 0);
      await bench.use({});
      succeeded(await run({ url }));
    });

    it('are restricted to those listed', async () => {
      const { url, port } = await bench.http();
      await bench.use({ allowedAddresses: ['localhost'] });
      succeeded(await run({ url: `http://localhost:${port}/` }));
      assert.equal(failed(await run({ url })).error.cause, 'address not allowed');
      await bench.use({ allowedAddresses: ['127.0.0.0/8'] });
      succeeded(await run({ url }));
      succeeded(await run({ url: `http://localhost:${port}/` }));
    });
  });

  describe('when no answer comes', () => {
    let raw: Server | undefined;
    afterEach(() => raw?.close());

    async function rawServer(answer: string): Promise<string> {
      raw = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(answer));
      });
      raw.listen(0, '127.0.0.1');
      await once(raw, 'listening');
      return `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`;
    }

    it('says that nobody listens', async () => {
      const { sink, url, port } = await bench.http();
      await sink.stop();
      const { error } = failed(await run({ url: `${url}/secret-path?token=t` }));
      assert.deepEqual([error.kind, error.cause], ['network', 'ECONNREFUSED']);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
      assert.doesNotMatch(error.message, /secret-path|token/);
    });

    it('says that the name is unknown', async () => {
      const { error } = failed(await run({ url: 'http://nobody.invalid/' }));
      assert.equal(error.kind, 'network');
      assert.match(error.cause, /^(ENOTFOUND|EAI_AGAIN)$/);
    });

    it('says that the connection was reset, or closed', async () => {
      const { url } = await bench.http(() => 'reset');
      const { error } = failed(await run({ url }));
      assert.equal(error.kind, 'network');
      assert.match(error.cause, /^(ECONNRESET|connection closed)$/);
      assert.equal(failed(await run({ url: await rawServer('') })).error.cause, 'connection closed');
    });

    it('says that the answer is cut short, or no HTTP', async () => {
      const cut = failed(await run({ url: await rawServer('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc') })).error;
      assert.equal(cut.kind, 'network');
      const garbage = failed(await run({ url: await rawServer('220 mail.example.com ESMTP\r\n') })).error;
      assert.deepEqual([garbage.kind, garbage.cause], ['network', 'not HTTP']);
    });

    it("says that a certificate isn't trusted", async () => {
      const { sink, url } = await bench.http(undefined, { https: true });
      const { error } = failed(await run({ url }));
      assert.deepEqual([error.kind, error.cause], ['network', 'certificate not trusted']);
      assert.equal(sink.requests.length, 0);
    });
  });

  describe('being aborted', () => {
    it('closes the socket of a server that hangs, and tells a time limit from a stop', async () => {
      const { sink, url } = await bench.http(() => 'hang');
      for (const [index, [reason, kind]] of ([[new DOMException('', 'TimeoutError'), 'timeout'], [undefined, 'cancelled']] as const).entries()) {
        const controller = new AbortController();
        const running = run({ url }, { signal: controller.signal });
        await sink.received(index + 1);
        controller.abort(reason);
        assert.equal(failed(await running).error.kind, kind);
        await sink.disconnected(index + 1);
      }
    });

    it('closes the socket in the middle of an answer', async () => {
      const started = Promise.withResolvers<unknown>();
      const { sink, url } = await bench.http(() => (response) => {
        response.writeHead(200);
        response.write('beginning', started.resolve);
      });
      const controller = new AbortController();
      const running = run({ url }, { signal: controller.signal });
      await started.promise;
      controller.abort();
      assert.equal(failed(await running).error.kind, 'cancelled');
      await sink.disconnected(1);
    });

    it('sends nothing if it was aborted before', async () => {
      const { sink, url } = await bench.http();
      assert.equal(failed(await run({ url }, { signal: AbortSignal.abort() })).error.kind, 'cancelled');
      assert.equal(sink.requests.length, 0);
    });

    it('sends nothing if it was aborted while it waited for a connection', async () => {
      const { sink, url } = await bench.http();
      const controller = new AbortController();
      const running = run({ url: `${url}/aborted` }, { signal: controller.signal });
      controller.abort();
      assert.equal(failed(await running).error.kind, 'cancelled');
      succeeded(await run({ url: `${url}/next` }));
      assert.deepEqual(sink.requests.map(({ path }) => path), ['/next']);
    });

    it('leaves nothing on the signal', async () => {
      const { url } = await bench.http();
      const controller = new AbortController();
      succeeded(await run({ url }, { signal: controller.signal }));
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    });

    it('ends what is under way when the actions stop', async () => {
      const { sink, url } = await bench.http(() => 'hang');
      const running = run({ url });
      await sink.received(1);
      await bench.stopActions();
      assert.equal(failed(await running).ok, false);
      await sink.disconnected(1);
    });
  });

  describe('connections', () => {
    it('are kept and used again', async () => {
      const { sink, url } = await bench.http();
      for (let call = 0; call < 20; call++) succeeded(await run({ url }));
      // undici frees a connection one turn of the event loop after its answer, so that two take turns.
      assert.ok(sink.connections <= 2, String(sink.connections));
    });

    it('are enough for a hundred calls at once', async () => {
      const waiting: ServerResponse[] = [];
      const { url } = await bench.http(() => (response) => {
        // None is answered before all are there.
        if (waiting.push(response) === 100) for (const one of waiting) one.end();
      });
      const calls = Array.from({ length: 100 }, () => run({ url }));
      for (const result of await Promise.all(calls)) succeeded(result);
    });

    it('go through the proxy of the environment, but for those of NO_PROXY, and are guarded there', async () => {
      const proxy = await bench.http(({ path }) => ({ body: path }));
      const direct = await bench.http(() => ({ body: 'direct' }));
      await bench.use({ env: { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } });
      assert.equal((succeeded(await run({ url: 'http://api.example.com/a?b=c' })).output as JsonObject)['body'], 'http://api.example.com/a?b=c');
      assert.equal((succeeded(await run({ url: direct.url })).output as JsonObject)['body'], 'direct');
      assert.equal(failed(await run({ url: 'http://169.254.169.254/' })).error.cause, 'address not allowed');
      assert.equal(proxy.sink.requests.length, 1);
    });
  });
});
