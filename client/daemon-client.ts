import { createMessageConnection, ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import { CodedError, errorCodes, type ErrorCode } from '../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../schemas/protocol/method.ts';
import type { Changed, SubscribeParams, SubscribeResult } from '../schemas/protocol/subscription.ts';
import { isJsonObject, type JsonObject } from '../schemas/workflow/json.ts';
import { messageOf } from '../extension/log.ts';
import { SocketReader, SocketWriter } from './socket-transport.ts';

/** What views, commands and the mirror need of a connection. */
export interface Daemon {
  /** @throws CodedError */
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  /** `onChanged` hears nothing before the answer has been handed out, and then everything in order. */
  subscribe(topic: SubscribeParams, onChanged: (changed: Changed) => void): Promise<SubscribeResult>;
  unsubscribe(id: number): Promise<void>;
}

const handshakeMs = 5_000;
/** The daemon pings each client every 15 s. One that is silent for this long hangs, or the machine slept through its end. */
const silenceMs = 60_000;
/** A page of jobs at most; this bounds what a stranger on the port could make the window hold. */
const maxMessageBytes = 64 * 1024 * 1024;
/** The daemon ends a connection over a larger message without an answer. */
const maxRequestBytes = 1024 * 1024 - 1024;

/** A connection to a daemon. It ends once, and is then of no further use. */
export class DaemonClient implements Daemon {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;
  readonly #listeners = new Map<number, (changed: Changed) => void>();
  /** Changes of a subscription whose answer hasn't been handed out yet. */
  readonly #early: Changed[] = [];
  #silence: NodeJS.Timeout | undefined;

  /** Rejects where nobody answers, or whoever answers is not the daemon that the token belongs to. */
  static async open({ port, token }: { readonly port: number; readonly token: string }): Promise<DaemonClient> {
    // The token goes into a header and nowhere else: an address ends up in logs.
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: handshakeMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new DaemonClient(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#silence);
        resolve();
      });
    });
    // Without a listener, a connection that is reset would be an uncaught exception of the extension host.
    socket.on('error', () => undefined);
    socket.on('ping', () => this.#hear());
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket));
    this.#connection.onNotification('changed', (changed: Changed) => this.#receive(changed));
    this.#connection.onError(() => undefined);
    this.#connection.listen();
    this.#hear();
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    if (Buffer.byteLength(JSON.stringify(params)) > maxRequestBytes) {
      throw new CodedError('too-large', 'That is more than 1 MiB, which is all that a message may have. Large inputs go into a file.');
    }
    const lost = this.closed.then(() => {
      throw new CodedError('unreachable', `The daemon went away before it answered ${method}.`);
    });
    // Nobody waits for it where the request itself fails.
    lost.catch(() => undefined);
    try {
      return await Promise.race([this.#connection.sendRequest<Result<M>>(method, params), lost]);
    } catch (error) {
      throw codedErrorOf(error, method);
    }
  }

  async subscribe(topic: SubscribeParams, onChanged: (changed: Changed) => void): Promise<SubscribeResult> {
    const answer = await this.call('subscribe', topic);
    this.#listeners.set(answer.id, onChanged);
    const waiting = this.#early.filter(({ id }) => id === answer.id);
    const others = this.#early.filter(({ id }) => id !== answer.id);
    this.#early.splice(0, this.#early.length, ...others);
    // After the caller has taken up the snapshot.
    if (waiting.length > 0) setImmediate(() => waiting.forEach(onChanged));
    return answer;
  }

  async unsubscribe(id: number): Promise<void> {
    this.#listeners.delete(id);
    await this.call('unsubscribe', { id });
  }

  async close(): Promise<void> {
    this.#socket.close();
    // A daemon that hangs doesn't answer the closing handshake.
    const timer = setTimeout(() => this.#socket.terminate(), 500);
    await this.closed;
    clearTimeout(timer);
    this.#connection.dispose();
  }

  #receive(changed: Changed): void {
    const listener = this.#listeners.get(changed.id);
    if (listener !== undefined) listener(changed);
    else if (this.#early.length < 1000) this.#early.push(changed);
  }

  #hear(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.terminate(), silenceMs);
    this.#silence.unref();
  }
}

function codedErrorOf(error: unknown, method: string): CodedError {
  if (error instanceof CodedError) return error;
  if (error instanceof ResponseError) {
    const data: unknown = error.data;
    const { code, ...rest } = isJsonObject(data) ? data : ({} as JsonObject);
    return new CodedError(typeof code === 'string' && isErrorCode(code) ? code : 'internal', error.message, rest);
  }
  return new CodedError('unreachable', `The connection to the daemon broke during ${method}: ${messageOf(error)}`);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
