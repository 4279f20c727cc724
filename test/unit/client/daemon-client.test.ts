import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { ClientError } from '../../../client/client-error.ts';
import { DaemonClient } from '../../../client/daemon-client.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message, sentences } from '../../../schemas/wording/message.ts';
import { stateMessage } from '../../../schemas/wording/state.ts';
import type { Changed } from '../../../schemas/protocol/subscription.ts';
import { Countdown } from '../../support/countdown.ts';
import { benchToken, ServerBench } from '../../support/server-bench.ts';

const fullMessage = sentences(message('{count, plural, one {# job waits in {queue}.} other {# jobs wait in {queue}.}}', { count: 1200, queue: 'erp' }), stateMessage('dead'));

describe('a client at the real server', () => {
  let bench: ServerBench;

  beforeEach(async () => {
    bench = await ServerBench.start({
      handlers: {
        'run/start': async ({ workflow }) => {
          if (workflow === 'busy') throw new CodedError('queue-full', fullMessage, { queue: 'erp' });
          if (workflow === 'full') throw new CodedError('queue-full', 'The queue erp is full.', { queue: 'erp' });
          return { id: 'r1' };
        },
      },
      limits: { changeEveryMs: 1 },
    });
  });
  afterEach(async () => bench.stop());

  it('calls, and gets errors as they were thrown', async () => {
    const client = await DaemonClient.open({ port: bench.port, token: benchToken });
    assert.deepEqual(await client.call('run/start', { workflow: 'letter' }), { id: 'r1' });
    await assert.rejects(client.call('run/start', { workflow: 'full' }), { code: 'queue-full', message: 'The queue erp is full.', data: { queue: 'erp' } });
    await client.close();
  });

  it('gets errors in a form that can be told in another language, and in English beside it', async () => {
    const client = await DaemonClient.open({ port: bench.port, token: benchToken });
    await assert.rejects(client.call('run/start', { workflow: 'busy' }), (error) => {
      assert.ok(error instanceof CodedError);
      assert.deepEqual([error.message, error.wording, error.data], ['1,200 jobs wait in erp. dead', fullMessage, { queue: 'erp' }]);
      return true;
    });
    await client.close();
  });

  it('subscribes, and unsubscribes', async () => {
    const client = await DaemonClient.open({ port: bench.port, token: benchToken });
    bench.topics.state = () => ({ lines: ['one'] });
    const told: string[] = [];
    const heard = new Countdown();
    const { id, snapshot } = await client.subscribe({ topic: 'log' }, ({ change }) => {
      told.push(...(change.lines ?? []));
      heard.tick();
    });
    assert.deepEqual(snapshot, { lines: ['one'] });
    bench.topics.line('two');
    await heard.reached(1);
    await client.unsubscribe(id);
    bench.topics.line('three');
    assert.deepEqual(await client.call('run/start', { workflow: 'letter' }), { id: 'r1' });
    assert.deepEqual(told, ['two']);
    await client.close();
  });

  it('is not let in with the token of another daemon', async () => {
    await assert.rejects(DaemonClient.open({ port: bench.port, token: 'of-another-daemon' }), /401/);
  });

  it('says that a request is too large, instead of losing its connection by it', async () => {
    const client = await DaemonClient.open({ port: bench.port, token: benchToken });
    await assert.rejects(client.call('run/start', { workflow: 'letter', inputs: { text: 'ä'.repeat(600_000) } }), (error) => {
      assert.ok(error instanceof ClientError && error.fault.kind === 'request-too-large');
      assert.ok(error.fault.bytes > 1_200_000, 'bytes, not characters');
      return error.code === 'too-large';
    });
    assert.deepEqual(await client.call('run/start', { workflow: 'letter' }), { id: 'r1' });
    await client.close();
  });
});

