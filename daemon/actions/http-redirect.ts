import { message, type Message } from '../../schemas/wording/message.ts';
import { single, type HttpAnswer } from './http-answer.ts';
import type { HttpCall } from './http-client.ts';

/** Redirects that one attempt follows at most. */
export const maxRedirects = 5;
/** How much of a redirect's target a message shows, in characters. Its query is left out: it may be a signature. */
const maxShownPlace = 200;

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

export type Redirect =
  | { readonly kind: 'none' }
  | { readonly kind: 'follow'; readonly call: HttpCall }
  | { readonly kind: 'refused'; readonly cause: string; readonly message: Message };

/**
 * Where an answer leads, by the rules of RFC 9110 (15.4). GET and HEAD follow each redirect, and 307 and 308 keep any method and its body.
 * 301, 302 and 303 would turn another method into a GET without the body: something else than was asked for would then have succeeded, so
 * they are refused. A `location` that is missing or unreadable: the answer is taken as final.
 */
export function redirectOf(answer: HttpAnswer, call: HttpCall, hops: number): Redirect {
  const location = redirectStatuses.has(answer.status) ? single(answer.headers['location']) : undefined;
  const url = location === undefined ? null : URL.parse(asciiOf(location), call.url.href);
  if (url === null) return { kind: 'none' };
  const from = call.url.host;
  const status = String(answer.status);
  url.username = '';
  url.password = '';
  if (isSameRequest(url, call.url)) {
    return refused('redirect to itself', message('{from} redirects to the same URL that was called ({status}), so following it would only repeat the request. Its `location` may be empty by mistake.', { from, status }));
  }
  if (hops >= maxRedirects) return refused('too many redirects', message('{count, plural, one {{from} redirects more than # time.} other {{from} redirects more than # times.}}', { from, count: maxRedirects }));
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refused('redirect not followed', message('{from} redirects to a {protocol} address, not to http: or https:.', { from, protocol: url.protocol }));
  }
  if (call.url.protocol === 'https:' && url.protocol === 'http:') {
    return refused('redirect not followed', message('{from} redirects from https: to http:, where the request would go in the clear.', { from }));
  }
  const sameOrigin = url.origin === call.url.origin;
  const place = `${sameOrigin ? '' : url.origin}${url.pathname}`.slice(0, maxShownPlace);
  if (answer.status <= 303 && call.method !== 'GET' && call.method !== 'HEAD') {
    return refused(
      `${answer.status} redirect`,
      message(
        "{from} redirects to {place} ({status}), which turns {method} into a GET without its body, so it isn't followed. Set `url` to where it leads; or, if this answer is a success, say so: {code}.",
        { from, place, status, method: call.method, code: `\`expect: [2xx, ${status}]\`` },
      ),
    );
  }
  if (call.bodyHasSecret && !sameOrigin && !isUpgrade(call.url, url)) {
    return refused('redirect not followed', message("{from} redirects to {origin}, and the body holds a secret, which isn't sent to another origin. Set `url` to where it leads if that is right.", { from, origin: url.origin }));
  }
  const headers = sameOrigin ? call.headers : Object.fromEntries(Object.entries(call.headers).filter(([name]) => crossOriginHeaders.has(name)));
  return { kind: 'follow', call: { ...call, url, headers } };
}

/** What is behind `#` is never sent. */
function isSameRequest(one: URL, other: URL): boolean {
  return one.origin === other.origin && one.pathname === other.pathname && one.search === other.search;
}

/** The same host, at the default port of https: instead of that of http:. */
function isUpgrade(from: URL, to: URL): boolean {
  return from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname && from.port === '' && to.port === '';
}

/**
 * Header values come as one character a byte. Servers send UTF-8 as it is, which RFC 3986 doesn't allow; each byte then stands for its
 * percent-encoding, as browsers read it. Taken as characters, `/größe` would lead to `/grÃ¶Ã\x9fe`.
 */
function asciiOf(location: string): string {
  return location.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

function refused(cause: string, message: Message): Redirect {
  return { kind: 'refused', cause, message };
}
