import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { testCertificate } from '../../../support/test-certificate.ts';

describe('connections of http/request', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('http/request', input, context);

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
    await bench.use({ env: { HTTP_PROXY: proxy.url.replace('http://', ''), NO_PROXY: '127.0.0.1' } });
    assert.equal((succeeded(await run({ url: 'http://api.example.com/a?b=c' })).output as JsonObject)['body'], 'http://api.example.com/a?b=c');
    assert.equal((succeeded(await run({ url: direct.url })).output as JsonObject)['body'], 'direct');
    assert.equal(failed(await run({ url: 'http://169.254.169.254/' })).error.cause, 'address not allowed');
    assert.equal(proxy.sink.requests.length, 1);
  });

  describe('over TLS', () => {
    const trusted = getCACertificates('default');
    before(() => setDefaultCACertificates([...trusted, testCertificate.cert]));
    after(() => setDefaultCACertificates(trusted));

    it('reach the host that the certificate names, and no other', async () => {
      const { sink, url, port } = await bench.http(undefined, { https: true });
      succeeded(await run({ url }));
      assert.equal(failed(await run({ url: `https://[::ffff:127.0.0.1]:${port}/` })).error.cause, 'certificate for another host');
      assert.equal(sink.requests.length, 1);
    });

    it("aren't led back into the clear", async () => {
      const clear = await bench.http();
      const { url } = await bench.http(() => ({ status: 307, headers: { location: clear.url } }), { https: true });
      const { error } = failed(await run({ url }));
      assert.deepEqual([error.kind, error.cause, error.status], ['status', 'redirect not followed', 307]);
      assert.equal(clear.sink.requests.length, 0);
    });

    it('go through a tunnel of the proxy, which hanging up closes', async () => {
      const { sink, url, port } = await bench.http(({ path }) => (path === '/hang' ? 'hang' : { body: 'through' }), { https: true });
      const targets: (string | undefined)[] = [];
      const proxy = createServer().on('connect', ({ url: target }, socket) => {
        targets.push(target);
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(connect(port, '127.0.0.1')).on('error', () => {}).pipe(socket).on('error', () => {});
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      await bench.use({ env: { https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } });
      assert.equal((succeeded(await run({ url })).output as JsonObject)['body'], 'through');
      const controller = new AbortController();
      const running = run({ url: `${url}/hang` }, { signal: controller.signal });
      await sink.received(2);
      controller.abort();
      assert.equal(failed(await running).error.kind, 'cancelled');
      await sink.disconnected(1);
      assert.equal(targets[0], `127.0.0.1:${port}`);
      proxy.close();
    });
  });
});
