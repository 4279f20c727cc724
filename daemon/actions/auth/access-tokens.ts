import type { TokenLease } from '../../ledger/token-lease.ts';
import type { Clock } from '../../core/clock.ts';
import { failPoint } from '../../platform/fail-point.ts';
import type { TokenStore } from '../../store/token-store.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { abortedAttempt, type ActionFailure, attemptError, type ResolvedHttpConnection } from '../action.ts';
import type { HttpClient } from '../http-client.ts';
import { openToken, sealToken, tokenPurpose } from './token-seal.ts';
import { type FetchedAuth, type FetchedToken, requestToken } from './token-request.ts';

export interface AccessTokensOptions {
  readonly client: HttpClient;
  readonly store: TokenStore;
  readonly clock: Clock;
  /** From now on these are masked in whatever is kept or shown; those that the connection had before may be forgotten after a while. */
  readonly mask: (connection: string, tokens: readonly string[]) => void;
}

export type FetchedConnection = ResolvedHttpConnection & { readonly auth: FetchedAuth };

export interface AccessToken {
  readonly access: string;
  /** Tells it from those before and after it. */
  readonly version: number;
}

/** `isNew`: it was fetched after the refusal. Otherwise it is one that others had already, and may have been taken back as well. */
export type ReplacingToken = AccessToken & { readonly isNew: boolean };

/** How long one request for a token may take, and how long it is nobody else's turn meanwhile, in milliseconds. */
const requestMs = 20_000;
const leaseMs = 30_000;
/** A token is renewed that long before its end, or a tenth of its life if that is less, in milliseconds. */
const earlyMs = 60_000;
const earlyShare = 0.1;
/** A daemon that waits for another one's token looks again after that long, in milliseconds. */
const lookAgainMs = 250;
/** A refused token is renewed if it has worked before, or is at least this old, in milliseconds. */
const provenAgeMs = 60_000;
/** Where a new token was refused as well, the token isn't what is wrong: so long no refusal renews it, in milliseconds. */
const futileMs = 60_000;
/** So long a failure to fetch a token is that of all who ask for it, in milliseconds: at first, and at most after further ones. */
const failurePauses = { first: 1000, most: 60_000 } as const;

interface KeptTokens {
  /** For which API, client and scope the access token is; see `tokenPurpose`. */
  readonly purpose: string;
  /** Of which client and server the refresh token is. */
  readonly grantor: string;
  readonly access: string;
  readonly refresh?: string;
  readonly obtainedAt: number;
  readonly expiresAt?: number;
}

interface State {
  /** The connection as it was; with another one everything begins again. */
  readonly purpose: string;
  /** A renewal that began before the connection was changed. The lease is this daemon's, so nothing but this keeps two from using the same refresh token. */
  readonly earlier: Promise<unknown> | undefined;
  version: number;
  tokens: KeptTokens | undefined;
  /** An answer other than 401 has come since; or another daemon, or this one before it was started again, has fetched it, so it has been used there. */
  isProven: boolean;
  /** The API has refused it, and it is to be renewed: nobody else needs to try it. */
  isRefused: boolean;
  futileUntil: number;
  failure: { readonly until: number; readonly pauseMs: number; readonly failure: ActionFailure } | undefined;
  renewal: Promise<AccessToken | ActionFailure> | undefined;
  /** Fetched, and not in the store yet, because it could not be written. */
  unkept: { readonly version: number; readonly tokens: KeptTokens } | undefined;
}

/**
 * Access tokens of connections: fetched when they are needed, renewed before they end and when the API refuses one, by one request at a time, whoever needs them and however many
 * daemons share the store. A token is in the store before it is used, so that a refresh token that has replaced another one isn't lost with this process.
 */
