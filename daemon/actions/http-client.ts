import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { AddressDeniedError, isAllowed, type AddressGuard } from './address-guard.ts';
import { guardedConnector } from './guarded-connector.ts';

export interface HttpCall {
  /** `http:` or `https:`, without user and password. */
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Bytes of the answer's body that are kept; the connection is closed at the first byte beyond. */
  readonly maxBytes: number;
  /** Ends the call at once and closes its socket. */
  readonly signal: AbortSignal;
  /** Told when the connection stands and the request goes out. */
  readonly sent: () => void;
}

export type HttpOutcome = HttpAnswer | { readonly kind: 'failed'; readonly error: Error } | { readonly kind: 'aborted' };

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: HttpHeaders;
  /** As it came, not decompressed. */
  readonly body: Buffer;
  /** The body is longer than `maxBytes`: this is its beginning. */
  readonly truncated: boolean;
}

/** Names in lower case; a list where a header came several times. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpClientOptions {
  readonly guard: AddressGuard;
  /** Sluice's version, for `user-agent`. */
  readonly version: string;
  /** Where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are looked up (in lower case too). */
  readonly env?: NodeJS.ProcessEnv;
}

/** Connections to one origin at most. Concurrency is the queues' business; this only bounds file descriptors. */
const connectionsPerOrigin = 512;
/**
 * Idle connections are closed after this, in milliseconds: below the 5 s of Node's own servers, so that few are closed
 * under a request.
 */
const keepAliveMs = 4_000;

/**
 * The one place from which HTTP calls are made: pooled keep-alive connections over HTTP/1.1, the address guard in the
 * connector, environment proxies. It follows no redirects, repeats nothing, and has no time limit of its own but that
 * for connecting: the signal is the limit.
 */
export class HttpClient {
  readonly #dispatcher: Dispatcher;
  readonly #guard: AddressGuard;
  readonly #proxied: boolean;
  readonly #userAgent: string;

  constructor({ guard, version, env = process.env }: HttpClientOptions) {
    const options = {
      connect: guardedConnector(guard),
      connections: connectionsPerOrigin,
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    } as const;
    const httpProxy = env['http_proxy'] ?? env['HTTP_PROXY'] ?? '';
    const httpsProxy = env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '';
    const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
    this.#proxied = httpProxy !== '' || httpsProxy !== '';
    this.#dispatcher = this.#proxied ? new EnvHttpProxyAgent({ ...options, httpProxy, httpsProxy, noProxy }) : new Agent(options);
    this.#guard = guard;
    this.#userAgent = `sluice/${version}`;
  }

  /** Makes one call. Never rejects. */
  send(call: HttpCall): Promise<HttpOutcome> {
    if (call.signal.aborted) return Promise.resolve({ kind: 'aborted' });
    const denied = this.#proxied ? this.#deniedBeforeProxy(call.url) : undefined;
    if (denied !== undefined) return Promise.resolve({ kind: 'failed', error: denied });
    return new Promise((resolve) => {
      const exchange = new Exchange(call, resolve);
      this.#dispatcher.dispatch(
        {
          origin: call.url.origin,
          path: call.url.pathname + call.url.search,
          method: call.method,
          headers: 'user-agent' in call.headers ? call.headers : { ...call.headers, 'user-agent': this.#userAgent },
          body: call.body ?? null,
        },
        exchange,
      );
    });
  }

  /** Closes all connections, busy ones too. Idempotent. */
  async stop(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /**
   * A proxy resolves names itself, so the host as written is all that can be judged here. Direct calls are judged by
   * the connector.
   */
  #deniedBeforeProxy(url: URL): AddressDeniedError | undefined {
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const decision = this.#guard.classifyHost(url.hostname, port);
    return isAllowed(decision) ? undefined : new AddressDeniedError(url.hostname, url.hostname, port, decision);
  }
}

/**
 * One request on the wire: gathers its answer within the bound. Leaner than undici's `request`, which makes a stream
 * for each body.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;
  readonly #sent: () => void;
  #resolve: ((outcome: HttpOutcome) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: HttpHeaders = {};
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(call: HttpCall, resolve: (outcome: HttpOutcome) => void) {
    this.#signal = call.signal;
    this.#maxBytes = call.maxBytes;
    this.#sent = call.sent;
    this.#resolve = resolve;
    this.#signal.addEventListener('abort', this.#onAbort);
  }

  /** Also called when a call that waited for a connection gets one, which may be after its end. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent();
    if (this.#resolve === undefined) controller.abort(new Error('the attempt has ended'));
  }

  /** Called for interim answers (103) too; the last one counts. */
  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#maxBytes - this.#length;
    if (chunk.length <= room) {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      return;
    }
    this.#chunks.push(chunk.subarray(0, room));
    this.#length += room;
    this.#answer(true);
    controller.abort(new Error('the answer is longer than its bound'));
  }

  onResponseEnd(): void {
    this.#answer(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle({ kind: 'failed', error });
  }

  readonly #onAbort = (): void => {
    this.#settle({ kind: 'aborted' });
    this.#controller?.abort(new Error('the attempt was aborted'));
  };

  #answer(truncated: boolean): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#length);
    this.#settle({ kind: 'answer', status: this.#status, headers: this.#headers, body, truncated });
  }

  #settle(outcome: HttpOutcome): void {
    if (this.#resolve === undefined) return;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve(outcome);
    this.#resolve = undefined;
  }
}

