import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { ConnectionFile } from './action.ts';
import { onMachine, readProjectFile } from './project-file.ts';

/** Largest file of certificates, in bytes. */
const maxFileBytes = 262_144;
const certificate = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g;

/** A `ca` of a connection can't be used. Its `code` is the cause by which dead letters are grouped. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
  readonly code = 'certificate authority not readable';
}

/**
 * The authorities that Node trusts by default (`NODE_EXTRA_CA_CERTS` among them), and those of a file, in PEM. Node itself ignores what it
 * can't read, and would then say of the server that its certificate isn't trusted.
 *
 * @throws AuthorityError
 */
export async function trustedAuthorities({ folder, path, machine }: ConnectionFile): Promise<string[]> {
  const file = await readProjectFile(folder, path, maxFileBytes, machine);
  if (!file.ok) throw new AuthorityError(`\`ca\`: ${file.message}`);
  const own = file.content.toString('latin1').match(certificate) ?? [];
  if (own.length === 0) throw new AuthorityError(`\`ca\`: ${JSON.stringify(path)} holds no certificate in PEM form${onMachine(machine)}`);
  try {
    for (const pem of own) new X509Certificate(pem);
  } catch {
    throw new AuthorityError(`\`ca\`: ${JSON.stringify(path)} holds a certificate that can't be read${onMachine(machine)}`);
  }
  return [...getCACertificates('default'), ...own];
}

export interface ProxySettings {
  /** The proxy for calls to `http:`; undefined if they go direct. */
  readonly http: URL | undefined;
  /** The proxy for calls to `https:`: without one of their own, that for `http:`. */
  readonly https: URL | undefined;
  /** Hosts that are called direct, as curl reads them: names with a comma or a space between them, `*` for all. */
  readonly except: string;
}

const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:', 'socks:']);

/**
 * The proxies that the environment names, as curl, wget, npm and Go read it: `http_proxy`, `https_proxy` and `no_proxy`, which win over the same
 * in upper case. A value without a scheme, such as `127.0.0.1:3128`, is an HTTP proxy.
 *
 * @throws CodedError `wrong-state` for a value that names no proxy. To ignore it would send calls past the proxy.
 */
export function readProxies(env: NodeJS.ProcessEnv): ProxySettings {
  const http = readProxy(env, 'http_proxy', 'HTTP_PROXY');
  return { http, https: readProxy(env, 'https_proxy', 'HTTPS_PROXY') ?? http, except: env['no_proxy'] ?? env['NO_PROXY'] ?? '' };
}

function readProxy(env: NodeJS.ProcessEnv, lower: string, upper: string): URL | undefined {
  const name = env[lower] === undefined ? upper : lower;
  const value = env[name]?.trim() ?? '';
  if (value === '') return undefined;
  // `localhost:3128` would be read as the scheme `localhost:`.
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url !== null && schemes.has(url.protocol) && url.hostname !== '') return url;
  // Without the value, which may hold a password.
  throw new CodedError('wrong-state', `The environment variable ${name} names no proxy: write it as http://127.0.0.1:3128 (or https://, socks5://), or unset it.`);
}
