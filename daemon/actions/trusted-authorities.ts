import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import type { AuthorityFile } from './action.ts';
import { readProjectFile } from './project-file.ts';

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
export async function trustedAuthorities({ folder, path }: AuthorityFile): Promise<string[]> {
  const file = await readProjectFile(folder, path, maxFileBytes);
  if (!file.ok) throw new AuthorityError(`\`ca\`: ${file.message}`);
  const own = file.content.toString('latin1').match(certificate) ?? [];
  if (own.length === 0) throw new AuthorityError(`\`ca\`: ${JSON.stringify(path)} holds no certificate in PEM form`);
  try {
    for (const pem of own) new X509Certificate(pem);
  } catch {
    throw new AuthorityError(`\`ca\`: ${JSON.stringify(path)} holds a certificate that can't be read`);
  }
  return [...getCACertificates('default'), ...own];
}
