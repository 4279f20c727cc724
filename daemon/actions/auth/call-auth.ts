import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import type { HttpAuth } from '../../../schemas/workflow/connections/connection.ts';
import type { Clock } from '../../core/clock.ts';
import type { ActionFailure, ResolvedHttpConnection } from '../action.ts';
import type { HttpCall } from '../http-client.ts';
import { appendQuery } from '../http-input.ts';
import type { AccessToken, AccessTokens, FetchedConnection } from './access-tokens.ts';

/** Proves who makes the calls of one attempt. */
export interface CallAuth {
  /** The call as it is sent; to another origin than the connection's it goes as it is. */
  prove(call: HttpCall): Promise<HttpCall | ActionFailure>;
  /** What was answered to the call that `prove` gave last. Whether it should be made again, by a newer proof; a failure if there should be one and can't be. */
  answered(call: HttpCall, status: number): Promise<boolean | ActionFailure>;
}

/** Undefined if the connection proves nothing. */
export function callAuth(connection: ResolvedHttpConnection, { tokens, clock }: { readonly tokens: AccessTokens; readonly clock: Clock }): CallAuth | undefined {
  const { auth } = connection;
  if (auth === undefined) return undefined;
  const { origin } = new URL(connection.url);
  if (auth.type === 'oauth2' || auth.type === 'google-service-account') return new TokenAuth({ ...connection, auth }, origin, tokens);
  return {
    prove: async (call) => (call.url.origin === origin ? proven(call, auth, clock) : call),
    answered: async () => false,
  };
}

async function proven(call: HttpCall, auth: Exclude<HttpAuth<string>, { type: 'oauth2' | 'google-service-account' }>, clock: Clock): Promise<HttpCall> {
  switch (auth.type) {
    case 'bearer':
      return withHeader(call, 'authorization', `Bearer ${auth.token}`);
    case 'basic':
      return withHeader(call, 'authorization', `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}`);
    case 'header':
      return withHeader(call, auth.name, auth.value);
    case 'query': {
      const url = new URL(call.url);
      appendQuery(url, [[auth.name, auth.value]]);
      return { ...call, url };
    }
    case 'aws-sigv4':
      return signed(call, auth, clock.now());
  }
}

async function signed(call: HttpCall, { region, service, keyId, secretKey, sessionToken }: Extract<HttpAuth<string>, { type: 'aws-sigv4' }>, now: number): Promise<HttpCall> {
  const signer = new AwsV4Signer({
    method: call.method,
    url: call.url.href,
    // Of a body that isn't in memory the hash is said; it is what the signer would compute.
    headers: typeof call.body === 'object' ? { ...call.headers, 'x-amz-content-sha256': await sha256Of(call.body.stream()) } : call.headers,
    ...(typeof call.body === 'string' ? { body: call.body } : {}),
    accessKeyId: keyId,
    secretAccessKey: secretKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    service,
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
  const { url, headers } = await signer.sign();
  return { ...call, url, headers: Object.fromEntries(headers) };
}

async function sha256Of(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

function withHeader(call: HttpCall, name: string, value: string): HttpCall {
  return { ...call, headers: { ...call.headers, [name]: value } };
}

/** By a token that is fetched: once an attempt, a call that is refused (401) is made again with a new one; and before, with one that others have fetched meanwhile. */
class TokenAuth implements CallAuth {
  readonly #connection: FetchedConnection;
  readonly #origin: string;
  readonly #tokens: AccessTokens;
  #token: AccessToken | undefined;
  #isReplacement = false;

  constructor(connection: FetchedConnection, origin: string, tokens: AccessTokens) {
    this.#connection = connection;
    this.#origin = origin;
    this.#tokens = tokens;
  }

  async prove(call: HttpCall): Promise<HttpCall | ActionFailure> {
    if (call.url.origin !== this.#origin) return call;
    if (this.#token === undefined) {
      const token = await this.#tokens.get(this.#connection, call.signal);
      if ('ok' in token) return token;
      this.#token = token;
    }
    return withHeader(call, 'authorization', `Bearer ${this.#token.access}`);
  }

  async answered(call: HttpCall, status: number): Promise<boolean | ActionFailure> {
    const token = this.#token;
    if (token === undefined || call.url.origin !== this.#origin) return false;
    const isReplacement = this.#isReplacement;
    this.#tokens.answered(this.#connection, token.version, { isRefused: status === 401, isReplacement });
    if (status !== 401 || isReplacement) return false;
    const newer = await this.#tokens.replacement(this.#connection, token.version, call.signal);
    if (newer === undefined) return false;
    if ('ok' in newer) return newer;
    this.#token = newer;
    this.#isReplacement = newer.isNew;
    return true;
  }
}
