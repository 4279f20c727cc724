import { Readable, type Writable } from 'node:stream';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { AddressDeniedError, isAllowed, type AddressGuard } from './address-guard.ts';
import { guardedConnector } from './guarded-connector.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { HttpAnswer, HttpHeaders } from './http-answer.ts';
import { readProxies } from './network-settings.ts';
import { ResponseHeads } from './response-heads.ts';
import { maxHeaderBytes } from './network-failure.ts';

/** A body that is made while it is sent, each time from its beginning. */
export interface StreamedBody {
  readonly bytes: number;
  stream(): AsyncIterable<Uint8Array>;
  /** What is recorded of it. */
  readonly parts: Json;
}

/** Where the body of an answer goes, instead of into memory. */
export interface BodyTarget {
  readonly input: Writable;
  /** Settles when all that was written to `input` has arrived, or can't. */
  readonly done: Promise<void>;
}

export interface HttpCall {
  /** `http:` or `https:`, without user and password. */
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | StreamedBody | undefined;
  /** A secret was filled into the body: it goes to this origin and to no other. */
  readonly bodyHasSecret: boolean;
  /** Bytes of the answer's body that are kept, by its status; the connection is closed at the first byte beyond. */
  readonly maxBytes: (status: number) => number;
  /** Undefined for an answer that is kept in memory. */
  readonly target?: ((status: number, headers: HttpHeaders) => BodyTarget | undefined) | undefined;
  /** Ends the call at once and closes its socket. */
  readonly signal: AbortSignal;
  /** Asked when the connection stands, right before the request goes out; see `ActionContext.depart`. */
  readonly depart: (() => Promise<void>) | undefined;
  /** Asked before more of an answer is read than fits anyway; see `ActionContext.room`. */
  readonly room: (bytes: number) => Promise<void>;
}

export type HttpOutcome = HttpAnswer | { readonly kind: 'failed'; readonly error: Error; readonly isUnsent: boolean } | { readonly kind: 'aborted' };

export interface HttpClientOptions {
  readonly guard: AddressGuard;
  /** Sluice's version, for `user-agent`. */
  readonly version: string;
  /** Where proxies are looked up, see `readProxies`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Connections to one origin at most. Concurrency is the queues' business; this only bounds file descriptors. */
const connectionsPerOrigin = 512;
/**
 * Idle connections are closed after this, in milliseconds: below the 5 s of Node's own servers, so that few are closed
 * under a request.
 */
const keepAliveMs = 4_000;

/** Bytes of an answer's body that are read without asking for room. */
export const smallBytes = 65_536;

/** How often a connection that was closed while its request waited to leave is replaced. */
const maxReplaced = 3;

/**
 * The one place from which HTTP calls are made: pooled keep-alive connections over HTTP/1.1, the address guard in the
 * connector, environment proxies. It follows no redirects, repeats nothing, and has no time limit of its own but that
 * for connecting: the signal is the limit.
 */
export class HttpClient {
  readonly #dispatcher: Dispatcher;
  readonly #heads = new ResponseHeads();
  readonly #guard: AddressGuard;
  readonly #proxied: boolean;
  readonly #userAgent: string;

  /** @throws CodedError `wrong-state` for an environment that names a proxy which is none */
  constructor({ guard, version, env = process.env }: HttpClientOptions) {
    const options = {
      connect: guardedConnector(guard),
      connections: connectionsPerOrigin,
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: maxHeaderBytes,
      allowH2: false,
    } as const;
    const { http, https, except } = readProxies(env);
    this.#proxied = https !== undefined;
    // Empty, and not left out: undici would look into the environment itself.
    const proxies = { httpProxy: http?.href ?? '', httpsProxy: https?.href ?? '', noProxy: except };
    this.#dispatcher = this.#proxied ? new EnvHttpProxyAgent({ ...options, ...proxies }) : new Agent(options);
    this.#heads.start();
    this.#guard = guard;
    this.#userAgent = `sluice/${version}`;
  }

