import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Arrivals } from './arrivals.ts';
import type { Watch } from './watch.ts';

export interface Call {
  /** When it arrived, in milliseconds since 1970 with fractions. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Missing as long as it is open, and for ever where the connection broke first. */
  status?: number;
}

/** `cut`: the connection breaks instead of an answer. */
export type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } | 'cut';

export interface HttpServiceOptions {
  readonly watch: Watch;
  readonly answer: (call: Call) => Answer;
  /** How long an answer takes. */
  readonly latencyMs?: number;
}

/** A real HTTP server on loopback that keeps a record of its calls. What it answers makes it an ERP, a chat, an API. */
export class HttpService {
  readonly calls: Call[] = [];
  /** Calls that wait for their answer now, and the most that ever did. */
  open = 0;
  mostOpen = 0;
  readonly #options: HttpServiceOptions;
  readonly #server: Server;

  constructor(options: HttpServiceOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on 127.0.0.1; answers with the port. */
  async start(port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Arrivals.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const call: Call = {
      at,
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      text: Buffer.concat(chunks).toString('utf8'),
    };
    this.calls.push(call);
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const answer = this.#options.answer(call);
    this.#options.watch.note();
    if (this.#options.latencyMs !== undefined) await delay(this.#options.latencyMs);
    this.open--;
    this.#send(call, answer, response);
    this.#options.watch.note();
  }

  #send(call: Call, answer: Answer, response: ServerResponse): void {
    if (answer === 'cut' || response.destroyed) {
      response.destroy();
      return;
    }
    call.status = answer.status;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }
}
