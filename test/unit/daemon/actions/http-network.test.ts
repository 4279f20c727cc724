import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
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
    const servers: Server[] = [];
    afterEach(() => {
      for (const server of servers.splice(0)) server.close();
    });

    async function rawServer(answer: string): Promise<string> {
      const raw = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(answer));
      });
      servers.push(raw);
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

    it('says that the answer has too many headers, or changes the protocol', async () => {
      const large = failed(await run({ url: await rawServer(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`) })).error;
      assert.deepEqual([large.kind, large.cause], ['network', 'response headers too large']);
      assert.match(large.message, /headers of the answer from .* are larger than 64 KiB.*server has to send less/);
      const switched = failed(await run({ url: await rawServer('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n') })).error;
      assert.equal(switched.kind, 'network');
    });

    it('takes a hint that comes before the answer for none', async () => {
      const url = await rawServer('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
      assert.deepEqual(succeeded(await run({ url })).output, { status: 200, headers: { 'content-length': '2' }, body: 'hi' });
    });

    it('says that the actions have stopped', async () => {
      const { url } = await bench.http();
      await bench.stopActions();
      assert.equal(failed(await run({ url })).error.kind, 'network');
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
});
