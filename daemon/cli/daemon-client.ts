import { createMessageConnection, ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import { CodedError, errorCodes, type ErrorCode } from '../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../schemas/protocol/method.ts';
import type { Changed, SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import { defaultLimits } from '../server/limits.ts';
import { formatBytes } from './render/format.ts';
import { WebSocketReader, WebSocketWriter } from './web-socket-transport.ts';

export interface DaemonAddress {
  readonly port: number;
  readonly token: string;
}

/** How long opening a connection may take on loopback. */
const handshakeMs = 5_000;
/** What JSON-RPC adds to the parameters. */
const envelopeBytes = 1_024;
/** An answer holds a page at most; this bounds what a stranger on the port could make the command hold. */
const maxMessageBytes = 256 * 1024 * 1024;

/** A connection to a project's daemon. Calls answer with what the protocol says, or reject with a `CodedError`. */
export class DaemonClient {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;
  readonly #listeners = new Map<number, (change: TopicState) => void>();
  /** Changes of a subscription whose answer hasn't been seen yet. */
  readonly #early: Changed[] = [];

  /** Rejects where nobody answers, or where whoever answers is not the daemon that the token belongs to. */
  static async open({ port, token }: DaemonAddress): Promise<DaemonClient> {
    // The token goes into a header and nowhere else: an address ends up in logs.
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: handshakeMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
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
      socket.once('close', () => resolve());
    });
    // Without a listener, a connection that is reset would end the process.
    socket.on('error', () => undefined);
    this.#connection = createMessageConnection(new WebSocketReader(socket), new WebSocketWriter(socket));
    this.#connection.onNotification('changed', (changed: Changed) => this.#receive(changed));
    this.#connection.onError(() => undefined);
    this.#connection.listen();
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const bytes = Buffer.byteLength(JSON.stringify(params));
    if (bytes > defaultLimits.messageBytes - envelopeBytes) {
      // The daemon would end the connection without a word.
      throw new CodedError('too-large', `That is ${formatBytes(bytes)}; a message may have ${formatBytes(defaultLimits.messageBytes)}. Large inputs go into a file: \`-i name=@file\`.`);
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

  /** Answers with what the topic holds now; `onChange` gets what changes from then on, in order. */
  async subscribe(topic: SubscribeParams, onChange: (change: TopicState) => void): Promise<TopicState> {
    const { id, snapshot } = await this.call('subscribe', topic);
    this.#listeners.set(id, onChange);
    const waiting = this.#early.splice(0);
    // The snapshot is returned first, then what came meanwhile is told.
    queueMicrotask(() => {
      for (const changed of waiting) this.#receive(changed);
    });
    return snapshot;
  }

  async close(): Promise<void> {
    this.#socket.close();
    // A daemon that hangs doesn't answer the closing handshake; ours need not wait for it.
    const timer = setTimeout(() => this.#socket.terminate(), 500);
    await this.closed;
    clearTimeout(timer);
    this.#connection.dispose();
  }

  #receive(changed: Changed): void {
    const listener = this.#listeners.get(changed.id);
    if (listener === undefined) this.#early.push(changed);
    else listener(changed.change);
  }
}

function codedErrorOf(error: unknown, method: string): Error {
  if (error instanceof CodedError) return error;
  // vscode-jsonrpc's own: a message that could not be written or read, a connection that was given up.
  if (error instanceof ResponseError && !(error.code >= -32_099 && error.code <= -32_096)) {
    const data: unknown = error.data;
    const { code, ...rest } = isJsonObject(data) ? data : ({} as JsonObject);
    return new CodedError(typeof code === 'string' && isErrorCode(code) ? code : codeOfNumber(error.code), error.message, rest);
  }
  return new CodedError('unreachable', `The connection to the daemon broke during ${method}: ${error instanceof Error ? error.message : String(error)}`);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function codeOfNumber(number: number): ErrorCode {
  const codes = Object.keys(errorCodes).filter(isErrorCode);
  return codes.find((code) => errorCodes[code].number === number) ?? 'internal';
}