  /** Makes one call. Never rejects. */
  send(call: HttpCall): Promise<HttpOutcome> {
    if (call.signal.aborted) return Promise.resolve({ kind: 'aborted' });
    const denied = this.#proxied ? this.#deniedBeforeProxy(call.url) : undefined;
    if (denied !== undefined) return Promise.resolve({ kind: 'failed', error: denied, isUnsent: true });
    if (call.depart !== undefined) return this.#depart(call, call.depart);
    return this.#exchange(call, typeof call.body === 'object' ? new GeneratedBody(call.body) : call.body);
  }

  /** What was closed under a request that had yet to leave says nothing of that request. */
  async #depart(call: HttpCall, depart: () => Promise<void>): Promise<HttpOutcome> {
    for (let replaced = 0; ; replaced++) {
      const body = new GeneratedBody(call.body, depart);
      const outcome = await this.#exchange(call, body);
      if (outcome.kind === 'aborted' || !body.waits || replaced === maxReplaced) return outcome;
    }
  }

  #exchange(call: HttpCall, body: GeneratedBody | string | undefined): Promise<HttpOutcome> {
    const generated = typeof body === 'object' ? body : undefined;
    return new Promise((resolve) => {
      this.#dispatcher.dispatch(
        {
          origin: call.url.origin,
          path: call.url.pathname + call.url.search,
          method: call.method,
          headers: { 'user-agent': this.#userAgent, ...generated?.headers, ...call.headers },
          body: typeof body === 'object' ? body.stream() : (body ?? null),
        },
        new Exchange(call, this.#heads, resolve),
      );
    });
  }

