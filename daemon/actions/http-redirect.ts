import { single } from './http-body.ts';
import type { HttpAnswer, HttpCall } from './http-client.ts';

/** Redirects that one attempt follows at most. */
export const maxRedirects = 5;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * All that crosses to another origin. Credentials go by any name (`x-api-key`, ...), so this is a list of what is
 * harmless, not of what isn't.
 */
const crossOriginHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'idempotency-key',
  'user-agent',
]);

const bodyHeaders: ReadonlySet<string> = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);

export type Redirect =
  | { readonly kind: 'none' }
  | { readonly kind: 'follow'; readonly call: HttpCall }
  | { readonly kind: 'refused'; readonly cause: string; readonly message: string };

/**
 * Where an answer leads, by the rules of RFC 9110 (15.4) and the Fetch standard (HTTP-redirect fetch): 303 turns all
 * but GET and HEAD into GET, 301 and 302 turn POST into GET, 307 and 308 keep method and body. A `location` is missing
 * or unreadable: the answer is taken as final.
 */
export function redirectOf(answer: HttpAnswer, call: HttpCall, hops: number): Redirect {
  const location = redirectStatuses.has(answer.status) ? single(answer.headers['location']) : undefined;
  const url = location === undefined ? null : URL.parse(location, call.url.href);
  if (url === null) return { kind: 'none' };
  if (hops >= maxRedirects) {
    return refused('too many redirects', `${call.url.host} redirects more than ${maxRedirects} times.`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refused('redirect not followed', `${call.url.host} redirects to a ${url.protocol} address, not to http: or https:.`);
  }
  if (call.url.protocol === 'https:' && url.protocol === 'http:') {
    return refused('redirect not followed', `${call.url.host} redirects from https: to http:, where the request would go in the clear.`);
  }
  url.username = '';
  url.password = '';
  const safe = call.method === 'GET' || call.method === 'HEAD';
  const toGet = answer.status === 303 ? !safe : answer.status < 303 && call.method === 'POST';
  const sameOrigin = url.origin === call.url.origin;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.headers)) {
    if ((sameOrigin || crossOriginHeaders.has(name)) && !(toGet && bodyHeaders.has(name))) headers[name] = value;
  }
  return {
    kind: 'follow',
    call: { ...call, url, headers, ...(toGet ? { method: 'GET', body: undefined } : {}) },
  };
}

function refused(cause: string, message: string): Redirect {
  return { kind: 'refused', cause, message };
}
