import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type WebhookDoor, type WebhookHead, WebhookListener } from '../../../../daemon/triggers/webhook-listener.ts';
import type { WebhookLimits } from '../../../../daemon/triggers/webhook-limits.ts';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { Countdown } from '../../../support/countdown.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { freePort } from '../../../support/free-port.ts';
import { KeptLog } from '../../../support/server-bench.ts';

/** Takes everything below /hooks/ but `shut`, and answers with what it got. */
class EchoDoor implements WebhookDoor {
  readonly prefix = '/hooks/';
  readonly heads: WebhookHead[] = [];
  readonly troubles: string[] = [];
  /** Until then no request is done. */
  gate: Promise<unknown> = Promise.resolve();
  readonly arrived = new Countdown();
  readonly finishing = new Countdown();
  /** Of bodies, in the order in which they are worked on. */
  readonly lengths: number[] = [];

  admit(head: WebhookHead): ReturnType<WebhookDoor['admit']> {
    this.heads.push(head);
    this.arrived.tick();
    if (head.path === 'shut') return { kind: 'answer', answer: { status: 401 } };
    return {
      kind: 'read',
      finish: async (body) => {
        this.lengths.push(body.length);
        this.finishing.tick();
        await this.gate;
        return { status: 202, body: { json: { bytes: body.length, text: body.toString('utf8', 0, 40) } } };
      },
      troubled: (trouble) => this.troubles.push(trouble),
    };
  }
}

