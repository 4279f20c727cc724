import { lookup as resolve, type LookupAddress } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, Socket } from 'node:net';
import { buildConnector } from 'undici';
import { AddressDeniedError, isAllowed, type AddressGuard } from './address-guard.ts';

/**
 * A connection that isn't there within this time has failed, in milliseconds; an attempt's own time limit may end it
 * sooner.
 */
export const connectTimeoutMs = 10_000;

/**
 * A connector for undici that only reaches what `guard` allows. Names are judged in the socket's own look-up, so the
 * addresses checked are the addresses connected to; literals, for which Node looks nothing up, are judged before.
 */
export function guardedConnector(guard: AddressGuard): buildConnector.connector {
  // One for each port, because a look-up isn't told the port that it is made for; a connector also remembers TLS
  // sessions.
  const connectors = new Map<number, buildConnector.connector>();
  return (options, callback) => {
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
    const denied = deniedLiteral(guard, options.hostname, port);
    if (denied !== undefined) {
      callback(denied, null);
      return;
    }
    let connector = connectors.get(port);
    if (connector === undefined) {
      connector = buildConnector({ lookup: guardedLookup(guard, port), timeout: connectTimeoutMs, allowH2: false });
      connectors.set(port, connector);
    }
    connector(options, (...result) => {
      if (result[0] === null) readAfterReset(result[1]);
      callback(...result);
    });
  };
}

/** Opens a TCP connection to what `guard` allows: for protocols other than HTTP. Errors reach `callback` once. */
export function connectGuarded(
  guard: AddressGuard,
  host: string,
  port: number,
  callback: (error: Error | null, socket: Socket | null) => void,
): void {
  const denied = deniedLiteral(guard, host, port);
  if (denied !== undefined) {
    queueMicrotask(() => callback(denied, null));
    return;
  }
  const socket = connectTcp({ host, port, lookup: guardedLookup(guard, port), noDelay: true });
  const timer = setTimeout(() => socket.destroy(timeoutError(host, port)), connectTimeoutMs);
  const fail = (error: Error): void => {
    clearTimeout(timer);
    callback(error, null);
  };
  socket.once('error', fail);
  socket.once('connect', () => {
    clearTimeout(timer);
    socket.removeListener('error', fail);
    callback(null, socket);
  });
}

/**
 * A socket that is yet to be connected, and then only to what `guard` allows: for drivers that call `connect(port, host)` themselves. A path is that of a Unix
 * socket, which is judged as `localhost`.
 */
export function guardedSocket(guard: AddressGuard): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const guarded = (port: number | string, host?: string): Socket => {
    const isPath = typeof port === 'string' && host === undefined;
    const [to, at] = isPath ? ['localhost', 0] : [host ?? 'localhost', Number(port)];
    const decision = isPath ? guard.classifyHost(to, at) : undefined;
    const denied = decision === undefined ? deniedLiteral(guard, to, at) : isAllowed(decision) ? undefined : new AddressDeniedError(to, to, at, decision);
    if (denied !== undefined) {
      queueMicrotask(() => socket.destroy(denied));
      return socket;
    }
    return isPath ? connect(port) : connect({ host: to, port: at, lookup: guardedLookup(guard, at) });
  };
  return Object.assign(socket, { connect: guarded });
}

function guardedLookup(guard: AddressGuard, port: number): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = found.filter(({ address }) => isAllowed(guard.classify(address, port, host)));
      const [first] = allowed;
      if (first === undefined) callback(denial(guard, host, found[0], port), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function denial(guard: AddressGuard, host: string, found: LookupAddress | undefined, port: number): Error {
  const address = found?.address ?? '';
  return new AddressDeniedError(host, address, port, guard.classify(address, port, host));
}

function deniedLiteral(guard: AddressGuard, host: string, port: number): AddressDeniedError | undefined {
  if (isIP(host) === 0) return undefined;
  const decision = guard.classify(host, port);
  return isAllowed(decision) ? undefined : new AddressDeniedError(host, host, port, decision);
}

function timeoutError(host: string, port: number): Error {
  return Object.assign(new Error(`no connection to ${host} port ${port} within ${connectTimeoutMs / 1000} s`), { code: 'ETIMEDOUT' });
}

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
