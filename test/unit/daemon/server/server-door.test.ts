import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { benchToken, ServerBench } from '../../../support/server-bench.ts';

describe('the door of the server', () => {
  let bench: ServerBench;
  let reason: string | undefined;

  beforeEach(async () => {
    reason = undefined;
    bench = await ServerBench.start({ health: async () => reason, limits: { headersMs: 100, requestMs: 200, connections: 8, clients: 2 } });
  });
  afterEach(async () => bench.stop());

  it('says how it is', async () => {
    const { status, body, headers } = await bench.get('/healthz');
    assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ok' }]);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['access-control-allow-origin'], undefined);
    reason = 'the store cannot be written';
    const unwell = await bench.get('/healthz');
    assert.deepEqual([unwell.status, JSON.parse(unwell.body)], [503, { status: 'unavailable', reason }]);
  });

  it('says 503 where the check itself fails or hangs', async () => {
    const checks = [(): never => assert.fail('m4rk3r'), async () => Promise.reject(new Error('m4rk3r')), async () => new Promise<undefined>(() => undefined)];
    for (const health of checks) {
      const other = await ServerBench.start({ health, limits: { healthMs: 20 } });
      const { status, body } = await other.get('/healthz');
      assert.equal(status, 503);
      assert.ok(!body.includes('m4rk3r'));
      await other.stop();
    }
  });

  it('tells its metrics, or 503 without what went wrong', async () => {
    let fails = false;
    const other = await ServerBench.start({ metrics: async () => (fails ? Promise.reject(new Error('m4rk3r')) : 'up 1\n') });
    const told = await other.get('/metrics');
    assert.deepEqual([told.status, told.body, told.headers['content-type']], [200, 'up 1\n', 'text/plain; version=0.0.4; charset=utf-8']);
    fails = true;
    const { status, body } = await other.get('/metrics');
    assert.equal(status, 503);
    assert.ok(!body.includes('m4rk3r'));
    await other.stop();
  });

  it('listens on 127.0.0.1 and nowhere else', async () => {
    const own = Object.values(networkInterfaces()).flat().find((address) => address?.internal === false && address.family === 'IPv4');
    for (const host of ['::1', ...(own === undefined ? [] : [own.address])]) {
      const socket = net.connect(bench.port, host);
      const [error] = (await once(socket, 'error')) as [Error];
      assert.match(error.message, /ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|AggregateError/);
    }
  });

  it('tells its version with the handshake', async () => {
    const socket = bench.socket();
    const [response] = (await once(socket, 'upgrade')) as [{ headers: Record<string, string> }];
    assert.equal(response.headers['x-sluice-version'], '1.2.3');
    socket.terminate();
  });

  it('looks at nothing that was sent behind a request that it refuses, and closes', async () => {
    const own = `127.0.0.1:${bench.port}`;
    const bad = `GET /healthz HTTP/1.1\r\nHost: ${own}\r\nOrigin: https://evil.example\r\n\r\n`;
    const upgrade = `GET /rpc HTTP/1.1\r\nHost: ${own}\r\nAuthorization: Bearer ${benchToken}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    for (const behind of [`GET /healthz HTTP/1.1\r\nHost: ${own}\r\n\r\n`, upgrade, bad]) {
      // Resolves when the server has closed.
      const answered = await bench.raw(`${bad}${behind}`);
      assert.deepEqual(answered.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 403'], answered);
      assert.match(await bench.raw(`GET /healthz HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 200/, 'a connection of its own is served');
    }
  });

  it('refuses a page before anything is upgraded', async () => {
    assert.equal((await bench.refusal({ origin: 'https://evil.example' })).status, 403);
    assert.equal((await bench.refusal({ origin: `http://127.0.0.1:${bench.port}` })).status, 403);
    assert.equal((await bench.refusal({ host: `evil.example:${bench.port}` })).status, 403);
    assert.equal((await bench.get('/healthz', { host: `evil.example:${bench.port}` })).status, 403);
    assert.equal((await bench.get('/healthz', { origin: 'null' })).status, 403);
  });

  it('refuses anyone who has no token, a wrong one, or one in the URL', async () => {
    assert.equal((await bench.refusal({ authorization: '' })).status, 401);
    assert.equal((await bench.refusal({ authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await bench.refusal({ authorization: '' }, `/rpc?token=${benchToken}`)).status, 404);
    const post = await bench.get('/rpc', {}, 'POST');
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, 'GET');
  });

  it('keeps tokens, right or wrong, out of answers and the log', async () => {
    const { body } = await bench.refusal({ authorization: 'Bearer wr0ng-t0ken' });
    await bench.refusal({ authorization: '' }, `/rpc?token=${benchToken}`);
    const told = body + bench.log.text();
    assert.ok(!told.includes('wr0ng-t0ken'));
    assert.ok(!told.includes(benchToken));
    assert.ok(bench.log.entries.some(({ fields }) => fields.status === 401));
  });

  it('logs a flood of refusals once', async () => {
    for (let count = 0; count < 20; count++) await bench.refusal({ authorization: 'Bearer wrong' });
    assert.equal(bench.log.entries.filter(({ fields }) => fields.status === 401).length, 1);
  });

  it('refuses two Host headers, and HTTP/1.0 without one', async () => {
    const own = `127.0.0.1:${bench.port}`;
    assert.match(await bench.raw(`GET /healthz HTTP/1.1\r\nHost: ${own}\r\nHost: evil.example\r\n\r\n`), /^HTTP\/1\.1 40[03] /);
    assert.match(await bench.raw('GET /healthz HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403 /);
  });

  it('survives what is no HTTP', async () => {
    assert.match(await bench.raw('\u0000\u0001 nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await bench.raw(`GET /healthz HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    const key = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short';
    assert.match(await bench.raw(`GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${bench.port}\r\nAuthorization: Bearer ${benchToken}\r\n${key}\r\n\r\n`), /^HTTP\/1\.1 400 /);
    assert.ok(await bench.isAlive());
  });

  it('survives a client that is gone before its handshake is answered', async () => {
    const socket = await bench.tcp();
    const closed = once(socket, 'close');
    socket.write(`GET /rpc HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`);
    socket.resetAndDestroy();
    await closed;
    assert.ok(await bench.isAlive());
  });

  it('ends requests that trickle in, or never come (slowloris)', async () => {
    assert.match(await bench.raw(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${bench.port}\r\nX-Slow: `), /^HTTP\/1\.1 408 /);
    assert.match(await bench.raw(''), /^(HTTP\/1\.1 408 |$)/);
  });

  it('has room for so many connections', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, async () => bench.tcp()));
    const late = await bench.tcp();
    late.resume();
    await once(late, 'close');
    for (const socket of sockets) socket.destroy();
  });

  it('has room for so many clients', async () => {
    await bench.connect();
    await bench.connect();
    assert.equal((await bench.refusal({})).status, 503);
  });

  it('starts and stops once, however often it is asked', async () => {
    assert.deepEqual(await bench.server.start(), await bench.server.start());
    await Promise.all([bench.server.stop(), bench.server.stop()]);
    await bench.server.stop();
    await assert.rejects(bench.get('/healthz'), /ECONNREFUSED/);
    assert.equal(bench.topics.listenerCount, 0);
  });

  it('stops with clients of all kinds connected', async () => {
    const polite = await bench.connect();
    const deaf = await bench.connect();
    deaf.socket.pause();
    await bench.tcp();
    await bench.server.stop();
    assert.equal(await polite.closed, 1001);
    deaf.socket.terminate();
  });
});
