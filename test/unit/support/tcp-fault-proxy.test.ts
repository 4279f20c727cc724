import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpFaultProxy } from '../../support/tcp-fault-proxy.ts';

/** A server that answers each text with itself, and knows what it got. */
class EchoServer {
  readonly received: string[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => {
    this.sockets.add(socket);
    socket.on('data', (chunk) => {
      this.received.push(chunk.toString());
      socket.write(chunk);
    });
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
  });

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.port;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('a proxy that fails as networks do', () => {
  let echo: EchoServer;
  let proxy: TcpFaultProxy;
  const clients: Socket[] = [];
  beforeEach(async () => {
    echo = new EchoServer();
    proxy = await TcpFaultProxy.start(await echo.start());
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.stop();
    await echo.stop();
  });

  const open = async (): Promise<Socket> => {
    const client = connect(proxy.port, '127.0.0.1');
    clients.push(client);
    await once(client, 'connect');
    return client;
  };
  const next = async (client: Socket): Promise<string> => String((await once(client, 'data'))[0]);
  const ask = (client: Socket, text: string): Promise<string> => {
    const answer = next(client);
    client.write(text);
    return answer;
  };
  /** Resolves with the system's code, once the connection has failed. */
  const failure = async (client: Socket): Promise<unknown> => ((await new Promise<Error>((resolve) => client.once('error', resolve))) as NodeJS.ErrnoException).code;

  it('passes on what both sides say, and how they end', async () => {
    const client = await open();
    assert.equal(await ask(client, 'hello'), 'hello');
    assert.deepEqual([proxy.accepted, proxy.open], [1, 1]);
    const ended = once(client, 'end');
    client.end();
    client.resume();
    await ended;
  });

  it('cuts what is open, and takes what comes next', async () => {
    const client = await open();
    await ask(client, 'hello');
    const failed = failure(client);
    proxy.cut();
    assert.equal(await failed, 'ECONNRESET');
    assert.equal(await ask(await open(), 'again'), 'again');
  });

  it('refuses, and takes connections at the same port once it is healed', async () => {
    const client = await open();
    await ask(client, 'hello');
    const failed = failure(client);
    await proxy.refuse();
    assert.equal(await failed, 'ECONNRESET');
    await assert.rejects(open(), { code: 'ECONNREFUSED' });
    await proxy.heal();
    assert.equal(await ask(await open(), 'again'), 'again');
  });

  it('swallows: connections stay and are taken, nothing arrives, and nobody hears of an end', async () => {
    const client = await open();
    await ask(client, 'hello');
    proxy.swallow();
    const second = await open();
    for (const each of [client, second]) each.write('lost');
    await proxy.swallowed(2);
    client.destroy();
    assert.equal(second.destroyed, false);
    const failed = failure(second);
    await proxy.heal();
    assert.equal(await failed, 'ECONNRESET', 'what has a gap is of no use');
    assert.equal(await ask(await open(), 'again'), 'again');
    assert.deepEqual(echo.received, ['hello', 'again']);
  });

  it('leaves what is open half-open for good, while new connections work', async () => {
    const client = await open();
    assert.equal(await ask(client, 'one'), 'one');
    proxy.orphan();
    client.write('two');
    await proxy.swallowed(1);
    const other = await open();
    assert.equal(await ask(other, 'three'), 'three');
    assert.deepEqual(echo.received, ['one', 'three']);
    assert.equal(client.destroyed, false);
  });

  it('stalls: what was sent meanwhile arrives once it is healed', async () => {
    const client = await open();
    await ask(client, 'hello');
    proxy.stall();
    await new Promise((resolve) => client.write('late', resolve));
    const other = connect(echo.port, '127.0.0.1');
    clients.push(other);
    assert.equal(await ask(other, 'past the proxy'), 'past the proxy');
    assert.deepEqual(echo.received, ['hello', 'past the proxy']);
    const answer = next(client);
    await proxy.heal();
    assert.equal(await answer, 'late');
  });

  it('is slow, and keeps the order when it no longer is', async () => {
    const client = await open();
    proxy.slow(20);
    const startedAt = performance.now();
    assert.equal(await ask(client, 'slow'), 'slow');
    assert.ok(performance.now() - startedAt >= 38, 'both ways take longer');
    proxy.slow(60_000);
    await new Promise((resolve) => client.write('one', resolve));
    await proxy.heal();
    assert.match(await ask(client, 'two'), /^one/);
  });

  it('resets after a number of bytes of the server: the client has at most those, and the server has had all', async () => {
    const client = await open();
    await ask(client, 'hello');
    proxy.cutAfter('server', 3);
    const got: string[] = [];
    client.on('data', (chunk) => got.push(chunk.toString()));
    const failed = failure(client);
    client.write('commit');
    assert.equal(await failed, 'ECONNRESET');
    assert.deepEqual(echo.received, ['hello', 'commit']);
    assert.ok('com'.startsWith(got.join('')));
    assert.equal(await ask(await open(), 'again'), 'again', 'once only');
  });

  it('resets before the first byte of an answer', async () => {
    const client = await open();
    proxy.cutAfter('server', 0);
    client.on('data', () => assert.fail('nothing of the answer arrives'));
    const failed = failure(client);
    client.write('commit');
    assert.equal(await failed, 'ECONNRESET');
    assert.deepEqual(echo.received, ['commit']);
  });

  it('resets in the middle of what a client sends', async () => {
    const client = await open();
    proxy.cutAfter('client', 4);
    const failed = failure(client);
    client.write('insert into');
    assert.equal(await failed, 'ECONNRESET');
    assert.ok('inse'.startsWith(echo.received.join('')));
  });

  it('leads to another server when it is told to', async () => {
    const other = new EchoServer();
    proxy.retarget(await other.start());
    assert.equal(await ask(await open(), 'hello'), 'hello');
    assert.deepEqual([echo.received, other.received], [[], ['hello']]);
    await other.stop();
  });
});
