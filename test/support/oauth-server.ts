import { HttpSink, type SinkReply, type SinkRequest } from './http-sink.ts';

export interface OAuthServerOptions {
  /** In seconds, as told; left out: not told. */
  readonly expiresIn?: number;
  /** Each refresh token is good for one use, and a new one comes with each answer. */
  readonly rotates?: boolean;
  /** The one before is good as well, until the new one has been used: for clients that had no answer (RFC 9700, 4.14.2). */
  readonly isLenient?: boolean;
  /** The first refresh token. */
  readonly refreshToken?: string;
}

/**
 * A small OAuth 2 server and an API behind it, on loopback: `/token` gives tokens, `/api…` answers 401 unless the token is one that it gave and hasn't taken back.
 */
export class OAuthServer {
  readonly sink = new HttpSink({ respond: (request) => this.#answer(request) });
  readonly tokenRequests: SinkRequest[] = [];
  readonly apiRequests: SinkRequest[] = [];
  /** Tokens that the API takes. */
  readonly valid = new Set<string>();
  /** In the place of what `/token` would say. */
  refuseToken: (() => SinkReply) | undefined;
  /** Before `/token` answers. */
  beforeToken: () => Promise<void> = async () => {};
  /** How the API answers those who have a valid token. */
  answerApi: (request: SinkRequest) => SinkReply = () => ({ headers: { 'content-type': 'application/json' }, body: '{"ok":true}' });
  readonly #options: OAuthServerOptions;
  #refreshToken: string | undefined;
  #former: string | null = null;
  #given = 0;
  url = '';

  constructor(options: OAuthServerOptions = {}) {
    this.#options = options;
    this.#refreshToken = options.refreshToken;
  }

  get tokenUrl(): string {
    return `${this.url}/token`;
  }

  get apiUrl(): string {
    return `${this.url}/api`;
  }

  /** The refresh token that is good now. */
  get refreshToken(): string | undefined {
    return this.#refreshToken;
  }

  async start(): Promise<this> {
    ({ url: this.url } = await this.sink.start());
    return this;
  }

  async stop(): Promise<void> {
    await this.sink.stop();
  }

  async #answer(request: SinkRequest): Promise<SinkReply> {
    if (request.path.startsWith('/token')) {
      this.tokenRequests.push(request);
      await this.beforeToken();
      return this.refuseToken?.() ?? this.#token(new URLSearchParams(request.body));
    }
    this.apiRequests.push(request);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    return token !== undefined && this.valid.has(token) ? this.answerApi(request) : { status: 401, body: 'who are you?' };
  }

  #token(form: URLSearchParams): SinkReply {
    const { expiresIn, rotates = false, isLenient = false } = this.#options;
    const headers = { 'content-type': 'application/json' };
    const number = ++this.#given;
    const given = form.get('refresh_token');
    if (form.get('grant_type') === 'refresh_token') {
      if (given !== this.#refreshToken && (!isLenient || given !== this.#former)) return { status: 400, headers, body: JSON.stringify({ error: 'invalid_grant', error_description: 'that one was used' }) };
      if (rotates) [this.#former, this.#refreshToken] = [given, `refresh-token-number-${number}`];
    }
    const access = `access-token-number-${number}`;
    this.valid.add(access);
    const body = { access_token: access, token_type: 'Bearer', ...(expiresIn === undefined ? {} : { expires_in: expiresIn }), ...(rotates ? { refresh_token: this.#refreshToken } : {}) };
    return { status: 200, headers, body: JSON.stringify(body) };
  }
}