  /** Closes all connections, busy ones too. Idempotent. */
  async stop(): Promise<void> {
    this.#heads.stop();
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
 * A request's body that is made while it is sent. It can hold back the whole request: undici writes the head together with a generated body's first bytes, or with
 * its end, and asks for them when the connection stands. So this is the last moment before anything leaves.
 */
class GeneratedBody {
  readonly #body: StreamedBody | Buffer | undefined;
  readonly #depart: (() => Promise<void>) | undefined;
  #waits = false;

  constructor(body: HttpCall['body'], depart?: () => Promise<void>) {
    this.#body = typeof body !== 'string' ? body : body === '' ? undefined : Buffer.from(body);
    this.#depart = depart;
  }

  /** Its length is known, so it isn't sent in pieces. */
  get headers(): Readonly<Record<string, string>> {
    return this.#body === undefined ? {} : { 'content-length': String(Buffer.isBuffer(this.#body) ? this.#body.length : this.#body.bytes) };
  }

  /** It has a connection, and hasn't left. */
  get waits(): boolean {
    return this.#waits;
  }

  stream(): Readable {
    return Readable.from(this.#chunks(), { objectMode: false });
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    this.#waits = true;
    await this.#depart?.();
    this.#waits = false;
    if (Buffer.isBuffer(this.#body)) yield this.#body;
    else if (this.#body !== undefined) yield* this.#body.stream();
  }
}

/**
 * One request on the wire: gathers its answer within the bound. Leaner than undici's `request`, which makes a stream
 * for each body.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #maxBytesOf: HttpCall['maxBytes'];
  readonly #targetOf: HttpCall['target'];
  #target: BodyTarget | undefined;
  #maxBytes = 0;
  readonly #room: HttpCall['room'];
  #hasRoom = false;
  readonly #heads: ResponseHeads;
  #resolve: ((outcome: HttpOutcome) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: HttpHeaders = {};
  #chunks: Buffer[] = [];
  /** The whole of a large body whose length is known; `#chunks` is left empty then. */
  #whole: Buffer | undefined;
  #length = 0;

  constructor(call: HttpCall, heads: ResponseHeads, resolve: (outcome: HttpOutcome) => void) {
    this.#signal = call.signal;
    this.#maxBytesOf = call.maxBytes;
    this.#targetOf = call.target;
    this.#room = call.room;
    this.#heads = heads;
    this.#resolve = resolve;
    this.#signal.addEventListener('abort', this.#onAbort);
  }

  /** Also called when a call that waited for a connection gets one, which may be after its end. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#resolve === undefined) controller.abort(new Error('the attempt has ended'));
    else this.#heads.expect((status) => (this.#status = status));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
    this.#maxBytes = this.#maxBytesOf(status);
    this.#target = this.#targetOf?.(status, headers);
    // It takes no more: the file is too large, the disk full, what came not what it says.
    this.#target?.done.catch((error: unknown) => {
      const unsavedBy = error instanceof Error ? error : new Error(String(error));
      this.#answer({ truncated: true, unsavedBy });
      this.#controller?.abort(unsavedBy);
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#target !== undefined) {
      const { input } = this.#target;
      if (input.write(chunk)) return;
      controller.pause();
      input.once('drain', () => controller.resume());
      return;
    }
    if (!this.#hasRoom && this.#length + chunk.length > smallBytes) this.#waitForRoom(controller);
    const room = this.#maxBytes - this.#length;
    if (chunk.length <= room) {
      this.#keep(chunk);
      this.#length += chunk.length;
      return;
    }
    this.#keep(chunk.subarray(0, room));
    this.#length += room;
    this.#answer({ truncated: true });
    controller.abort(new Error('the answer is longer than its bound'));
  }

  /** Nothing more is read until then: the receiver has to wait as well. */
  #waitForRoom(controller: Dispatcher.DispatchController): void {
    this.#hasRoom = true;
    const length = Number(this.#headers['content-length'] ?? NaN);
    // Packed content takes what it unfolds to.
    const isLengthKnown = Number.isSafeInteger(length) && this.#headers['content-encoding'] === undefined;
    controller.pause();
    this.#room(isLengthKnown ? Math.min(length, this.#maxBytes) : this.#maxBytes).then(
      () => {
        if (isLengthKnown) this.#gather(Math.min(length, this.#maxBytes));
        controller.resume();
      },
      // It was aborted, and has ended by that.
      () => {},
    );
  }

  /** Pieces that are copied as they come are garbage at once, and not tens of megabytes together at the end. */
  #gather(length: number): void {
    const whole = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(whole, at);
    this.#whole = whole;
    this.#chunks = [];
  }

  #keep(chunk: Buffer): void {
    if (this.#whole === undefined) this.#chunks.push(chunk);
    else chunk.copy(this.#whole, this.#length);
  }

  onResponseEnd(): void {
    if (this.#target === undefined) {
      this.#answer({ truncated: false });
      return;
    }
    this.#target.input.end();
    // What keeps it from arriving is told above.
    this.#target.done.then(
      () => this.#answer({ truncated: false }),
      () => {},
    );
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end({ kind: 'failed', error, isUnsent: this.#controller === undefined }, error);
  }

  readonly #onAbort = (): void => {
    const error = new Error('the attempt was aborted');
    this.#end({ kind: 'aborted' }, error);
    this.#controller?.abort(error);
  };

  /** The call has ended before its answer has: what the receiver has said already counts. */
  #end(outcome: HttpOutcome, cutBy: Error): void {
    const isCut = this.#resolve !== undefined;
    this.#settleBy(outcome, cutBy);
    if (isCut) this.#target?.input.destroy(cutBy);
  }

  #settleBy(outcome: HttpOutcome, cutBy: Error): void {
    if (this.#status === 0) this.#settle(outcome);
    else this.#answer({ truncated: true, cutBy });
  }

  #answer(ending: Pick<HttpAnswer, 'truncated' | 'cutBy' | 'unsavedBy'>): void {
    const [first] = this.#chunks;
    const body = this.#whole !== undefined ? this.#whole.subarray(0, this.#length) : this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#length);
    this.#settle({ kind: 'answer', status: this.#status, headers: this.#headers, body, ...ending });
  }

  #settle(outcome: HttpOutcome): void {
    if (this.#resolve === undefined) return;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve(outcome);
    this.#resolve = undefined;
  }
}

