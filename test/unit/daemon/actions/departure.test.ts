import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

/** A `depart` that lets go when the test says so. */
class Gate {
  asked = 0;
  readonly #reached = Promise.withResolvers<undefined>();
  readonly #open = Promise.withResolvers<undefined>();

  readonly depart = async (): Promise<void> => {
    this.asked++;
    this.#reached.resolve(undefined);
    await this.#open.promise;
  };

  /** An attempt has asked to leave. */
  get reached(): Promise<undefined> {
    return this.#reached.promise;
  }

  open(): void {
    this.#open.resolve(undefined);
  }

  refuse(): void {
    this.#open.reject(new Error('refused'));
  }
}

/** A server of plain TCP that counts connections and bytes, and answers each request with 204. */
class ByteCounter {
  bytes = 0;
  text = '';
  readonly sockets: Socket[] = [];
  readonly #server: Server = createServer((socket) => {
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      this.text += chunk.toString('latin1');
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('what leaves by a rate', () => {
  const bench = new ActionBench();
  const counter = new ByteCounter();
  let url = '';
  before(async () => {
    url = await counter.start();
  });
  after(() => counter.stop());
  afterEach(() => bench.clear());

  it('asks when the connection stands, and sends nothing before it may', async () => {
    for (const input of [{ url }, { url, method: 'POST', json: { a: 'ä' } }, { url, method: 'DELETE' }, { url, method: 'POST' }]) {
      const before = counter.bytes;
      const gate = new Gate();
      const result = bench.run('http/request', input, { depart: gate.depart });
      await gate.reached;
      assert.ok(counter.sockets.length > 0);
      assert.equal(counter.bytes, before, 'nothing has left');
      gate.open();
      succeeded(await result);
      assert.ok(counter.bytes > before);
    }
  });

  it('is the same request, byte for byte, with a rate and without one', async () => {
    const inputs = [{ url }, { url, method: 'POST', json: { a: 'ä' } }, { url, method: 'HEAD' }, { url, method: 'PUT', text: '' }, { url, method: 'GET', text: 'a' }];
    for (const input of inputs) {
      counter.text = '';
      succeeded(await bench.run('http/request', input));
      const plain = counter.text;
      counter.text = '';
      succeeded(await bench.run('http/request', input, { depart: async () => {} }));
      assert.deepEqual(counter.text.split('\r\n').sort(), plain.split('\r\n').sort());
    }
  });

  it('takes another connection when the one it waited with was closed', async () => {
    const gate = new Gate();
    const result = bench.run('http/request', { url, method: 'POST', json: {} }, { depart: gate.depart });
    await gate.reached;
    const before = counter.sockets.length;
    counter.sockets.at(-1)?.destroy();
    while (gate.asked < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(counter.sockets.length, before + 1);
    gate.open();
    succeeded(await result);
  });

  it('never leaves when it is told to end while it waits', async () => {
    const before = counter.bytes;
    const gate = new Gate();
    const controller = new AbortController();
    const result = bench.run('http/request', { url }, { depart: gate.depart, signal: controller.signal });
    await gate.reached;
    controller.abort(new DOMException('cancelled', 'AbortError'));
    gate.refuse();
    assert.equal(failed(await result).error.kind, 'cancelled');
    assert.equal(counter.bytes, before);
  });

  it('holds back the content of an e-mail, which the server asks for when all else is said', async () => {
    const { sink, connection } = await bench.smtp();
    const gate = new Gate();
    const sent = bench.mail(connection, { connection: 'esp', to: 'a@example.com', subject: 's', text: 'hello' }, { depart: gate.depart });
    await gate.reached;
    assert.equal(sink.mails.length, 0);
    gate.open();
    succeeded(await sent);
    assert.equal(sink.mails.length, 1);
    assert.match(JSON.stringify(sink.mails), /hello/);
  });
});
