import assert from 'node:assert/strict';
import { CodedError, errorCodes } from '../../../../schemas/protocol/error.ts';
import type { QueueView } from '../../../../schemas/protocol/queue.ts';
import { Countdown } from '../../../support/countdown.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { ServerBench, type RpcAnswer, type RpcClient } from '../../../support/server-bench.ts';

describe('requests', () => {
  let bench: ServerBench;
  let client: RpcClient;
  let hold: Promise<unknown> | undefined;
  let held: Countdown;

  beforeEach(async () => {
    hold = undefined;
    held = new Countdown();
    bench = await ServerBench.start({
      handlers: {
        'run/start': async ({ workflow }) => {
          if (workflow === 'missing') throw new CodedError('not-found', 'There is no workflow missing.', { suggestions: ['mission'], code: 'forged' });
          if (workflow === 'bug') throw new TypeError('m4rk3r: cannot read /home/ann/secret');
          if (workflow === 'circle') {
            const circle: Record<string, unknown> = { id: 'r1' };
            circle.self = circle;
            return circle as { id: string };
          }
          return { id: 'r1' };
        },
        'job/list': async () => {
          held.tick();
          await hold;
          return { jobs: [] };
        },
        'log/tail': async ({ lines = 1 }) => ({ lines: Array.from({ length: lines }, () => 'x'.repeat(100_000)) }),
        'queue/pause': async ({ queue }) => ({ name: queue }) as unknown as QueueView,
      },
      limits: { requestsInFlight: 4, slowBytes: 100_000, bufferedBytes: 1_000_000, messageBytes: 64 * 1024, fragments: 16 },
    });
    client = await bench.connect();
  });
  afterEach(async () => bench.stop());

  const codeOf = ({ error }: RpcAnswer): unknown => error?.data?.code;

  it('are answered', async () => {
    assert.deepEqual((await client.call('run/start', { workflow: 'letter' })).result, { id: 'r1' });
    client.send({ jsonrpc: '2.0', id: 'text', method: 'run/start', params: { workflow: 'letter' } });
    assert.deepEqual((await client.answerTo('text')).result, { id: 'r1' });
  });

  it('fail with a number, a word and data that cannot forge the word', async () => {
    const { error } = await client.call('run/start', { workflow: 'missing' });
    assert.deepEqual(error, { code: errorCodes['not-found'].number, message: 'There is no workflow missing.', data: { code: 'not-found', suggestions: ['mission'] } });
  });

  it('that meet a bug fail without what is inside, which the log has', async () => {
    for (const workflow of ['bug', 'circle']) {
      const answer = await client.call('run/start', { workflow });
      assert.equal(codeOf(answer), 'internal');
      assert.ok(!JSON.stringify(answer).includes('m4rk3r'));
    }
    assert.match(bench.log.text(), /m4rk3r.*\n.*at .*rpc\.test\.ts/);
    assert.ok((await client.call('run/start', { workflow: 'letter' })).result);
  });

  it('for unknown methods are told the nearest, and reach no prototype', async () => {
    const { error } = await client.call('run/strat', {});
    assert.equal(error?.code, -32601);
    assert.match(error.message, /Did you mean 'run\/start'\?/);
    for (const method of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '$/cancelRequest', 'x'.repeat(10_000)]) {
      assert.equal(codeOf(await client.call(method, {})), 'unknown-method', method);
    }
  });

  const wrong: Record<string, [method: string, params: unknown, field: string | undefined, message: RegExp]> = {
    'a missing parameter': ['run/start', {}, 'workflow', /^run\/start: 'workflow' is missing\.$/],
    'no parameters where there must be some': ['run/start', undefined, 'workflow', /'workflow' is missing/],
    'an unknown parameter, with the nearest': ['run/start', { workflow: 'a', inptus: {} }, 'inptus', /no parameter 'inptus'\. Did you mean 'inputs'\?/],
    'an unknown parameter, with what there is': ['queue/pause', { queue: 'a', zzzzzzz: 1 }, 'zzzzzzz', /There are: queue\./],
    'a parameter if there is none': ['daemon/status', { a: 1 }, 'a', /There are none/],
    'a wrong type': ['job/list', { limit: 'ten' }, 'limit', /'limit' must be an integer, not a string/],
    'a fraction': ['job/list', { limit: 1.5 }, 'limit', /must be an integer, not a number with a fraction/],
    'null': ['queue/pause', { queue: null }, 'queue', /must be a string, not null/],
    'a wrong type where several are right': ['queue/set', { queue: 'a', concurrency: true }, 'concurrency', /'concurrency' must be an integer or 'file', not true or false/],
    'a word that is not the right one': ['queue/set', { queue: 'a', concurrency: 'flie' }, 'concurrency', /'concurrency' must be an integer or 'file', not a string/],
    'null for what the file says': ['queue/set', { queue: 'a', rate: null }, 'rate', /'rate' must be a string, not null/],
    'too large a number': ['job/list', { limit: 1001 }, 'limit', /'limit' must be <= 1000/],
    'a wrong word': ['job/list', { state: 'actve' }, 'state', /must be one of pending, .*Did you mean 'active'\?/],
    'an id of another kind': ['job/get', { id: 'r12' }, 'id', /'id' must match pattern .* A job: `j4031`/],
    'one wrong item of many': ['dead/replay', { ids: ['j1', 'j2', 3] }, 'ids[2]', /'ids\[2\]' must be a string/],
    'too many items': ['dead/replay', { ids: Array.from({ length: 1001 }, (_, index) => `j${index + 1}`) }, 'ids', /must NOT have more than 1000 items/],
    'a wrong topic': ['subscribe', { topic: 'queue' }, 'topic', /'topic' must be one of queues, runs, run, bulks, bulk, schedules, deliveries, waits, status, log\. Did you mean 'queues'\?/],
    'a topic that is not text': ['subscribe', { topic: {} }, 'topic', /must be one of/],
    'a topic without what it needs': ['subscribe', { topic: 'run' }, 'id', /^subscribe: 'id' is missing/],
    'a topic with too much': ['subscribe', { topic: 'runs', id: 'r1' }, 'id', /no parameter 'id'/],
    'parameters by position': ['run/start', ['letter'], undefined, /by name/],
    'parameters that are not an object': ['run/start', 'letter', undefined, /by name/],
  };
  for (const [name, [method, params, field, message]] of Object.entries(wrong)) {
    it(`with ${name} are told what would be right`, async () => {
      const { error } = await client.call(method, params);
      assert.equal(error?.code, -32602);
      assert.match(error.message, message);
      assert.equal(error.data?.field, field);
    });
  }

  const malformed: Record<string, [text: string, code: string]> = {
    'no JSON': ['{"jsonrpc": "2.0"', 'parse-error'],
    'an empty message': ['', 'parse-error'],
    'no object': ['42', 'invalid-request'],
    'null': ['null', 'invalid-request'],
    'a batch': ['[{"jsonrpc":"2.0","id":1,"method":"daemon/status"}]', 'invalid-request'],
    'no version': ['{"id":null,"method":"daemon/status"}', 'invalid-request'],
    'no method': ['{"jsonrpc":"2.0","id":null}', 'invalid-request'],
    'a method that is not text': ['{"jsonrpc":"2.0","id":null,"method":{"toString":1}}', 'invalid-request'],
    'an id that is null': ['{"jsonrpc":"2.0","id":null,"method":"daemon/status"}', 'invalid-request'],
    'an id that is an object': ['{"jsonrpc":"2.0","id":{},"method":"daemon/status"}', 'invalid-request'],
    'an id beyond all numbers': ['{"jsonrpc":"2.0","id":1e400,"method":"daemon/status"}', 'invalid-request'],
    'deep arrays': [`{"jsonrpc":"2.0","id":null,"method":"run/start","params":{"workflow":"a","inputs":{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}}}`, 'invalid-request'],
    'deep objects': [`${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`, 'invalid-request'],
    'a __proto__ key': ['{"jsonrpc":"2.0","id":null,"method":"run/start","params":{"workflow":"a","inputs":{"__proto__":{"admin":true}}}}', 'invalid-request'],
  };
  for (const [name, [text, code]] of Object.entries(malformed)) {
    it(`that are ${name} are refused, and the connection continues`, async () => {
      client.send(text);
      assert.equal(codeOf(await client.answerTo(null)), code);
      assert.equal(({} as Record<string, unknown>).admin, undefined);
      assert.ok((await client.call('run/start', { workflow: 'letter' })).result);
    });
  }

  it('with a flaw are answered by their id where they have one', async () => {
    client.send('{"jsonrpc":"1.0","id":77,"method":"daemon/status"}');
    assert.equal(codeOf(await client.answerTo(77)), 'invalid-request');
    client.send('{"jsonrpc":"2.0","id":78,"method":"run/start","params":{"workflow":"letter","inputs":{"id":7615917337495251231}}}');
    const rounded = await client.answerTo(78);
    assert.equal(codeOf(rounded), 'invalid-request');
    assert.match(rounded.error?.message ?? '', /the number 7615917337495251231 would become 7615917337495251000/);
    client.send('{"jsonrpc":"2.0","id":79,"method":"run/start","params":{"workflow":"letter","inputs":{"to":"ada","to":"bob"}}}');
    const repeated = await client.answerTo(79);
    assert.equal(codeOf(repeated), 'invalid-request');
    assert.match(repeated.error?.message ?? '', /the key "to" is in the same object twice/);
  });

  it('are all that is answered: notifications, cancellations and responses are ignored', async () => {
    client.send({ jsonrpc: '2.0', method: 'run/start', params: { workflow: 'bug' } });
    client.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: null });
    client.send({ jsonrpc: '2.0', method: '$/cancelRequest' });
    client.send({ jsonrpc: '2.0', method: '$/progress', params: [1, 2] });
    client.send({ jsonrpc: '2.0', id: 1, result: {} });
    client.send({ jsonrpc: '2.0', id: null, error: { code: 1, message: 'no' } });
    assert.ok((await client.call('run/start', { workflow: 'letter' })).result);
    assert.deepEqual(client.messages, []);
    assert.deepEqual(bench.log.entries, []);
  });

  it('beyond what may be under way are refused, and again accepted later', async () => {
    const gate = Promise.withResolvers<undefined>();
    hold = gate.promise;
    const first = [1, 2, 3, 4].map(async () => client.call('job/list', {}));
    await held.reached(4);
    const { error } = await client.call('job/list', {});
    assert.equal(error?.data?.code, 'too-many');
    gate.resolve(undefined);
    assert.equal((await Promise.all(first)).filter(({ result }) => result !== undefined).length, 4);
    assert.ok((await client.call('job/list', {})).result);
  });

  it('with an id that is under way are refused, instead of taking the place of the first', async () => {
    const gate = Promise.withResolvers<undefined>();
    hold = gate.promise;
    client.send({ jsonrpc: '2.0', id: 500, method: 'job/list', params: {} });
    await held.reached(1);
    client.send({ jsonrpc: '2.0', id: '500', method: 'job/list', params: {} });
    assert.equal(codeOf(await client.answerTo('500')), 'invalid-request');
    gate.resolve(undefined);
    assert.deepEqual((await client.answerTo(500)).result, { jobs: [] });
  });

  it('in thousands at once are each answered', async () => {
    const answers = await Promise.all(Array.from({ length: 5_000 }, async () => client.call('run/start', { workflow: 'letter' })));
    assert.ok(answers.every((answer) => answer.result !== undefined || codeOf(answer) === 'too-many'));
    assert.ok(await bench.isAlive());
  });

  it('under way are answered before a stop, and later ones are refused', async () => {
    const gate = Promise.withResolvers<undefined>();
    hold = gate.promise;
    const early = client.call('job/list', {});
    await held.reached(1);
    const stopped = bench.server.stop();
    assert.equal(codeOf(await client.call('run/start', { workflow: 'letter' })), 'stopping');
    gate.resolve(undefined);
    assert.deepEqual((await early).result, { jobs: [] });
    assert.equal(await client.closed, 1001);
    await stopped;
  });

  describe('from hostile clients', () => {
    const closing: Record<string, [send: (client: RpcClient) => void, code: number]> = {
      'too large a message': [({ socket }) => socket.send('x'.repeat(70_000)), 1009],
      'too large a message in parts': [
        ({ socket }) => {
          for (let part = 0; part < 8; part++) socket.send('x'.repeat(10_000), { fin: false });
        },
        1009,
      ],
      'a message in too many parts': [
        ({ socket }) => {
          for (let part = 0; part < 20; part++) socket.send('x', { fin: false });
        },
        1008,
      ],
      'a binary message': [({ socket }) => socket.send(Buffer.from('{}')), 1003],
      'no UTF-8': [({ socket }) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
    };
    for (const [name, [send, code]] of Object.entries(closing)) {
      it(`${name} ends their connection alone`, async () => {
        const hostile = await bench.connect();
        send(hostile);
        assert.equal(await hostile.closed, code);
        assert.ok((await client.call('run/start', { workflow: 'letter' })).result);
      });
    }

    it('are not granted compression', async () => {
      const offering = await bench.connect({ perMessageDeflate: true });
      assert.equal(offering.socket.extensions, '');
    });

    it('that never read are cut off, and what waits for them is bounded', async () => {
      const deaf = await bench.connect();
      deaf.socket.pause();
      // 10 MB an answer: far more than the kernel takes.
      for (let id = 1; id <= 4; id++) deaf.send({ jsonrpc: '2.0', id, method: 'log/tail', params: { lines: 100 } });
      await bench.log.added.reached(1);
      assert.match(bench.log.text(), /dropped.*more waits for it than it reads/);
      deaf.socket.terminate();
      assert.ok((await client.call('run/start', { workflow: 'letter' })).result);
    });

    it('that read late get all of a large answer', async () => {
      const late = await bench.connect();
      late.socket.pause();
      const answer = late.call('log/tail', { lines: 200 });
      assert.ok((await client.call('run/start', { workflow: 'letter' })).result);
      late.socket.resume();
      const { result } = await answer;
      assert.equal((result as { lines: string[] }).lines.length, 200);
      assert.ok((await late.call('run/start', { workflow: 'letter' })).result);
    });

    it('that break off within a frame do no harm', async () => {
      const torn = await bench.connect();
      // A frame that promises 1,000 bytes.
      (torn.socket as unknown as { _socket: { write(bytes: Buffer): void; resetAndDestroy(): void } })._socket.write(Buffer.from([0x81, 0xfe, 0x03, 0xe8, 1, 2, 3, 4, 5]));
      (torn.socket as unknown as { _socket: { write(bytes: Buffer): void; resetAndDestroy(): void } })._socket.resetAndDestroy();
      await torn.closed;
      assert.ok(await bench.isAlive());
    });
  });
});

describe('pings', () => {
  it('drop a client that does not answer, and keep one that does', async () => {
    const clock = new FakeClock();
    const bench = await ServerBench.start({ clock, limits: { pingEveryMs: 1_000 } });
    const good = await bench.connect();
    const half = await bench.connect({ autoPong: false });
    const pinged = [good, half].map(async ({ socket }) => new Promise((resolve) => socket.once('ping', resolve)));
    await clock.advance(1_000);
    await Promise.all(pinged);
    // Its pong is there before the answer to this.
    await good.call('daemon/status', {});
    await clock.advance(1_000);
    assert.equal(await half.closed, 1006);
    assert.ok((await good.call('run/strat', {})).error);
    good.socket.terminate();
    half.socket.terminate();
    await good.closed;
    await bench.stop();
  });
});
