import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import PQueue from 'p-queue';
import { messageOfError } from '../../schemas/protocol/error.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { ListenAddress } from '../../schemas/workflow/triggers/webhook-trigger.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../log/daemon-log.ts';
import type { RequestHeaders } from './signature.ts';
import { BodyBudget, readBody } from './webhook-body.ts';
import { defaultWebhookLimits, type WebhookLimits } from './webhook-limits.ts';

/** A request before its body. */
export interface WebhookHead {
  readonly method: string;
  /** The request's target below the door's prefix, without the query. */
  readonly path: string;
  /** The whole target, as it was sent. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
}

export interface WebhookAnswer {
  readonly status: number;
  /** JSON, or text as it is; nothing if omitted. */
  readonly body?: { readonly json: Json } | { readonly text: string; readonly type: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why there is no body to look at. */
export type BodyTrouble = 'too-large' | 'undecodable';

export type Admission =
  | { readonly kind: 'answer'; readonly answer: WebhookAnswer }
  | { readonly kind: 'read'; finish(body: Buffer): Promise<WebhookAnswer>; troubled(trouble: BodyTrouble): void };

/** What the listener leads to. It never sees a request outside its prefix. */
export interface WebhookDoor {
  /** Begins and ends with a slash. */
  readonly prefix: string;
  /** Looks at a request before its body is read. */
  admit(head: WebhookHead): Admission;
}

export type ListenerState =
  | { readonly kind: 'off' }
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  | { readonly kind: 'trouble'; readonly host: string; readonly port: number; readonly problem: string };

export interface WebhookListenerOptions {
  readonly doors: readonly WebhookDoor[];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<WebhookLimits>;
  readonly onChange?: () => void;
}

const empty = (status: number, headers: Readonly<Record<string, string>> = {}): WebhookAnswer => ({ status, headers });
/** Bodies beyond this are worked on one at a time, in bytes: what one becomes in memory can be ten times as large. */
const largeBytes = 256 * 1024;
const later = { 'retry-after': '5' } as const;

/**
 * The HTTP server for requests from outside, at an address that the project chooses. It shares nothing with the daemon's own server but the
 * process: nothing of the protocol can be reached through it.
 *
 * Architecture invariant: a request costs bounded time and memory before anybody has verified it.
 */
export class WebhookListener {
  readonly #options: WebhookListenerOptions;
  readonly #limits: WebhookLimits;
  readonly #budget: BodyBudget;
  readonly #work: PQueue;
  readonly #largeWork = new PQueue({ concurrency: 1 });
  #server: Server | undefined;
  #wanted: ListenAddress | undefined;
  #state: ListenerState = { kind: 'off' };
  #requests = 0;
  #retry: Timer | undefined;
  /** Changes of the address follow each other. */
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: WebhookListenerOptions) {
    this.#options = options;
    this.#limits = { ...defaultWebhookLimits, ...options.limits };
    this.#budget = new BodyBudget(this.#limits.allBodiesBytes);
    this.#work = new PQueue({ concurrency: this.#limits.concurrency });
  }

  get state(): ListenerState {
    return this.#state;
  }

  /** Listens at an address, or nowhere. An address that can't be had is tried again until it is. Resolves when it has been tried once. */
  apply(address: ListenAddress | undefined): Promise<void> {
    if (this.#isStopped || isSameAddress(address, this.#wanted)) return this.#turn;
    this.#wanted = address;
    return this.#renew();
  }

  /** Idempotent. Requests under way are answered, within `stopGraceMs`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wanted = undefined;
    await this.#renew();
  }

  #renew(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#turn = this.#turn.then(async () => {
      await this.#close();
      await this.#listen();
      this.#options.onChange?.();
    });
    return this.#turn;
  }

  async #listen(): Promise<void> {
    const address = this.#wanted;
    if (address === undefined) {
      this.#state = { kind: 'off' };
      return;
    }
    const server = this.#makeServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
          server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      const problem = problemOf(error, address);
      // Said once, however often it is tried.
      if (this.#state.kind !== 'trouble' || this.#state.problem !== problem) this.#options.log.warn({ host: address.host, port: address.port }, `incoming webhooks can't be received: ${problem}`);
      this.#state = { kind: 'trouble', ...address, problem };
      this.#retry = this.#options.clock.setTimer(this.#limits.retryMs, () => void this.#renew());
      return;
    }
    server.on('error', (error) => this.#options.log.error({ err: error }, 'the listener for webhooks failed'));
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.#state = { kind: 'listening', host: address.host, port };
    this.#options.log.info({ host: address.host, port }, 'listening for webhooks');
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = this.#options.clock.setTimer(this.#limits.stopGraceMs, () => server.closeAllConnections());
    await closed;
    timer.cancel();
  }

  #makeServer(): Server {
    const { headersMs, requestMs, headerBytes, connections } = this.#limits;
    const server = createServer({
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: 5_000,
      // How often Node looks for connections that are over their time.
      connectionsCheckingInterval: Math.max(10, Math.min(1_000, headersMs / 2)),
      maxHeaderSize: headerBytes,
    });
    server.maxConnections = connections;
    server.on('request', (request, response) => void this.#serve(request, response));
    // Whoever asks before it sends a body is told to when the body is read.
    server.on('checkContinue', (request, response) => void this.#serve(request, response));
    // Without this, Node would wait for another side that never speaks HTTP. Other upgrades it ignores: Java's client offers HTTP/2 with each first request.
    server.on('connect', (_request, socket: Socket) => socket.destroy());
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Its sender has gone.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    this.#requests++;
    const held = { bytes: 0 };
    try {
      const answer = this.#requests > this.#limits.requests ? empty(503, later) : await this.#answer(request, response, held);
      if (answer !== undefined) send(request, response, answer);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a webhook could not be taken');
      if (!response.headersSent) send(request, response, empty(500));
    } finally {
      this.#requests--;
      this.#budget.giveBack(held.bytes);
    }
  }

  /** Undefined if nobody waits for an answer any longer. */
  async #answer(request: IncomingMessage, response: ServerResponse, held: { bytes: number }): Promise<WebhookAnswer | undefined> {
    // What another coding has done to the body would not be undone (RFC 9112, 6.1).
    if (!/^(?:chunked)?$/i.test(request.headers['transfer-encoding'] ?? '')) return empty(501);
    const target = originForm(request.url ?? '');
    const [pathname, search] = splitTarget(target);
    const door = this.#options.doors.find(({ prefix }) => pathname.startsWith(prefix));
    if (door === undefined) return empty(404);
    const admission = door.admit({
      method: request.method ?? '',
      path: pathname.slice(door.prefix.length),
      target,
      query: new URLSearchParams(search),
      headers: headersOf(request),
    });
    if (admission.kind === 'answer') return admission.answer;
    const begin = (): void => {
      if (request.headers.expect !== undefined) response.writeContinue();
    };
    const body = await readBody(request, this.#budget, this.#limits, { held, begin });
    switch (body.kind) {
      case 'aborted':
        return undefined;
      case 'no-room':
        return empty(503, later);
      case 'too-large':
        admission.troubled('too-large');
        return empty(413);
      case 'undecodable':
        admission.troubled('undecodable');
        return empty(415, { 'accept-encoding': 'gzip, deflate, br' });
      case 'read':
        return (body.bytes.length > largeBytes ? this.#largeWork : this.#work).add(() => admission.finish(body.bytes));
    }
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers = {} }: WebhookAnswer): void {
  const text = body === undefined ? '' : 'json' in body ? `${JSON.stringify(body.json)}\n` : body.text;
  const type = body === undefined ? {} : { 'content-type': 'json' in body ? 'application/json; charset=utf-8' : body.type };
  // What was sent behind a body that nobody has read can't be told from it.
  const closing = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, { ...type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers, ...closing, 'content-length': Buffer.byteLength(text) }).end(text);
  if (!request.complete) request.resume();
}

/** A target may be a whole URL (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '');
}

function splitTarget(target: string): readonly [path: string, search: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** By lower-case name; Node joins the values of a header that was sent more than once, or keeps the first of one that can't be. */
function headersOf({ headers, headersDistinct, rawHeaders }: IncomingMessage): RequestHeaders {
  const names = Object.keys(headers);
  const areSingle = rawHeaders.length === 2 * names.length;
  return Object.fromEntries(
    names.map((name) => {
      const values = areSingle ? undefined : headersDistinct[name];
      return [name, values !== undefined && values.length > 1 ? values.join(', ') : String(headers[name])];
    }),
  );
}

function isSameAddress(a: ListenAddress | undefined, b: ListenAddress | undefined): boolean {
  return a?.host === b?.host && a?.port === b?.port;
}

function problemOf(error: unknown, { host, port }: ListenAddress): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `another program listens at ${host}:${port} already, perhaps the daemon of another project. End it, or choose another port in webhooks.listen of .sluice/config.yaml`;
    case 'EACCES':
      return `this user may not listen at ${host}:${port}. Choose a port above 1023 in webhooks.listen of .sluice/config.yaml`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine. Correct webhooks.listen of .sluice/config.yaml, for example to 127.0.0.1:${port}`;
    default:
      return messageOfError(error);
  }
}
