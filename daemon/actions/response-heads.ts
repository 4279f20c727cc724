import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

/** undici publishes `{ request, socket }` here right before it writes a request, in the same turn as `onRequestStart`. */
const sendHeadersChannel = 'undici:client:sendHeaders';
const protocol = 'HTTP/1.';
/** `HTTP/1.1 200`: as much as says the status. */
const statusLength = 12;
/** Interim answers whose end doesn't come within this are left to undici's own bound, in bytes. */
const maxInterimBytes = 65_536;

/** Told the status of the final answer as soon as its first line has come. */
export type StatusListener = (status: number) => void;

/**
 * Looks at the beginning of each answer before undici parses it, for two things that undici doesn't do:
 * - Interim answers (1xx) are read and dropped, as RFC 9110 (15.2) asks of every client. undici takes an unasked `100 Continue` for a
 *   broken answer and closes the connection, although the request may have had its effect.
 * - The status is known even if the rest of the answer can't be read: headers that are too large or malformed, a connection that is cut.
 *   So nothing is repeated that has been confirmed.
 *
 * It works on the socket's own bytes, over TLS and through proxies as well, and costs nothing after the first line.
 */
export class ResponseHeads {
  readonly #readers = new WeakMap<Socket, HeadReader>();
  #next: StatusListener | undefined;

  start(): void {
    subscribe(sendHeadersChannel, this.#onSendHeaders);
  }

  stop(): void {
    unsubscribe(sendHeadersChannel, this.#onSendHeaders);
  }

  /** The request that is written next, in this turn, is answered to `listener`. Call it in `onRequestStart`. */
  expect(listener: StatusListener): void {
    this.#next = listener;
  }

  /** Also called for requests of others in this process, which expect nothing here. */
  readonly #onSendHeaders = (message: unknown): void => {
    const listener = this.#next;
    this.#next = undefined;
    if (listener === undefined || typeof message !== 'object' || message === null || !('socket' in message) || !(message.socket instanceof Socket)) return;
    let reader = this.#readers.get(message.socket);
    if (reader === undefined) {
      reader = new HeadReader(message.socket);
      this.#readers.set(message.socket, reader);
    }
    reader.expect(listener);
  };
}

/** Stands between a socket and undici's parser, which takes bytes by `read`. */
class HeadReader {
  /** Undefined from the first line of an answer to the next request. */
  #listener: StatusListener | undefined;
  /** Bytes that don't say enough yet. */
  #held: Buffer | undefined;

  constructor(socket: Socket) {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number): Buffer | null => {
      for (;;) {
        const chunk = read(size);
        if (chunk === null || this.#listener === undefined) return chunk;
        const rest = this.#take(chunk, this.#listener);
        if (rest !== undefined) return rest;
      }
    };
  }

  expect(listener: StatusListener): void {
    this.#listener = listener;
    this.#held = undefined;
  }

  /** What is for the parser; undefined if nothing is yet. */
  #take(chunk: Buffer, listener: StatusListener): Buffer | undefined {
    let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    for (;;) {
      // A stray line break before an answer, which parsers of HTTP have always put up with.
      while (bytes[0] === 0x0d || bytes[0] === 0x0a) bytes = bytes.subarray(1);
      if (bytes.length < statusLength && protocol.startsWith(bytes.toString('latin1', 0, protocol.length))) break;
      const status = statusOf(bytes);
      // 101 is not an interim answer: what follows it would be another protocol, which nobody has asked for.
      if (status < 100 || status > 199 || status === 101) {
        this.#listener = undefined;
        if (status >= 200) listener(status);
        return bytes;
      }
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0 && bytes.length > maxInterimBytes) {
        this.#listener = undefined;
        return bytes;
      }
      if (end < 0) break;
      bytes = bytes.subarray(end + 4);
    }
    if (bytes.length > 0) this.#held = bytes;
    return undefined;
  }
}

/** The status that a first line says; 0 if it is none of HTTP/1. Digit by digit, because it is asked once a call. */
function statusOf(line: Buffer): number {
  let status = 0;
  for (let at = 0; at < statusLength; at++) {
    const byte = line[at] ?? 0;
    if (at < protocol.length) {
      if (byte !== protocol.charCodeAt(at)) return 0;
    } else if (at === 8) {
      if (byte !== 0x20) return 0;
    } else if (byte < 0x30 || byte > 0x39) {
      return 0;
    } else if (at > 8) {
      status = status * 10 + byte - 0x30;
    }
  }
  return status;
}
