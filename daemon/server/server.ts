import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Log } from '../log/daemon-log.ts';
import type { Clock } from '../core/clock.ts';
import { ClientConnection } from './client-connection.ts';
import { judge, tokenDigest, type Verdict } from './gatekeeper.ts';
import { answer, answerMetrics, answerUpgrade, type Health, healthAnswer, RefusalLog } from './http-answer.ts';
import { defaultLimits, type ServerLimits } from './limits.ts';
import { type Handlers, MethodCaller } from './method-caller.ts';
import { SubscriptionHub } from './subscription-hub.ts';
import type { TopicSource } from './topic.ts';

export interface ServerOptions {
  readonly handlers: Handlers;
  readonly topics: TopicSource;
  /** At least 32 random bytes, as text without white space. */
  readonly token: string;
  /** Sluice's own, told to clients in the header `x-sluice-version` of the answer to their handshake. */
  readonly version: string;
  readonly health: Health;
  /** What `/metrics` answers. */
  readonly metrics: () => Promise<string>;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: Partial<ServerLimits>;
}

/**
 * The daemon's one door: HTTP on 127.0.0.1 and a free port, with `/healthz`, `/metrics` and the WebSocket `/rpc`.
 *
 * Architecture invariant: nothing that comes in through it is looked at before the gatekeeper has let it pass.
 */
export class Server {
  readonly #options: ServerOptions;
  readonly #limits: ServerLimits;
  readonly #http: HttpServer;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Set<ClientConnection>();
  readonly #hub: SubscriptionHub;
  readonly #caller: MethodCaller;
  readonly #refusals: RefusalLog;
  readonly #tokenDigest: Buffer;
  #starting: Promise<{ readonly port: number }> | undefined;
  #stopping: Promise<void> | undefined;
  #port = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
    const { handlers, topics, clock, log, token, version } = options;
    const limits = { ...defaultLimits, ...options.limits };
    this.#limits = limits;
    this.#tokenDigest = tokenDigest(token);
    this.#hub = new SubscriptionHub({ topics, clock, log, limits });
    this.#caller = new MethodCaller(handlers, log);
    this.#refusals = new RefusalLog(log, clock);
    this.#http = createServer({
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.requestMs,
      // How often Node looks for connections that are over their time; 30 s where it isn't said.
      connectionsCheckingInterval: Math.max(10, Math.min(1_000, limits.headersMs / 2)),
      maxHeaderSize: 8 * 1024,
    });
    this.#http.maxConnections = limits.connections;
    this.#http.on('request', (request, response) => void this.#serve(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: limits.messageBytes,
      maxFragments: limits.fragments,
      maxBufferedChunks: limits.fragments * 4,
      // A kilobyte that unpacks to a gigabyte, and memory for each connection, to save nothing on loopback.
      perMessageDeflate: false,
      handleProtocols: () => false,
    });
    this.#sockets.on('headers', (headers) => headers.push(`x-sluice-version: ${version}`));
  }

  /** Idempotent. Rejects where the port can't be had; after a stop it can't be started again. */
  start(): Promise<{ readonly port: number }> {
    this.#starting ??= this.#listen();
    return this.#starting;
  }

  /**
   * Idempotent. No new connection is taken; requests under way are answered, within `stopGraceMs`, further ones refused with `stopping`; then
   * clients are asked to close, and after another `stopGraceMs` cut off.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  async #listen(): Promise<{ readonly port: number }> {
    if (this.#stopping !== undefined) throw new Error('the server has been stopped');
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      // The address, not a name: `localhost` could be anything, and without a host Node listens on all interfaces.
      this.#http.listen({ host: '127.0.0.1', port: 0 }, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    this.#http.on('error', (error) => this.#options.log.error({ err: error }, 'the HTTP server failed'));
    const address = this.#http.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#hub.start();
    return { port: this.#port };
  }

  async #close(): Promise<void> {
    if (this.#starting === undefined) return;
    await this.#starting.catch(() => undefined);
    this.#hub.stop();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    const clients = [...this.#clients];
    await this.#within(Promise.all(clients.map(async (client) => client.finish())));
    for (const client of clients) client.close();
    await this.#within(Promise.all(clients.map(async (client) => client.closed)));
    for (const client of clients) client.terminate();
    this.#http.closeAllConnections();
    await closed;
  }

  async #within(work: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(this.#limits.stopGraceMs, () => resolve());
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Connections that are closed by their refusal: what was sent behind the refused request is not looked at, even if it was read with it. */
  readonly #refused = new WeakSet<Socket>();

  #judge(request: IncomingMessage, upgrade: boolean): Verdict {
    const { method = '', url = '', headersDistinct: headers, socket } = request;
    const verdict = judge({ method, url, headers, remoteAddress: socket.remoteAddress, upgrade }, { port: this.#port, tokenDigest: this.#tokenDigest });
    if (verdict.kind === 'refuse') {
      this.#refusals.add(verdict.status, verdict.reason);
      this.#refused.add(socket);
    }
    return verdict;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    if (this.#refused.has(request.socket)) return;
    const verdict = this.#judge(request, false);
    if (verdict.kind === 'refuse') answer(response, verdict.status, { error: verdict.reason }, { ...verdict.headers, connection: 'close' });
    else if (verdict.kind === 'metrics') await answerMetrics(response, this.#options.metrics, this.#options.log);
    else answer(response, ...(await healthAnswer(this.#options.health, this.#options.clock, this.#limits.healthMs)));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener, a client that resets the connection now would end the process.
    socket.on('error', () => undefined);
    if (this.#refused.has(request.socket)) return;
    const verdict = this.#judge(request, true);
    if (verdict.kind === 'refuse') answerUpgrade(socket, verdict.status, verdict.reason, verdict.headers);
    else if (this.#stopping !== undefined) answerUpgrade(socket, 503, 'The daemon is stopping.');
    else if (this.#clients.size >= this.#limits.clients) answerUpgrade(socket, 503, `There are ${this.#limits.clients} clients already.`);
    else this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#admit(webSocket));
  }

  #admit(webSocket: WebSocket): void {
    const { clock, log } = this.#options;
    const client = new ClientConnection(webSocket, { caller: this.#caller, hub: this.#hub, limits: this.#limits, clock, log });
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
  }
}