describe('webhook listener', () => {
  let listener: WebhookListener;
  let door: EchoDoor;
  let log: KeptLog;

  async function open(limits: Partial<WebhookLimits> = {}): Promise<string> {
    door = new EchoDoor();
    log = new KeptLog();
    listener = new WebhookListener({ doors: [door], clock: systemClock, log, limits: { stopGraceMs: 200, ...limits } });
    await listener.apply({ host: '127.0.0.1', port: 0 });
    return `http://127.0.0.1:${portOf(listener)}`;
  }

  afterEach(() => listener.stop());

  const post = async (url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<{ status: number; text: string; headers: Headers }> => {
    const response = await fetch(url, { method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body), headers });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  it('leads to its doors and nowhere else', async () => {
    const url = await open();
    assert.equal((await post(`${url}/hooks/a/b?x=1&x=2`, '{}')).status, 202);
    assert.deepEqual({ path: door.heads[0]?.path, target: door.heads[0]?.target, x: door.heads[0]?.query.getAll('x') }, { path: 'a/b', target: '/hooks/a/b?x=1&x=2', x: ['1', '2'] });
    for (const target of ['/', '/rpc', '/healthz', '/metrics', '/hooks', '/HOOKS/a', '//hooks/a', '/x/../hooks/a']) {
      assert.equal(await statusOf(url, `POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n`), 404, target);
    }
    assert.equal(door.heads.length, 1);
  });

  it('has no WebSocket, whatever token one brings', async () => {
    const url = await open();
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    assert.equal(await statusOf(url, `GET /rpc HTTP/1.1\r\nhost: x\r\nauthorization: Bearer abc\r\n${upgrade}`), 404);
    assert.equal(await statusOf(url, 'CONNECT other.example:443 HTTP/1.1\r\nhost: x\r\n'), undefined);
  });

  it('answers a request that offers another protocol as any other', async () => {
    const url = await open();
    const { port } = new URL(url);
    const answer = await answerTo(Number(port), `POST /hooks/a HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\ncontent-length: 2\r\n\r\n{}`);
    assert.match(answer, /^HTTP\/1\.1 202 [^]*"text":"\{\}"/);
  });

  it('understands a whole URL as a target, and leads by its path alone', async () => {
    const url = await open();
    assert.equal(await statusOf(url, 'POST http://hooks.example.com/hooks/a?x=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n', '{}'), 202);
    assert.deepEqual([door.heads[0]?.path, door.heads[0]?.target], ['a', '/hooks/a?x=1']);
    assert.equal(await statusOf(url, 'POST http://hooks.example.com/rpc?/hooks/a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n', '{}'), 404);
  });

  it('asks for a body that is held back only if it is going to read it', async () => {
    const url = await open({ bodyBytes: 1000 });
    const { port } = new URL(url);
    const ask = (path: string, length: number): Promise<string> => answerTo(Number(port), `POST /hooks/${path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`, '{}');
    assert.match(await ask('a', 2), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
    assert.match(await ask('shut', 2), /^HTTP\/1\.1 401 /);
    assert.match(await ask('a', 5000), /^HTTP\/1\.1 413 /);
  });

  it('takes a request in one way only: of two lengths, of a coding that it does not know, it takes none', async () => {
    const url = await open();
    const bad = ['content-length: 2\r\ncontent-length: 4', 'content-length: 2\r\ntransfer-encoding: chunked', 'transfer-encoding: chunked, identity', 'transfer-encoding: xchunked', 'content-length : 2', 'content-length: +2', 'x-a: b\r\n c\r\ncontent-length: 2'];
    for (const headers of bad) assert.equal(await statusOf(url, `POST /hooks/a HTTP/1.1\r\nhost: x\r\n${headers}\r\n`, '2\r\n{}\r\n0\r\n\r\n'), 400, headers);
    assert.equal(await statusOf(url, 'POST /hooks/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'), 501);
    assert.equal(door.heads.length, 0);
  });

  it('works on large bodies one at a time, and on others meanwhile', async () => {
    const url = await open();
    const gate = Promise.withResolvers<undefined>();
    door.gate = gate.promise;
    const large = [1, 2, 3].map(() => post(`${url}/hooks/a`, 'x'.repeat(300_000)));
    await door.finishing.reached(1);
    const small = post(`${url}/hooks/a`, '{}');
    await door.finishing.reached(2);
    assert.deepEqual(door.lengths, [300_000, 2]);
    gate.resolve(undefined);
    assert.deepEqual((await Promise.all([...large, small])).map(({ status }) => status), [202, 202, 202, 202]);
  });

  it('undoes content codings and chunks', async () => {
    const url = await open();
    const text = JSON.stringify({ a: 'x'.repeat(1000) });
    for (const [coding, packed] of [['gzip', gzipSync(text)], ['deflate', deflateSync(text)], ['br', brotliCompressSync(text)], ['identity', Buffer.from(text)]] as const) {
      const { status, text: answer } = await post(`${url}/hooks/a`, packed, { 'content-encoding': coding });
      assert.equal(status, 202, coding);
      assert.equal((JSON.parse(answer) as { bytes: number }).bytes, text.length, coding);
    }
    assert.equal(await statusOf(url, 'POST /hooks/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'), 202);
    assert.deepEqual([(await post(`${url}/hooks/a`, 'x', { 'content-encoding': 'zstd' })).status, (await post(`${url}/hooks/a`, 'x', { 'content-encoding': 'gzip' })).status, (await post(`${url}/hooks/a`, 'x', { 'content-encoding': 'gzip, gzip' })).status], [415, 415, 415]);
    assert.deepEqual(door.troubles, ['undecodable', 'undecodable', 'undecodable']);
  });

  it('takes no body beyond the bound: announced, sent without an announcement, or unfolded', async () => {
    const url = await open({ bodyBytes: 100_000 });
    assert.equal((await post(`${url}/hooks/a`, 'x'.repeat(100_000))).status, 202);
    assert.equal((await post(`${url}/hooks/a`, 'x'.repeat(100_001))).status, 413);
    assert.equal(await statusOf(url, 'POST /hooks/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n', `1ffff\r\n${'x'.repeat(0x1ffff)}\r\n`), 413);
    for (const [coding, bomb] of [['gzip', gzipSync(Buffer.alloc(50_000_000))], ['deflate', deflateSync(Buffer.alloc(50_000_000))], ['br', brotliCompressSync(Buffer.alloc(50_000_000))]] as const) {
      assert.ok(bomb.length < 100_000);
      assert.equal((await post(`${url}/hooks/a`, bomb, { 'content-encoding': coding })).status, 413, coding);
    }
    assert.equal(door.troubles.length, 5);
  });

  it('has a bound for all bodies together, and takes others again when they are done', async () => {
    const url = await open({ allBodiesBytes: 150_000 });
    const gate = Promise.withResolvers<undefined>();
    door.gate = gate.promise;
    const first = post(`${url}/hooks/a`, 'x'.repeat(100_000));
    await door.arrived.reached(1);
    const second = await post(`${url}/hooks/a`, 'x'.repeat(100_000));
    assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '5']);
    gate.resolve(undefined);
    assert.equal((await first).status, 202);
    assert.equal((await post(`${url}/hooks/a`, 'x'.repeat(100_000))).status, 202);
  });

  it('answers 503 beyond its number of requests, and asks for another try', async () => {
    const url = await open({ requests: 3, concurrency: 2 });
    const gate = Promise.withResolvers<undefined>();
    door.gate = gate.promise;
    const waiting = [1, 2, 3].map(() => post(`${url}/hooks/a`, '{}'));
    await door.arrived.reached(3);
    const refused = await post(`${url}/hooks/a`, '{}');
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5']);
    gate.resolve(undefined);
    assert.deepEqual((await Promise.all(waiting)).map(({ status }) => status), [202, 202, 202]);
  });

  it('cuts off slow heads and slow bodies', async () => {
    const url = await open({ headersMs: 150, requestMs: 300 });
    assert.equal(await statusOf(url, 'POST /hooks/a HTTP/1.1\r\nhost: x', undefined, false), 408);
    assert.equal(await statusOf(url, 'POST /hooks/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n', '{"a"'), 408);
    assert.equal((await post(`${url}/hooks/a`, '{}')).status, 202);
  });

  it('bounds the headers', async () => {
    const url = await open({ headerBytes: 4096 });
    assert.equal(await statusOf(url, `POST /hooks/a HTTP/1.1\r\nhost: x\r\nx-a: ${'y'.repeat(5000)}\r\ncontent-length: 0\r\n`), 431);
    assert.equal(door.heads.length, 0);
  });

  it('answers what is refused by its head alone, although a body follows', async () => {
    const url = await open();
    const { status, text } = await post(`${url}/hooks/shut`, 'x'.repeat(200_000));
    assert.deepEqual([status, text], [401, '']);
  });

  it('says why it can\'t listen, tries again, and moves when it is told to', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const clock = new FakeClock();
    log = new KeptLog();
    const changes = new Countdown();
    listener = new WebhookListener({ doors: [new EchoDoor()], clock, log, onChange: () => changes.tick() });
    await listener.apply({ host: '127.0.0.1', port });
    const { state } = listener;
    assert.ok(state.kind === 'trouble');
    assert.match(state.problem, new RegExp(`another program listens at 127.0.0.1:${port}`));
    other.close();
    await once(other, 'close');
    await clock.advance(5_000);
    await changes.reached(2);
    assert.equal(portOf(listener), port);
    const elsewhere = await freePort();
    await listener.apply({ host: '127.0.0.1', port: elsewhere });
    assert.equal(portOf(listener), elsewhere);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/hooks/a`, { method: 'POST' }));
    await listener.apply(undefined);
    assert.deepEqual(listener.state, { kind: 'off' });
  });
});

function portOf({ state }: WebhookListener): number {
  return state.kind === 'listening' ? state.port : 0;
}

/** All that is answered until the connection ends. `body`: sent when the server asks for it. */
async function answerTo(port: number, head: string, body?: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    if (answer.startsWith('HTTP/1.1 100') && body !== undefined) socket.write(body);
  });
  socket.write(head);
  await once(socket, 'close');
  return answer;
}

/** The status that is answered to a request in raw bytes; undefined if the connection ends without one. */
async function statusOf(url: string, head: string, body = '', isComplete = true): Promise<number | undefined> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    socket.end();
  });
  socket.write(isComplete ? `${head}\r\n${body}` : head);
  await once(socket, 'close');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}