export class AccessTokens {
  readonly #options: AccessTokensOptions;
  readonly #states = new Map<string, State>();
  readonly #ending = new AbortController();

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  /** One that is good as far as is known. */
  async get(connection: FetchedConnection, signal: AbortSignal): Promise<AccessToken | ActionFailure> {
    const state = this.#stateOf(connection);
    const { tokens, version } = state;
    if (tokens !== undefined && !state.isRefused && this.#isGood(tokens)) return { access: tokens.access, version };
    const renewed = await this.#renewed(connection, state, signal);
    // It could not be renewed early, and hasn't ended.
    if ('ok' in renewed && !signal.aborted && !state.isRefused && tokens?.expiresAt !== undefined && state.tokens === tokens && this.#options.clock.now() < tokens.expiresAt) return { access: tokens.access, version };
    return renewed;
  }

  /** The API has refused a token (401). A newer one, if there is one or it makes sense to fetch one; undefined if the refusal stands. */
  async replacement(connection: FetchedConnection, version: number, signal: AbortSignal): Promise<ReplacingToken | ActionFailure | undefined> {
    const refusedAt = this.#options.clock.now();
    const newer = await this.#newer(connection, version, signal);
    if (newer === undefined || 'ok' in newer) return newer;
    return { ...newer, isNew: (this.#states.get(connection.name)?.tokens?.obtainedAt ?? refusedAt) >= refusedAt };
  }

  async #newer(connection: FetchedConnection, version: number, signal: AbortSignal): Promise<AccessToken | ActionFailure | undefined> {
    const state = this.#stateOf(connection);
    // Somebody else's call was refused first.
    if (state.version !== version || state.tokens === undefined || state.isRefused) return this.get(connection, signal);
    const now = this.#options.clock.now();
    if (now < state.futileUntil || !(state.isProven || now - state.tokens.obtainedAt >= provenAgeMs)) return undefined;
    state.isRefused = true;
    return this.#renewed(connection, state, signal);
  }

  /** What the API has said to a call with that token. */
  answered(connection: FetchedConnection, version: number, { isRefused, isReplacement }: { readonly isRefused: boolean; readonly isReplacement: boolean }): void {
    const state = this.#states.get(connection.name);
    if (state?.version !== version) return;
    if (!isRefused) state.isProven = true;
    else if (isReplacement) state.futileUntil = this.#options.clock.now() + futileMs;
  }

  /** A person wants to know how it is now: a failure of some seconds ago doesn't answer that. */
  askAgain(connection: string): void {
    const state = this.#states.get(connection);
    if (state !== undefined) state.failure = undefined;
  }

  /** Whoever waits is told that it is over. */
  stop(): void {
    this.#ending.abort();
  }

  #stateOf({ name, url, auth }: FetchedConnection): State {
    const purpose = tokenPurpose([new URL(url).origin, JSON.stringify(auth)]);
    const known = this.#states.get(name);
    if (known?.purpose === purpose) return known;
    const state: State = { purpose, earlier: known?.renewal ?? known?.earlier, version: 0, tokens: undefined, isProven: false, isRefused: false, futileUntil: 0, failure: undefined, renewal: undefined, unkept: undefined };
    this.#states.set(name, state);
    return state;
  }

  #isGood({ obtainedAt, expiresAt }: KeptTokens): boolean {
    if (expiresAt === undefined) return true;
    const now = this.#options.clock.now();
    // Of one from the future, the wall clock was set back.
    return now < expiresAt - Math.min(earlyMs, (expiresAt - obtainedAt) * earlyShare) && now >= obtainedAt - earlyMs;
  }

  /** All who wait share one renewal; each may give up by itself. */
  #renewed(connection: FetchedConnection, state: State, signal: AbortSignal): Promise<AccessToken | ActionFailure> {
    const { failure } = state;
    if (failure !== undefined && this.#options.clock.now() < failure.until) return Promise.resolve(failure.failure);
    state.renewal ??= this.#renew(connection, state).catch(storeFailure).finally(() => (state.renewal = undefined));
    return unlessAborted(state.renewal, signal);
  }

  async #renew(connection: FetchedConnection, state: State): Promise<AccessToken | ActionFailure> {
    const { clock, store } = this.#options;
    await state.earlier?.catch(() => {});
    for (;;) {
      const lease = await store.leaseToken({ connection: connection.name, version: state.version, now: clock.now(), leaseMs });
      switch (lease.kind) {
        case 'newer': {
          const tokens = this.#opened(connection, lease.sealed);
          this.#adopt(connection.name, state, { version: lease.version, tokens: tokens?.purpose === state.purpose ? tokens : undefined, isProven: true });
          if (state.tokens !== undefined && this.#isGood(state.tokens)) return { access: state.tokens.access, version: state.version };
          break;
        }
        case 'busy':
          await this.#pause(Math.min(lease.inMs, lookAgainMs));
          break;
        case 'granted': {
          const renewed = await this.#fetchLeased(connection, state, lease);
          if (renewed !== undefined) return renewed;
          break;
        }
      }
      if (this.#ending.signal.aborted) return abortedAttempt(this.#ending.signal);
    }
  }

  /** Undefined: it took so long that another daemon has one. */
  async #fetchLeased(connection: FetchedConnection, state: State, { version, sealed, wasCutOff }: Extract<TokenLease, { kind: 'granted' }>): Promise<AccessToken | ActionFailure | undefined> {
    const { store } = this.#options;
    const kept = sealed === undefined ? undefined : this.#opened(connection, sealed);
    if (state.unkept?.version === version) return this.#keep(connection, state, state.unkept.tokens);
    const answer = await this.#ask(connection, kept?.grantor === grantorOf(connection.auth) ? kept.refresh : undefined);
    if (!answer.ok) {
      await store.keepToken({ connection: connection.name, version });
      return this.#failed(state, wasCutOff && answer.isRefused ? cutOff(answer.failure) : answer.failure);
    }
    failPoint('token-before-keep');
    const tokens = this.#tokensOf(connection, state, answer.token, kept);
    // Before it can be in the text of anything.
    this.#mask(connection.name, tokens);
    state.unkept = { version, tokens };
    return this.#keep(connection, state, tokens);
  }

  /** It is used once it is in the store, and not before: if the server has replaced the refresh token, the new one is the only one. */
  async #keep({ name, auth }: FetchedConnection, state: State, tokens: KeptTokens): Promise<AccessToken | undefined> {
    const version = state.unkept?.version ?? 0;
    const { kept } = await this.#options.store.keepToken({ connection: name, version, sealed: sealToken(JSON.stringify(tokens), name, sealingSecret(auth)) });
    failPoint('token-after-keep');
    state.unkept = undefined;
    if (!kept) return undefined;
    this.#adopt(name, state, { version: version + 1, tokens, isProven: false });
    return { access: tokens.access, version: state.version };
  }

