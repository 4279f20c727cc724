import type { Socket } from 'node:net';

/** How long a connection that takes no more is read on, in milliseconds: what was received is there already. */
const graceMs = 1000;

type Written = (error?: Error | null) => void;
interface WritableInside {
  _write(chunk: unknown, encoding: BufferEncoding, done: Written): void;
  _writev?: (chunks: readonly { readonly chunk: unknown; readonly encoding: BufferEncoding }[], done: Written) => void;
}

/**
 * Lets a connection that the other side has reset be read to its end. A server that takes no more of a body, with 413 say, answers and closes while
 * the rest is being sent. If the reset is met by a write, Node destroys the socket, and with it the answer that has been received and not read:
 * the call seems to have failed for no reason. Here such a write just doesn't end until the socket was read.
 */
export function readAfterReset(socket: Socket): void {
  const inside = socket as unknown as WritableInside;
  const held = (done: Written): Written => (error) => {
    const code = error !== null && error !== undefined && 'code' in error ? error.code : undefined;
    if (code !== 'ECONNRESET' && code !== 'EPIPE') {
      done(error);
      return;
    }
    const timer = setTimeout(() => done(error), graceMs);
    socket.once('close', () => clearTimeout(timer));
  };
  const write = inside._write.bind(socket);
  inside._write = (chunk, encoding, done) => write(chunk, encoding, held(done));
  const writeMany = inside._writev?.bind(socket);
  if (writeMany !== undefined) inside._writev = (chunks, done) => writeMany(chunks, held(done));
}
