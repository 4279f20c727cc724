import { createMessageConnection, type Message, type MessageConnection } from 'vscode-jsonrpc/node';
import type { RawData, WebSocket } from 'ws';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import type { Log } from '../log/daemon-log.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { ServerLimits } from './limits.ts';
import { responseErrorOf, type MethodCaller } from './method-caller.ts';
import { screenMessage, type RequestId } from './request-screen.ts';
import { HandedReader, HandingWriter, SocketOutflow } from './socket.ts';
import { type SubscriptionHub, SubscriptionSession } from './subscription-hub.ts';
import type { SubscriptionOutlet } from './subscription.ts';

export interface ClientConnectionOptions {
  readonly caller: MethodCaller;
  readonly hub: SubscriptionHub;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** One client: an authenticated WebSocket, its requests and its subscriptions. */
export class ClientConnection {
  /** Resolves when the connection has ended, no matter who ended it. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #caller: MethodCaller;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reader = new HandedReader();
  readonly #rpc: MessageConnection;
  readonly #outflow: SocketOutflow;
  readonly #session: SubscriptionSession;
  /** Ids of requests whose answer hasn't left yet, as text: to vscode-jsonrpc, 1 and "1" are the same. */
  readonly #inFlight = new Set<string>();
  #idleListeners: (() => void)[] = [];
  #isStopping = false;
  #isAlive = true;
  #pingTimer: Timer | undefined;

  constructor(socket: WebSocket, { caller, hub, limits, clock, log }: ClientConnectionOptions) {
    this.#socket = socket;
    this.#caller = caller;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#outflow = new SocketOutflow(socket, limits, {
      drained: () => this.#session.catchUp(),
      overflow: () => this.#drop('more waits for it than it reads'),
    });
    this.#session = new SubscriptionSession(hub, this.#outlet(), limits.subscriptions);
    this.#rpc = createMessageConnection(this.#reader, new HandingWriter((message) => this.#write(message)));
    this.#rpc.onRequest((method, params) => this.#caller.call(method, params, this.#session));
    this.#rpc.listen();

    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#end();
        resolve();
      });
    });
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => (this.#isAlive = true));
    // ws closes the connection itself, with the code that belongs to the error (1009 for a message that is too large).
    socket.on('error', (error) => this.#log.debug({ err: error }, 'a client broke the rules of WebSocket, or its connection broke'));
    this.#armPing();
  }

  /** Refuses further requests with `stopping`. Resolves when all that were taken have been answered, or the client is gone. */
  async finish(): Promise<void> {
    this.#isStopping = true;
    if (this.#inFlight.size === 0) return;
    await Promise.race([this.closed, new Promise<void>((resolve) => this.#idleListeners.push(resolve))]);
  }

  /** Asks the client to close (1001: the server goes away). */
  close(): void {
    this.#socket.close(1001, 'the daemon is stopping');
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#isAlive = true;
    if (isBinary) {
      this.#socket.close(1003, 'messages are text');
      return;
    }
    const screened = screenMessage(textOf(data), this.#limits.nesting);
    if (screened.kind === 'ignored') return;
    if (screened.kind === 'refused') {
      this.#refuse(screened.id, new CodedError(screened.code, screened.message));
      return;
    }
    const { request } = screened;
    const refusal = this.#refusalOf(String(request.id));
    if (refusal !== undefined) {
      this.#refuse(request.id, refusal);
      return;
    }
    this.#inFlight.add(String(request.id));
    this.#reader.hand(request);
  }

  #refusalOf(id: string): CodedError | undefined {
    if (this.#isStopping) return new CodedError('stopping', message('The daemon is stopping.'));
    if (this.#inFlight.has(id)) return new CodedError('invalid-request', message('A request with the id {id} is not answered yet.', { id }));
    const most = this.#limits.requestsInFlight;
    return this.#inFlight.size < most ? undefined : new CodedError('too-many', message('{count, plural, one {# request of this connection is not answered yet; wait for it.} other {# requests of this connection are not answered yet; wait for one of them.}}', { count: most }));
  }

  #refuse(id: RequestId | null, error: CodedError): void {
    this.#outflow.send(JSON.stringify({ jsonrpc: '2.0', id, error: responseErrorOf(error).toJson() }));
  }

  #write(answer: Message): void {
    const id = 'id' in answer ? (answer.id as RequestId) : undefined;
    let text: string;
    try {
      text = JSON.stringify(answer);
    } catch (error) {
      this.#log.error({ err: error }, 'an answer could not be written as JSON');
      const failure = new CodedError('internal', message('The answer could not be written as JSON; the log of the daemon has the details.'));
      text = JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: responseErrorOf(failure).toJson() });
    }
    this.#outflow.send(text, id === undefined ? undefined : () => this.#answered(String(id)));
  }

  #answered(id: string): void {
    this.#inFlight.delete(id);
    if (this.#inFlight.size === 0) for (const listener of this.#idleListeners.splice(0)) listener();
  }

  #outlet(): SubscriptionOutlet {
    const outflow = this.#outflow;
    return {
      get isSlow() {
        return outflow.isSlow;
      },
      send: (changed) => outflow.send(JSON.stringify({ jsonrpc: '2.0', method: 'changed', params: changed })),
    };
  }

  #armPing(): void {
    this.#pingTimer = this.#clock.setTimer(this.#limits.pingEveryMs, () => {
      if (!this.#isAlive) {
        this.#drop('it did not answer a ping');
        return;
      }
      this.#isAlive = false;
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
      this.#armPing();
    });
  }

  #drop(reason: string): void {
    this.#log.warn({ reason, waitingBytes: this.#socket.bufferedAmount }, 'a client was dropped');
    this.#socket.terminate();
  }

  #end(): void {
    this.#pingTimer?.cancel();
    this.#session.end();
    this.#reader.close();
    this.#rpc.dispose();
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8');
}
