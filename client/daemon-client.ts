import { AbstractMessageReader, AbstractMessageWriter, createMessageConnection, type DataCallback, type Disposable, type Message, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { type RawData, WebSocket } from 'ws';
import { maxRequestBytes, pingEveryMs } from '../schemas/protocol/discovery.ts';
import { CodedError, type ErrorCode, errorCodes, messageOfError } from '../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../schemas/protocol/method.ts';
import type { Changed, SubscribeParams, SubscribeResult } from '../schemas/protocol/subscription.ts';
import { wordingOf } from '../schemas/wording/told.ts';
import { isJsonObject, type JsonObject } from '../schemas/workflow/json.ts';
import { ClientError } from './client-error.ts';

/** What views, commands and the mirror need of a connection. */
export interface Daemon {
  /** @throws CodedError as the daemon gave it, or ClientError `request-too-large`, `lost` or `broken` */
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  /** `onChanged` hears nothing before the answer has been handed out, and then everything in order. */
  subscribe(topic: SubscribeParams, onChanged: (changed: Changed) => void): Promise<SubscribeResult>;
  unsubscribe(id: number): Promise<void>;
}

export interface DaemonAddress {
  readonly port: number;
  readonly token: string;
}

export interface ClientTimes {
  /** How long a connection may be silent before it is taken for lost; four pings of the daemon if omitted. */
  readonly silenceMs?: number;
}

/** How long opening a connection may take on loopback. */
const handshakeMs = 5_000;
/** An answer is a page, or one job with its payload. This bounds what a daemon gone wrong could make its clients hold. */
const maxAnswerBytes = 256 * 1024 * 1024;
/** What JSON-RPC adds to the parameters. */
const envelopeBytes = 1_024;
/** How long a daemon may take to answer the closing handshake. One that hangs doesn't. */
const closeLimitMs = 500;

/** Of the errors of vscode-jsonrpc's own: a message that could not be written or read, a connection that was given up. */
const ownErrorNumbers = { first: -32_099, last: -32_096 };

/** A connection to a daemon. It ends once, and is then of no further use. */
export class DaemonClient implements Daemon {
  /** Resolves when the connection has ended, no matter who ended it. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;
  readonly #inbox: SubscriptionInbox;
  readonly #silence: NodeJS.Timeout;

  /** Rejects if nobody answers, or if the one that answers is not the daemon that the token belongs to. */
  static async open({ port, token }: DaemonAddress, times: ClientTimes = {}): Promise<DaemonClient> {
    // The token goes into a header and nowhere else: an address ends up in logs.
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: handshakeMs,
      maxPayload: maxAnswerBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new DaemonClient(socket, times);
  }

  private constructor(socket: WebSocket, { silenceMs = 4 * pingEveryMs }: ClientTimes) {
    this.#socket = socket;
    // One that is silent for this long hangs, or the machine slept through its end.
    this.#silence = setTimeout(() => socket.terminate(), silenceMs).unref();
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#silence);
        resolve();
      });
    });
    // Without a listener, a connection that is reset would be an uncaught exception.
    socket.on('error', () => undefined);
    for (const sign of ['ping', 'message'] as const) socket.on(sign, () => this.#silence.refresh());
    this.#inbox = new SubscriptionInbox(() => socket.terminate());
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket));
    this.#connection.onNotification('changed', (changed: Changed) => this.#inbox.receive(changed));
    this.#connection.onError(() => undefined);
    this.#connection.listen();
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const bytes = Buffer.byteLength(JSON.stringify(params));
    // The daemon would end the connection without an answer.
    if (bytes > maxRequestBytes - envelopeBytes) throw new ClientError({ kind: 'request-too-large', bytes, maxBytes: maxRequestBytes });
    const lost = this.closed.then(() => {
      throw new ClientError({ kind: 'lost', method });
    });
    // Nobody waits for it if the request itself fails.
    lost.catch(() => undefined);
    try {
      return await Promise.race([this.#connection.sendRequest<Result<M>>(method, params), lost]);
    } catch (error) {
      throw codedErrorOf(error, method);
    }
  }

  subscribe(topic: SubscribeParams, onChanged: (changed: Changed) => void): Promise<SubscribeResult> {
    return this.#inbox.expect(() => this.call('subscribe', topic), onChanged);
  }

  async unsubscribe(id: number): Promise<void> {
    this.#inbox.forget(id);
    await this.call('unsubscribe', { id });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const timer = setTimeout(() => this.#socket.terminate(), closeLimitMs);
    await this.closed;
    clearTimeout(timer);
    this.#connection.dispose();
  }
}

function codedErrorOf(error: unknown, method: string): CodedError {
  if (error instanceof CodedError) return error;
  if (error instanceof ResponseError && !(error.code >= ownErrorNumbers.first && error.code <= ownErrorNumbers.last)) {
    const data: unknown = error.data;
    const { code, wording, ...rest } = isJsonObject(data) ? data : ({} as JsonObject);
    return new CodedError(typeof code === 'string' && isErrorCode(code) ? code : codeOfNumber(error.code), wordingOf(error.message, wording) ?? error.message, rest);
  }
  return new ClientError({ kind: 'broken', method, problem: messageOfError(error) });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function codeOfNumber(number: number): ErrorCode {
  const codes = Object.keys(errorCodes).filter(isErrorCode);
  return codes.find((code) => errorCodes[code].number === number) ?? 'internal';
}

/** More than a daemon can send while one answer is on its way. */
const maxEarly = 1_000;

interface Listener {
  readonly onChanged: (changed: Changed) => void;
  /** What came before the snapshot was taken up, in order; undefined from then on. */
  waiting: Changed[] | undefined;
}

/**
 * Hands the changes of each subscription to its listener: in order, none before the caller has taken up the snapshot, and none lost, though the first
 * ones may arrive in the same packet as the answer to `subscribe`.
 */
class SubscriptionInbox {
  readonly #listeners = new Map<number, Listener>();
  readonly #onOverflow: () => void;
  /** Changes of subscriptions whose answer hasn't been seen yet. */
  #early: Changed[] = [];
  /** Answers to `subscribe` that are on their way. */
  #expected = 0;

  /** `onOverflow`: the daemon floods a subscription that nobody has seen yet; a change left out would be a gap. */
  constructor(onOverflow: () => void) {
    this.#onOverflow = onOverflow;
  }

  async expect(subscribe: () => Promise<SubscribeResult>, onChanged: (changed: Changed) => void): Promise<SubscribeResult> {
    this.#expected++;
    try {
      const answer = await subscribe();
      const listener: Listener = { onChanged, waiting: this.#early.filter(({ id }) => id === answer.id) };
      this.#listeners.set(answer.id, listener);
      // A turn later, because the caller takes up the snapshot in a promise of this one.
      setImmediate(() => this.#open(answer.id, listener));
      return answer;
    } finally {
      this.#expected--;
      // What is left is of subscriptions that have ended, or is none of ours.
      this.#early = this.#expected === 0 ? [] : this.#early.filter(({ id }) => !this.#listeners.has(id));
    }
  }

  receive(changed: Changed): void {
    const listener = this.#listeners.get(changed.id);
    if (listener !== undefined) {
      if (listener.waiting === undefined) listener.onChanged(changed);
      else listener.waiting.push(changed);
    } else if (this.#expected > 0) {
      if (this.#early.length < maxEarly) this.#early.push(changed);
      else this.#onOverflow();
    }
  }

  forget(id: number): void {
    this.#listeners.delete(id);
  }

  #open(id: number, listener: Listener): void {
    const waiting = listener.waiting ?? [];
    listener.waiting = undefined;
    for (const changed of waiting) {
      if (this.#listeners.get(id) === listener) listener.onChanged(changed);
    }
  }
}

/** JSON-RPC over a WebSocket: one message, one text frame. */

export class SocketReader extends AbstractMessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    const receive = (data: RawData): void => {
      try {
        callback(JSON.parse(textOf(data)) as Message);
      } catch (error) {
        this.fireError(error);
      }
    };
    this.#socket.on('message', receive);
    this.#socket.once('close', () => this.fireClose());
    return { dispose: () => this.#socket.off('message', receive) };
  }
}

export class SocketWriter extends AbstractMessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  }

  end(): void {
    // The client that opened the socket closes it.
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8');
}
