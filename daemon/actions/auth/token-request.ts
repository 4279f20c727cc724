import { createPrivateKey, sign } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import type { HttpAuth, OAuth2Auth } from '../../../schemas/workflow/connections/connection.ts';
import { isJsonObject, type Json } from '../../../schemas/workflow/json.ts';
import { abortedAttempt, type ActionFailure, attemptError, invalidInput } from '../action.ts';
import type { HttpAnswer } from '../http-answer.ts';
import type { HttpClient } from '../http-client.ts';
import { retryAfterMs, statusName } from '../http-status-failure.ts';
import { networkFailure } from '../network-failure.ts';
import { isSuccess, maxTokenBytes, tokenResponse, UnreadableTokenAnswer } from './token-answer.ts';

/** What is fetched by a request of its own. */
export type FetchedAuth = OAuth2Auth<string> | Extract<HttpAuth<string>, { type: 'google-service-account' }>;

export interface FetchedToken {
  readonly access: string;
  /** The one that takes the place of the one that was used. */
  readonly refresh?: string;
  /** In milliseconds; undefined if the server doesn't say. */
  readonly lifetimeMs?: number;
}

export type TokenAnswer =
  | { readonly ok: true; readonly token: FetchedToken }
  /** `isRefused`: the server has looked at what was sent and doesn't take it; asking again with the same changes nothing. */
  | { readonly ok: false; readonly isRefused: boolean; readonly failure: ActionFailure };

export interface TokenRequest {
  readonly client: HttpClient;
  /** For messages. */
  readonly connection: string;
  readonly auth: FetchedAuth;
  /** In the place of the one that the connection names. */
  readonly refreshToken?: string;
  /** Wall time, in milliseconds. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Longest description of an error that is told, in characters. */
const maxDescription = 300;
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Codes of RFC 6749, 5.2, that say that nothing but another configuration helps. */
const finalCodes: ReadonlySet<string> = new Set(['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope', 'invalid_target', 'access_denied']);

/** Codes of RFC 6749 (4.1.2.1) and RFC 8628 (3.5) that say that it may be another answer soon, whatever status comes with them. */
const passingCodes: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/** A token that holds for longer holds for ever: no time in milliseconds says when it ends. */
const longestSeconds = 100 * 365 * 86_400;

/** Asks for a token once. Never rejects. */
export async function requestToken(request: TokenRequest): Promise<TokenAnswer> {
  const wire = new Wire(request);
  try {
    const token = request.auth.type === 'oauth2' ? await viaOAuth(request.auth, request, wire) : await viaServiceAccount(request.auth, request, wire);
    return { ok: true, token: { access: token.access_token, ...(token.refresh_token === undefined ? {} : { refresh: token.refresh_token }), ...lifetimeOf(token) } };
  } catch (error) {
    return failed(error, request, wire);
  }
}

/** Some servers say 0 of a token that doesn't end: taken at its word, each call would fetch another one. */
function lifetimeOf({ expires_in: seconds }: oauth.TokenEndpointResponse): { readonly lifetimeMs?: number } {
  return seconds === undefined || !(seconds > 0) || seconds > longestSeconds ? {} : { lifetimeMs: seconds * 1000 };
}

async function viaOAuth(auth: OAuth2Auth<string>, { refreshToken = auth.refreshToken }: TokenRequest, wire: Wire): Promise<oauth.TokenEndpointResponse> {
  const server = serverOf(auth.tokenUrl);
  const client: oauth.Client = { client_id: auth.clientId };
  const proof = clientProof(auth);
  const scope = auth.scope === undefined ? {} : { scope: auth.scope };
  const options = wire.optionsFor(auth.tokenUrl);
  if (auth.grant === 'client-credentials') {
    return oauth.processClientCredentialsResponse(server, client, await oauth.clientCredentialsGrantRequest(server, client, proof, { ...auth.parameters, ...scope }, options));
  }
  const response = await oauth.refreshTokenGrantRequest(server, client, proof, refreshToken ?? '', { ...options, additionalParameters: { ...auth.parameters, ...scope } });
  return oauth.processRefreshTokenResponse(server, client, response);
}

function clientProof({ clientSecret, clientAuth }: OAuth2Auth<string>): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  return clientAuth === 'header' ? oauth.ClientSecretBasic(clientSecret) : oauth.ClientSecretPost(clientSecret);
}

