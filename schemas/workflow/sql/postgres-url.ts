import { message, type Message } from '../../wording/message.ts';

/** What a URL of Postgres says. Nothing stands in for what it doesn't say but the port and the usual names. */
export interface PostgresPlace {
  /** A folder where it begins with `/`: that of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `verified`: encrypted, and the certificate is checked. */
  readonly tls: 'verified' | 'unverified' | 'none' | 'unsaid';
  /** The login proves that nobody is in between (RFC 5929). */
  readonly bindsChannel: boolean;
}

/** Hosts put `channel_binding` into the URLs that they give out. */
const known = ['sslmode', 'host', 'channel_binding'];
const form = message('It looks like `postgres://user:password@db.example.com:5432/app`.');

/** What is wrong with a URL; it never has the URL in it, which may hold a password. */
export function postgresUrlProblem(text: string): Message | undefined {
  const place = readPostgresUrl(text);
  return 'problem' in place ? place.problem : undefined;
}

/** Of the parameters, only `sslmode` and `host` are known: others read files, or take effect on a connection that many jobs use. */
export function readPostgresUrl(text: string): PostgresPlace | { readonly problem: Message } {
  const url = /^postgres(?:ql)?:\/\//.test(text) ? URL.parse(text) : null;
  if (url === null) return { problem: message('The URL is none that Postgres takes. {form}', { form }) };
  const other = [...url.searchParams.keys()].find((key) => !known.includes(key));
  if (other !== undefined) return { problem: message("The parameter {name} of the URL is not supported: there are `sslmode` and `host`, and {ca} beside the URL for a certificate.", { name: `\`${other.slice(0, 40)}\``, ca: '`ca`' }) };
  try {
    const part = (name: string): string => decodeURIComponent(name);
    const user = part(url.username);
    if (user === '') return { problem: message('The URL names no user. {form}', { form }) };
    const tls = tlsOf(url.searchParams.get('sslmode'));
    if (tls === undefined) return { problem: message('`sslmode` of the URL is `verify-full`, `no-verify` or `disable`.') };
    const database = part(url.pathname.slice(1));
    const host = url.searchParams.get('host') ?? part(url.hostname).replace(/^\[(.*)\]$/, '$1');
    return { host: host === '' ? 'localhost' : host, port: url.port === '' ? 5432 : Number(url.port), user, password: part(url.password), database: database === '' ? user : database, tls, bindsChannel: url.searchParams.get('channel_binding') === 'require' };
  } catch {
    return { problem: message('The URL has a `%` that no two digits follow: in a user or password, write it as `%25`.') };
  }
}

/** `require`, `prefer` and the like ask for less than what is done: what is encrypted is also checked. */
function tlsOf(mode: string | null): PostgresPlace['tls'] | undefined {
  switch (mode) {
    case null:
      return 'unsaid';
    case 'disable':
      return 'none';
    case 'no-verify':
      return 'unverified';
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return 'verified';
    default:
      return undefined;
  }
}