  /** With the refresh token that the store has; if that one is refused, with the one that the connection names, which a person may have set since. */
  async #ask(connection: FetchedConnection, refreshToken: string | undefined): ReturnType<typeof requestToken> {
    const { client, clock } = this.#options;
    const limit = new AbortController();
    const timer = clock.setTimer(requestMs, () => limit.abort(new DOMException('a token took too long', 'TimeoutError')));
    const request = { client, connection: connection.name, auth: connection.auth, now: clock.now(), signal: AbortSignal.any([limit.signal, this.#ending.signal]) };
    try {
      const answer = await requestToken({ ...request, ...(refreshToken === undefined ? {} : { refreshToken }) });
      const { auth } = connection;
      const hasOther = refreshToken !== undefined && auth.type === 'oauth2' && auth.refreshToken !== refreshToken;
      return !answer.ok && answer.isRefused && hasOther ? await requestToken(request) : answer;
    } finally {
      timer.cancel();
    }
  }

  #tokensOf({ auth }: FetchedConnection, state: State, { access, refresh, lifetimeMs }: FetchedToken, before: KeptTokens | undefined): KeptTokens {
    const now = this.#options.clock.now();
    const grantor = grantorOf(auth);
    // A server that sends none means that the same one holds on (RFC 6749, 6).
    const next = refresh ?? (before?.grantor === grantor ? before.refresh : undefined);
    return { purpose: state.purpose, grantor, access, obtainedAt: now, ...(next === undefined ? {} : { refresh: next }), ...(lifetimeMs === undefined ? {} : { expiresAt: now + lifetimeMs }) };
  }

  #opened({ name, auth }: FetchedConnection, sealed: string): KeptTokens | undefined {
    const text = openToken(sealed, name, sealingSecret(auth));
    return text === undefined ? undefined : (JSON.parse(text) as KeptTokens);
  }

  #mask(connection: string, { access, refresh }: KeptTokens): void {
    this.#options.mask(connection, refresh === undefined ? [access] : [access, refresh]);
  }

  #adopt(name: string, state: State, { version, tokens, isProven }: Pick<State, 'version' | 'tokens' | 'isProven'>): void {
    if (tokens !== undefined) this.#mask(name, tokens);
    state.version = version;
    state.tokens = tokens;
    state.isProven = isProven;
    state.isRefused = false;
    state.failure = undefined;
  }

  #failed(state: State, failure: ActionFailure): ActionFailure {
    if (this.#ending.signal.aborted) return failure;
    const pauseMs = Math.min(state.failure === undefined ? failurePauses.first : state.failure.pauseMs * 2, failurePauses.most);
    state.failure = { until: this.#options.clock.now() + pauseMs, pauseMs, failure };
    return failure;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#ending;
      const end = (): void => {
        signal.removeEventListener('abort', end);
        timer.cancel();
        resolve();
      };
      const timer = this.#options.clock.setTimer(ms, end);
      signal.addEventListener('abort', end);
    });
  }
}

/** What the store's copy is encrypted by: it has to be the same for all daemons, and as long as the kept tokens are of use. */
function sealingSecret(auth: FetchedAuth): string {
  if (auth.type !== 'oauth2') return auth.key;
  return (auth.grant === 'refresh-token' ? auth.refreshToken : auth.clientSecret) ?? '';
}

/** A refresh token goes to no other server than the one that gave it, and is of no use to another client. */
function grantorOf(auth: FetchedAuth): string {
  return auth.type === 'oauth2' ? tokenPurpose([auth.tokenUrl, auth.clientId]) : '';
}

/** The store can't be read or written just now: nothing has left, and nothing is used that it doesn't have. */
function storeFailure(error: unknown): ActionFailure {
  if (!(error instanceof CodedError)) throw error;
  return { ok: false, error: attemptError('network', 'store not available', `The token of a connection can't be kept: ${error.message}`) };
}

function cutOff(failure: ActionFailure): ActionFailure {
  const message = `${failure.error.message} An earlier renewal was cut off, before what it had got could be kept: if this server replaces refresh tokens, the one that replaced this is lost.`;
  return { ...failure, error: { ...failure.error, message } };
}

function unlessAborted(renewal: Promise<AccessToken | ActionFailure>, signal: AbortSignal): Promise<AccessToken | ActionFailure> {
  if (signal.aborted) return Promise.resolve(abortedAttempt(signal));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(abortedAttempt(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    renewal.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
