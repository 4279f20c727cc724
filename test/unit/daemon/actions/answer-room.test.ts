import assert from 'node:assert/strict';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('a large answer', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const megabyte = 'x'.repeat(1_000_000);

  it('is read no further until there is room for it', async () => {
    const { url } = await bench.http((request) => (response) => {
      assert.equal(request.method, 'GET');
      response.writeHead(200, { 'content-length': 8 * megabyte.length });
      for (let part = 0; part < 8; part++) response.write(megabyte);
      response.end();
    });
    const asked: number[] = [];
    const { promise: reached, resolve: reach } = Promise.withResolvers<undefined>();
    const { promise: room, resolve: open } = Promise.withResolvers<undefined>();
    const result = bench.run('http/request', { url, 'max-bytes': 20_000_000 }, {
      room: async (bytes) => {
        asked.push(bytes);
        reach(undefined);
        await room;
      },
      encodeLargeBody: async (_output, { bytes }) => ({ json: bytes }),
    });
    let isDone = false;
    void result.then(() => (isDone = true));
    await reached;
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isDone, false);
    open(undefined);
    const { encodedOutput } = succeeded(await result);
    assert.equal(encodedOutput?.length, 8_000_000);
    assert.deepEqual(asked, [8_000_000], 'all of it at once, as long as the receiver says that it is');
  });

  it('asks for as much as it may take, where the receiver doesn\'t say', async () => {
    const { url } = await bench.http(() => (response) => {
      response.writeHead(200);
      response.write(megabyte.slice(0, 200_000));
      response.end();
    });
    const asked: number[] = [];
    succeeded(await bench.run('http/request', { url, 'max-bytes': 5_000_000 }, { room: async (bytes) => void asked.push(bytes) }));
    assert.deepEqual(asked, [5_000_000]);
  });

  it('asks for nothing if it is small', async () => {
    const { url } = await bench.http(() => ({ body: 'x'.repeat(60_000) }));
    succeeded(await bench.run('http/request', { url }, { room: async () => assert.fail('asked') }));
  });

  it('ends when the attempt is aborted while it waits', async () => {
    const { sink, url } = await bench.http(() => ({ body: megabyte }));
    const controller = new AbortController();
    const { promise: reached, resolve: reach } = Promise.withResolvers<undefined>();
    const result = bench.run('http/request', { url }, {
      signal: controller.signal,
      room: async () => {
        reach(undefined);
        await new Promise<void>((_resolve, reject) => controller.signal.addEventListener('abort', () => reject(new Error('aborted'))));
      },
    });
    await reached;
    controller.abort(new DOMException('timeout', 'TimeoutError'));
    failed(await result);
    await sink.disconnected(1);
  });
});
