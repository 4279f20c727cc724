import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOfError } from '../../schemas/protocol/error.ts';
import type { ListenAddress } from '../../schemas/workflow/triggers/webhook-trigger.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../log/daemon-log.ts';
import { answer, answerMetrics } from './http-answer.ts';

export interface MetricsListenerOptions {
  readonly metrics: () => Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long until an address that could not be had is tried again, in milliseconds. */
const retryMs = 5_000;
/** A scraper has one or two. */
const maxConnections = 16;

/**
 * `GET /metrics` at an address that the project chooses, for a Prometheus that can't follow the daemon's own port, which is another one after each start.
 * It carries nothing else.
 */
export class MetricsListener {
  readonly #options: MetricsListenerOptions;
  #server: Server | undefined;
  #wanted: ListenAddress | undefined;
  #retry: Timer | undefined;
  #toldProblem: string | undefined;
  /** Changes of the address follow each other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: MetricsListenerOptions) {
    this.#options = options;
  }

  /** The port that it listens at; undefined while it doesn't. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Listens at an address, or nowhere. One that can't be had is tried again until it is. Resolves when it has been tried once. */
  apply(address: ListenAddress | undefined): Promise<void> {
    if (address?.host === this.#wanted?.host && address?.port === this.#wanted?.port) return this.#turn;
    this.#wanted = address;
    return this.#renew();
  }

  /** Idempotent. */
  stop(): Promise<void> {
    this.#wanted = undefined;
    return this.#renew();
  }

  #renew(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#turn = this.#turn.then(() => this.#close()).then(() => this.#listen());
    return this.#turn;
  }

  async #listen(): Promise<void> {
    const address = this.#wanted;
    if (address === undefined) return;
    const { clock, log } = this.#options;
    const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 65_000, maxHeaderSize: 8 * 1024 }, (request, response) => void this.#serve(request, response));
    server.maxConnections = maxConnections;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ ...address, exclusive: true }, () => {
          server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      const problem = messageOfError(error);
      // Said once, however often it is tried.
      if (problem !== this.#toldProblem) log.warn({ ...address }, `metrics can't be read at the address of metrics.listen in .sluice/config.yaml: ${problem}`);
      this.#toldProblem = problem;
      this.#retry = clock.setTimer(retryMs, () => void this.#renew());
      return;
    }
    this.#toldProblem = undefined;
    server.on('error', (error) => log.error({ err: error }, 'the listener for metrics failed'));
    this.#server = server;
    log.info({ host: address.host, port: this.port }, 'listening for requests of metrics');
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    // A page in a browser says where it comes from; no scraper does.
    if (request.headers.origin !== undefined || request.headers.referer !== undefined) answer(response, 403, { error: 'Requests of web pages are refused.' }, { connection: 'close' });
    else if (request.url !== '/metrics') answer(response, 404, { error: 'There is /metrics and nothing else.' }, { connection: 'close' });
    else if (request.method !== 'GET') answer(response, 405, { error: 'Only GET.' }, { allow: 'GET', connection: 'close' });
    else await answerMetrics(response, this.#options.metrics, this.#options.log);
  }
}