/** RFC 7523, as Google documents it for its service accounts. */
async function viaServiceAccount({ key, scopes }: Extract<FetchedAuth, { type: 'google-service-account' }>, { now }: TokenRequest, wire: Wire): Promise<oauth.TokenEndpointResponse> {
  const { email, privateKey, keyId, tokenUrl } = readKey(key);
  const server = serverOf(tokenUrl);
  const issuedAt = Math.floor(now / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: email, scope: scopes.join(' '), aud: tokenUrl, iat: issuedAt, exp: issuedAt + 3600 };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const assertion = `${signed}.${signRs256(signed, privateKey)}`;
  const client: oauth.Client = { client_id: email };
  // The assertion says who asks.
  const response = await oauth.genericTokenEndpointRequest(server, client, () => {}, jwtBearer, { assertion }, wire.optionsFor(tokenUrl));
  return oauth.processGenericTokenEndpointResponse(server, client, response);
}

function signRs256(text: string, privateKey: string): string {
  try {
    return sign('sha256', Buffer.from(text), createPrivateKey(privateKey)).toString('base64url');
  } catch {
    throw new KeyError('its `private_key` is not a private key in PEM');
  }
}

/** The key of a service account can't be used. Never has any of it. */
class KeyError extends Error {
  override readonly name = 'KeyError';
}

