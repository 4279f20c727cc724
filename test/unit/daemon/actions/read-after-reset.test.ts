import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { readAfterReset } from '../../../../daemon/actions/guarded-connector.ts';

/** In a thread, so that it answers and resets while this one does nothing. */
const server = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.pause();
    socket.write('413', () => {
      socket.resetAndDestroy();
      Atomics.store(workerData, 0, 1);
      Atomics.notify(workerData, 0);
    });
  });
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

/** What has been received outlives a reset on Linux; elsewhere the system may drop it. */
(process.platform === 'linux' ? describe : describe.skip)('a connection that is reset while it is written to', () => {
  for (const isCured of [true, false]) {
    it(isCured ? 'is read to its end' : '(control) loses what has been received if nothing is done', async () => {
      const isReset = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(server, { eval: true, workerData: isReset });
      try {
        const [port] = (await once(worker, 'message')) as [number];
        const socket = connect(port, '127.0.0.1');
        if (isCured) readAfterReset(socket);
        let received = '';
        socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        socket.write('a');
        // eslint-disable-next-line no-restricted-syntax -- waits for the event itself, and this thread may not read meanwhile
        Atomics.wait(isReset, 0, 0);
        socket.write(Buffer.alloc(1_000_000));
        // Not `once`, which an error rejects.
        const closed = Promise.withResolvers<undefined>();
        socket.once('close', () => closed.resolve(undefined));
        await closed.promise;
        assert.equal(received, isCured ? '413' : '');
      } finally {
        await worker.terminate();
      }
    });
  }
});
