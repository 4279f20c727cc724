import { createHash, timingSafeEqual } from 'node:crypto';

/** A request as far as the gatekeeper looks at it. */
export interface Visit {
  readonly method: string;
  /** The request target as it was sent. */
  readonly url: string;
  /** Lower-case names; all values, because a second `Host` is how one hides the first. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly remoteAddress: string | undefined;
  /** It asks for another protocol. */
  readonly upgrade: boolean;
}

export interface Gate {
  /** The port that the server listens on. */
  readonly port: number;
  /** `tokenDigest(token)`. */
  readonly tokenDigest: Buffer;
}

export interface Refusal {
  readonly kind: 'refuse';
  readonly status: 400 | 401 | 403 | 404 | 405 | 426;
  /** For a person; never quotes what the visitor sent. */
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Verdict = { readonly kind: 'health' } | { readonly kind: 'metrics' } | { readonly kind: 'rpc' } | Refusal;

/** What the gate keeps of the token: enough to recognise it, useless to anyone who reads it. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Decides on a request before anything else looks at it.
 *
 * Any page in a browser can send requests to 127.0.0.1 and open WebSockets to it, which no same-origin rule stops
 * (CVE-2025-52882); but a browser says so in `Origin`, and our clients send none. A page whose name has been made to point to 127.0.0.1
 * (DNS rebinding, CVE-2022-41924) is of the same origin, but its own name is in `Host`. Everything else on this machine
 * needs the token. The checks for browsers come first, so that a page learns nothing but 403.
 */
export function judge(visit: Visit, gate: Gate): Verdict {
  if (!isLoopback(visit.remoteAddress)) return refuse(403, 'Only this machine may connect.');
  if (visit.headers.origin !== undefined) return refuse(403, 'Requests with an Origin header are refused: this is not for browsers.');
  if (visit.headers.referer !== undefined || comesFromPage(visit.headers['sec-fetch-site'])) {
    return refuse(403, 'Requests of web pages are refused.');
  }
  if (!isOwnHost(visit.headers.host, gate.port)) {
    return refuse(403, `The Host header must be 127.0.0.1:${gate.port}, [::1]:${gate.port} or localhost:${gate.port}.`);
  }
  switch (visit.url) {
    case '/healthz':
    case '/metrics':
      if (visit.method !== 'GET') return notAllowed;
      if (visit.upgrade) return refuse(400, `${visit.url} has no other protocol.`);
      return { kind: visit.url === '/healthz' ? 'health' : 'metrics' };
    case '/rpc':
      if (visit.method !== 'GET') return notAllowed;
      if (!hasToken(visit.headers.authorization, gate.tokenDigest)) return unauthorized;
      return visit.upgrade ? { kind: 'rpc' } : upgradeRequired;
    default:
      return refuse(404, 'There is /healthz, /metrics and /rpc, without a query, and nothing else.');
  }
}

const notAllowed: Refusal = { kind: 'refuse', status: 405, reason: 'Only GET.', headers: { allow: 'GET' } };
const unauthorized: Refusal = {
  kind: 'refuse',
  status: 401,
  reason: 'The token of daemon.json is missing or wrong; it goes into the header Authorization: Bearer.',
  headers: { 'www-authenticate': 'Bearer' },
};
const upgradeRequired: Refusal = {
  kind: 'refuse',
  status: 426,
  reason: '/rpc is a WebSocket.',
  headers: { upgrade: 'websocket', connection: 'Upgrade' },
};

function refuse(status: Refusal['status'], reason: string): Refusal {
  return { kind: 'refuse', status, reason };
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i.test(address);
}

/** Browsers say where a request comes from; `none` is an address that someone typed. Node's own `fetch` doesn't send this one. */
function comesFromPage(site: readonly string[] | undefined): boolean {
  return site !== undefined && site.some((value) => value !== 'none');
}

function isOwnHost(hosts: readonly string[] | undefined, port: number): boolean {
  const [host, ...more] = hosts ?? [];
  if (host === undefined || more.length > 0) return false;
  return ['127.0.0.1', '[::1]', 'localhost'].some((name) => host.toLowerCase() === `${name}:${port}`);
}

/** Compares digests, which are of one length whatever was sent, in constant time. */
function hasToken(values: readonly string[] | undefined, digest: Buffer): boolean {
  const [value, ...more] = values ?? [];
  const token = value === undefined || more.length > 0 ? undefined : /^bearer +([^\s]+)$/i.exec(value)?.[1];
  return token !== undefined && timingSafeEqual(tokenDigest(token), digest);
}