describe('a client at a daemon that goes wrong', () => {
  let server: WebSocketServer;
  let client: DaemonClient;
  /** Answers a request, or does anything else to the connection. */
  let onRequest: (request: { readonly id: number; readonly method: string }, socket: WebSocket) => void;

  const change = (id: number, number: number): string => JSON.stringify({ jsonrpc: '2.0', method: 'changed', params: { id, number, change: { lines: [`${id}.${number}`] } } });
  const answer = (id: number, result: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, result });
  const linesOf = ({ change: { lines = [] } }: Changed): string => lines.join();

  const connect = async (silenceMs?: number): Promise<DaemonClient> => {
    client = await DaemonClient.open({ port: (server.address() as AddressInfo).port, token: benchToken }, silenceMs === undefined ? {} : { silenceMs });
    return client;
  };

  beforeEach(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('message', (data) => onRequest(JSON.parse((data as Buffer).toString('utf8')) as { id: number; method: string }, socket));
    });
  });
  afterEach(async () => {
    await client.close();
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  it('shows the English text of an error whose wording is none, is too large, or would read otherwise', async () => {
    const deep = (depth: number): unknown => ({ pattern: '{a}', args: { a: depth === 0 ? 'x' : deep(depth - 1) } });
    const told = (args: unknown, pattern: unknown = '{a}'): unknown => ({ pattern, args });
    const wordings: Readonly<Record<string, unknown>> = {
      'no message': 'It is full.',
      'no pattern': told({}, 7),
      'no arguments': { pattern: 'It is full.' },
      'an argument that is none': told({ a: null }),
      'too long a pattern': told({}, ' '.repeat(4_001)),
      'too long a text': told({ a: 'x'.repeat(100_001) }),
      'too many arguments': told(Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`a${index}`, 1]))),
      'too deep': deep(1_000),
      'another text': told({ a: 'It is empty.' }),
      'a name of an object of its own': told({}, '{constructor}'),
    };
    let wording: unknown;
    onRequest = ({ id }, socket) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: 5, message: 'It is full.', data: { code: 'queue-full', wording } } }));
    await connect();
    for (const [name, one] of Object.entries(wordings)) {
      wording = one;
      await assert.rejects(client.call('run/start', { workflow: 'letter' }), (error) => {
        assert.ok(error instanceof CodedError);
        assert.deepEqual([error.code, error.message, error.wording, error.data], ['queue-full', 'It is full.', undefined, {}], name);
        return true;
      });
    }
    wording = told({ a: told({ b: 'full' }, 'It is {b}.') });
    await assert.rejects(client.call('run/start', { workflow: 'letter' }), { message: 'It is full.', wording });
  });

  it('hands out the snapshot first and every change after it in order, though the first ones come with the answer', async () => {
    onRequest = ({ id }, socket) => {
      socket.send(change(1, 1));
      socket.send(answer(id, { id: 1, snapshot: { lines: ['now'] } }));
      for (let number = 2; number <= 20; number++) socket.send(change(1, number));
    };
    const heard: string[] = [];
    const all = new Countdown();
    const { snapshot } = await (await connect()).subscribe({ topic: 'log' }, (changed) => {
      heard.push(linesOf(changed));
      all.tick();
    });
    heard.push(`snapshot ${snapshot.lines?.join() ?? ''}`);
    await all.reached(20);
    assert.deepEqual(heard, ['snapshot now', ...Array.from({ length: 20 }, (_, index) => `1.${index + 1}`)]);
  });

  it('keeps two subscriptions apart whose answers cross', async () => {
    const waiting: number[] = [];
    onRequest = ({ id }, socket) => {
      waiting.push(id);
      if (waiting.length < 2) return;
      socket.send(change(2, 1));
      socket.send(change(1, 1));
      for (const [index, one] of waiting.toReversed().entries()) socket.send(answer(one, { id: 2 - index, snapshot: {} }));
    };
    const heard: string[] = [];
    const both = new Countdown();
    const listen = (name: string) => (changed: Changed) => {
      heard.push(`${name} ${linesOf(changed)}`);
      both.tick();
    };
    await connect();
    await Promise.all([client.subscribe({ topic: 'log' }, listen('first')), client.subscribe({ topic: 'log' }, listen('second'))]);
    await both.reached(2);
    assert.deepEqual(heard.sort(), ['first 1.1', 'second 2.1']);
  });

  it('hears nothing of a subscription that it has ended, and keeps nothing of one that is none of its own', async () => {
    onRequest = ({ id, method }, socket) => {
      for (let number = 1; number <= 3_000; number++) socket.send(change(method === 'subscribe' ? 9 : 1, number));
      socket.send(answer(id, method === 'subscribe' ? { id: 1, snapshot: {} } : {}));
    };
    await connect();
    let heard = 0;
    // More than it keeps for an answer that is on its way: a gap would go unseen, so it ends the connection instead.
    await assert.rejects(client.subscribe({ topic: 'log' }, () => heard++), { code: 'unreachable' });
    await client.closed;
    await connect();
    onRequest = ({ id, method }, socket) => {
      if (method === 'unsubscribe') socket.send(change(1, 1));
      socket.send(answer(id, method === 'subscribe' ? { id: 1, snapshot: {} } : {}));
    };
    const { id } = await client.subscribe({ topic: 'log' }, () => heard++);
    await client.unsubscribe(id);
    await client.call('queue/list', {});
    assert.equal(heard, 0);
  });

  it('tells that the daemon was lost before it answered, and which call that was', async () => {
    onRequest = (_request, socket) => socket.terminate();
    await assert.rejects((await connect()).call('queue/list', {}), (error) => error instanceof ClientError && error.code === 'unreachable' && 'method' in error.fault && error.fault.method === 'queue/list');
  });

  it('takes a connection that says nothing for lost', async () => {
    onRequest = () => undefined;
    const silent = await connect(50);
    await assert.rejects(silent.call('queue/list', {}), { code: 'unreachable' });
  });

  it('knows an error by its number if it has no word, and one of an unknown number as internal', async () => {
    const numbers = [7, -32_601, 4_711];
    onRequest = ({ id }, socket) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: numbers.shift(), message: 'no' } }));
    await connect();
    for (const code of ['stopping', 'unknown-method', 'internal']) await assert.rejects(client.call('queue/list', {}), { code, message: 'no' });
  });

  it('lives through what is not a message', async () => {
    onRequest = ({ id }, socket) => {
      socket.send('{');
      socket.send('[]');
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 4_711, result: {} }));
      socket.send(answer(id, { queues: [] }));
    };
    assert.deepEqual(await (await connect()).call('queue/list', {}), { queues: [] });
  });
});
