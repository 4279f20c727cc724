import assert from 'node:assert/strict';
import { judge, tokenDigest, type Visit } from '../../../../daemon/server/gatekeeper.ts';

const token = 'the-token-of-this-daemon-and-no-other';
const gate = { port: 4711, tokenDigest: tokenDigest(token) };
const headers = { host: ['127.0.0.1:4711'], authorization: [`Bearer ${token}`] };
const visit: Visit = { method: 'GET', url: '/rpc', headers, remoteAddress: '127.0.0.1', upgrade: true };

function statusOf(change: Partial<Visit>): number | string {
  const verdict = judge({ ...visit, ...change }, gate);
  return verdict.kind === 'refuse' ? verdict.status : verdict.kind;
}

function withHeader(name: string, ...values: string[]): Partial<Visit> {
  return { headers: { ...headers, [name]: values } };
}

describe('the gatekeeper', () => {
  const table: Record<string, [Partial<Visit>, number | string]> = {
    'lets a client with the token in': [{}, 'rpc'],
    'knows its names: localhost': [withHeader('host', 'localhost:4711'), 'rpc'],
    'knows its names: [::1]': [withHeader('host', '[::1]:4711'), 'rpc'],
    'knows its names in any case': [withHeader('host', 'LOCALHOST:4711'), 'rpc'],
    'takes bearer in any case': [withHeader('authorization', `bearer ${token}`), 'rpc'],
    'answers /healthz without a token': [{ url: '/healthz', upgrade: false, headers: { host: ['localhost:4711'] } }, 'health'],

    'refuses a page of another origin (CVE-2025-52882)': [withHeader('origin', 'https://evil.example'), 403],
    'refuses a page of its own origin': [withHeader('origin', 'http://127.0.0.1:4711'), 403],
    'refuses the origin null of a sandboxed frame': [withHeader('origin', 'null'), 403],
    'refuses an empty origin': [withHeader('origin', ''), 403],
    'refuses the origin of a webview': [withHeader('origin', 'vscode-webview://abc'), 403],
    'answers /metrics without a token': [{ url: '/metrics', upgrade: false, headers: { host: ['localhost:4711'] } }, 'metrics'],
    'refuses an origin on /metrics': [{ url: '/metrics', upgrade: false, ...withHeader('origin', 'https://evil.example') }, 403],
    'refuses a rebound name on /metrics': [{ url: '/metrics', upgrade: false, headers: { host: ['evil.example:4711'] } }, 403],
    'lets nobody post to /metrics': [{ method: 'POST', url: '/metrics', upgrade: false }, 405],
    'does not upgrade /metrics': [{ url: '/metrics' }, 400],
    'refuses an origin on /healthz': [{ url: '/healthz', upgrade: false, ...withHeader('origin', 'https://evil.example') }, 403],
    'refuses a referer': [withHeader('referer', 'https://evil.example/'), 403],
    'refuses what a browser marks as a page': [withHeader('sec-fetch-site', 'cross-site'), 403],

    'refuses a rebound name (CVE-2022-41924, CVE-2024-28224)': [withHeader('host', 'evil.example:4711'), 403],
    'refuses a rebound name on /healthz': [{ url: '/healthz', upgrade: false, headers: { host: ['evil.example:4711'] } }, 403],
    'refuses a name that begins like its own': [withHeader('host', 'localhost.evil.example:4711'), 403],
    'refuses a name that ends like its own': [withHeader('host', 'evil-localhost:4711'), 403],
    'refuses another port': [withHeader('host', '127.0.0.1:4712'), 403],
    'refuses a host without a port': [withHeader('host', '127.0.0.1'), 403],
    'refuses 0.0.0.0, which some systems route here': [withHeader('host', '0.0.0.0:4711'), 403],
    'refuses other spellings of 127.0.0.1': [withHeader('host', '2130706433:4711'), 403],
    'refuses user data before the name': [withHeader('host', 'user@127.0.0.1:4711'), 403],
    'refuses two hosts': [withHeader('host', '127.0.0.1:4711', 'evil.example'), 403],
    'refuses no host': [{ headers: { authorization: [`Bearer ${token}`] } }, 403],
    'refuses another machine': [{ remoteAddress: '192.168.1.5' }, 403],
    'refuses an address that begins like loopback': [{ remoteAddress: '127.0.0.1.example' }, 403],

    'refuses a missing token': [{ headers: { host: ['127.0.0.1:4711'] } }, 401],
    'refuses an empty token': [withHeader('authorization', 'Bearer '), 401],
    'refuses a wrong token': [withHeader('authorization', 'Bearer wrong'), 401],
    'refuses the beginning of the token': [withHeader('authorization', `Bearer ${token.slice(0, -1)}`), 401],
    'refuses more than the token': [withHeader('authorization', `Bearer ${token}x`), 401],
    'refuses the token in another case': [withHeader('authorization', `Bearer ${token.toUpperCase()}`), 401],
    'refuses the token by another scheme': [withHeader('authorization', `Basic ${token}`), 401],
    'refuses two tokens': [withHeader('authorization', 'Bearer wrong', `Bearer ${token}`), 401],
    'refuses the digest in place of the token': [withHeader('authorization', `Bearer ${gate.tokenDigest.toString('hex')}`), 401],

    'refuses a token in the URL': [{ url: `/rpc?token=${token}`, headers: { host: ['127.0.0.1:4711'] } }, 404],
    'refuses a query even with the token': [{ url: '/rpc?x=1' }, 404],
    'knows one spelling of a path': [{ url: '//rpc' }, 404],
    'knows no path beside it': [{ url: '/rpc/' }, 404],
    'knows no encoded path': [{ url: '/%72pc' }, 404],
    'serves no proxy requests': [{ url: 'http://evil.example/rpc' }, 404],
    'has nothing below /metrics': [{ url: '/metrics/', upgrade: false }, 404],
    'lets nobody post': [{ method: 'POST', upgrade: false }, 405],
    'lets nobody post to /healthz': [{ method: 'POST', url: '/healthz', upgrade: false }, 405],
    'lets nobody ask for options': [{ method: 'OPTIONS', url: '/healthz', upgrade: false }, 405],
    'answers a plain GET of /rpc with what is missing': [{ upgrade: false }, 426],
    'upgrades nothing but /rpc': [{ url: '/healthz' }, 400],

    'tells a page nothing about the token': [withHeader('origin', 'https://evil.example'), 403],
    'tells a page nothing about paths': [{ url: '/nowhere', ...withHeader('origin', 'https://evil.example') }, 403],
  };
  for (const [name, [change, expected]] of Object.entries(table)) {
    it(name, () => {
      assert.equal(statusOf(change), expected);
    });
  }

  it('quotes nothing that a visitor sent', () => {
    const marker = 'm4rk3r';
    const visits: Partial<Visit>[] = [
      { url: `/${marker}` },
      { method: marker },
      withHeader('origin', marker),
      withHeader('host', marker),
      withHeader('authorization', `Bearer ${marker}`),
    ];
    for (const change of visits) assert.ok(!JSON.stringify(judge({ ...visit, ...change }, gate)).includes(marker));
  });
});
