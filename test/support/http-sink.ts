import { createServer as createHttpServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Countdown } from './countdown.ts';
import { testCertificate } from './test-certificate.ts';

export interface SinkRequest {
  /** When its head arrived, in milliseconds since the epoch, with fractions. */
  readonly at: number;
  /** Which request this is, from 0. */
  readonly index: number;
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined if the sink doesn't keep bodies. */
  readonly body?: string;
  /** The same as it came. */
  readonly bytes?: Buffer;
}

/** How one request is answered. Status 200 and an empty body are the defaults. */
export type SinkReply =
  | { readonly status?: number; readonly headers?: OutgoingHttpHeaders; readonly body?: string | Buffer }
  /** Never: the connection stays open until the client or `stop()` closes it. */
  | 'hang'
  /** The connection is reset (RST) without an answer. */
  | 'reset'
  /** By hand: chunks, broken answers. */
  | ((response: ServerResponse) => void);

export type Responder = (request: SinkRequest) => SinkReply | Promise<SinkReply>;

export interface HttpSinkOptions {
  /** Answers each request; may be replaced at any time through `respond`. */
  readonly respond?: Responder;
  /** Off for runs of many thousands of requests. On by default. */
  readonly keepBodies?: boolean;
  readonly https?: boolean;
  /** 0, a free one, by default. */
  readonly port?: number;
}

/** A real HTTP server on loopback that records what it gets, and when, and answers as it is told to. */
export class HttpSink {
  readonly requests: SinkRequest[] = [];
  respond: Responder;
  readonly #keepBodies: boolean;
  readonly #https: boolean;
  readonly #port: number;
  readonly #server: Server;
  readonly #arrived = new Countdown();
  readonly #disconnected = new Countdown();
  #connections = 0;

  constructor({ respond = () => ({}), keepBodies = true, https = false, port = 0 }: HttpSinkOptions = {}) {
    this.respond = respond;
    this.#keepBodies = keepBodies;
    this.#https = https;
    this.#port = port;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.#receive(request, response);
    this.#server = https ? createHttpsServer(testCertificate, listener) : createHttpServer(listener);
    this.#server.on(https ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#connections++;
      socket.on('error', () => {});
      socket.once('close', () => this.#disconnected.tick());
    });
  }

  /** Listens on 127.0.0.1. */
  async start(): Promise<{ readonly url: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    const { port } = this.#server.address() as AddressInfo;
    return { url: `${this.#https ? 'https' : 'http'}://127.0.0.1:${port}`, port };
  }

  /** Closes all connections. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves as soon as `count` requests have come in whole. */
  received(count: number): Promise<void> {
    return this.#arrived.reached(count);
  }

  /** Resolves as soon as `count` connections have closed. */
  disconnected(count: number): Promise<void> {
    return this.#disconnected.reached(count);
  }

  #receive(message: IncomingMessage, response: ServerResponse): void {
    const at = performance.timeOrigin + performance.now();
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => {
      if (this.#keepBodies) chunks.push(chunk);
    });
    message.on('error', () => {});
    message.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const request: SinkRequest = {
        at,
        index: this.requests.length,
        method: message.method ?? '',
        path: message.url ?? '',
        headers: message.headers,
        ...(this.#keepBodies ? { body: bytes.toString('utf8'), bytes } : {}),
      };
      this.requests.push(request);
      this.#arrived.tick();
      void this.#answer(request, response);
    });
  }

  async #answer(request: SinkRequest, response: ServerResponse): Promise<void> {
    const reply = await this.respond(request);
    if (reply === 'hang') return;
    if (reply === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    if (typeof reply === 'function') {
      reply(response);
      return;
    }
    const { status = 200, headers = {}, body = '' } = reply;
    response.writeHead(status, headers);
    response.end(body);
  }
}