function readKey(text: string): { readonly email: string; readonly privateKey: string; readonly keyId?: string; readonly tokenUrl: string } {
  let key: Json;
  try {
    key = JSON.parse(text) as Json;
  } catch {
    throw new KeyError('it is not JSON');
  }
  if (!isJsonObject(key)) throw new KeyError('it is not a JSON object');
  const { client_email: email, private_key: privateKey, private_key_id: keyId, token_uri: tokenUrl = 'https://oauth2.googleapis.com/token' } = key;
  if (typeof email !== 'string' || typeof privateKey !== 'string') throw new KeyError('it lacks `client_email` or `private_key`');
  if (typeof tokenUrl !== 'string' || !/^https?:\/\//.test(tokenUrl)) throw new KeyError('its `token_uri` is not a URL');
  return { email, privateKey, tokenUrl, ...(typeof keyId === 'string' ? { keyId } : {}) };
}

function serverOf(tokenUrl: string): oauth.AuthorizationServer {
  return { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl };
}

/** A call did not get an answer. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly failure: ActionFailure;

  constructor(failure: ActionFailure) {
    super(failure.error.message);
    this.failure = failure;
  }
}

/** Sends the requests of the OAuth library through the daemon's HTTP client: its address guard, its proxies. */
class Wire {
  readonly #request: TokenRequest;
  /** The last answer. */
  answer: HttpAnswer | undefined;

  constructor(request: TokenRequest) {
    this.#request = request;
  }

  optionsFor(tokenUrl: string): Pick<oauth.TokenEndpointRequestOptions, typeof oauth.customFetch> {
    const options = { [oauth.customFetch]: (url: string, { headers, body }: oauth.CustomFetchOptions<'POST', URLSearchParams>) => this.#send(url, headers, body.toString()) };
    if (!tokenUrl.startsWith('http:')) return options;
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked to stand out; the editor warns of it, and a server on this machine has no other
    return { ...options, [oauth.allowInsecureRequests]: true } as Pick<oauth.TokenEndpointRequestOptions, typeof oauth.customFetch>;
  }

  async #send(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Response> {
    const { client, signal } = this.#request;
    const target = new URL(url);
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    delete sent['user-agent'];
    const outcome = await client.send({ url: target, method: 'POST', headers: sent, body, bodyHasSecret: true, maxBytes: () => maxTokenBytes, signal, depart: undefined, room: async () => {} });
    if (outcome.kind === 'aborted') throw new NoAnswer(abortedAttempt(signal));
    if (outcome.kind === 'failed') throw new NoAnswer(networkFailure(outcome.error, target.host, {}, outcome.isUnsent));
    if (outcome.cutBy !== undefined) throw new NoAnswer(networkFailure(outcome.cutBy, target.host));
    this.answer = outcome;
    return tokenResponse(outcome);
  }
}

function failed(error: unknown, { connection, auth, now, signal }: TokenRequest, wire: Wire): TokenAnswer {
  const about = `No token for the connection ${JSON.stringify(connection)}`;
  if (error instanceof NoAnswer) {
    const { failure } = error;
    return { ok: false, isRefused: failure.error.kind === 'invalid', failure: signal.aborted ? failure : { ...failure, error: { ...failure.error, message: `${about}: ${failure.error.message}` } } };
  }
  if (error instanceof KeyError) return { ok: false, isRefused: true, failure: invalidInput('service account key', `${about}: the key of the service account can't be used, because ${error.message}.`) };
  const { answer } = wire;
  const host = auth.type === 'oauth2' ? new URL(auth.tokenUrl).host : 'the token server';
  if (error instanceof oauth.ResponseBodyError) {
    const described = error.error_description === undefined ? '' : ` (${error.error_description.replace(/\s+/g, ' ').slice(0, maxDescription)})`;
    const told = `${about}: ${host} answered ${error.error.slice(0, 60)}${described}.`;
    const isPassing = passingCodes.has(error.error);
    // What is said with a status of success is an answer, and not a trouble of the server.
    if (finalCodes.has(error.error) || (!isPassing && answer !== undefined && isSuccess(answer.status))) return { ok: false, isRefused: true, failure: invalidInput(`token: ${error.error}`, `${told}${remedy(error.error, auth)}`) };
    return { ok: false, isRefused: false, failure: unavailable(isPassing && error.status < 429 ? 503 : error.status, `token: ${error.error.slice(0, 60)}`, told, answer, now) };
  }
  if (answer !== undefined && !isSuccess(answer.status)) {
    const told = `${about}: ${host} answered ${statusName(answer.status)}.`;
    const isRefused = answer.status >= 300 && answer.status < 500 && ![408, 425, 429].includes(answer.status);
    return { ok: false, isRefused, failure: isRefused ? invalidInput(`token: ${statusName(answer.status)}`, told) : unavailable(answer.status, `token: ${statusName(answer.status)}`, told, answer, now) };
  }
  if (error instanceof UnreadableTokenAnswer) return { ok: false, isRefused: true, failure: invalidInput('token: answer not usable', `${about}: the answer of ${host} is not usable: ${error.message}.`) };
  const why = error instanceof Error ? error.message : String(error);
  return { ok: false, isRefused: true, failure: invalidInput('token: answer not usable', `${about}: the answer of ${host} is not one of OAuth 2: ${why}.`) };
}

/** Of a status that may be another one soon. */
function unavailable(status: number, cause: string, told: string, answer: HttpAnswer | undefined, now: number): ActionFailure {
  const wait = retryAfterMs(answer?.headers['retry-after'], now);
  return { ok: false, error: { ...attemptError('status', cause, told), status }, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

function remedy(code: string, auth: FetchedAuth): string {
  if ((code === 'invalid_grant' || code.includes('refresh_token')) && auth.type === 'oauth2' && auth.grant === 'refresh-token') return " The refresh token was revoked, has expired, or was used by somebody else: get a new one, and set it as the secret of 'refresh-token'.";
  if (code === 'invalid_client') return " Check 'client-id' and 'client-secret', and whether 'client-auth' is what this server expects.";
  return '';
}
