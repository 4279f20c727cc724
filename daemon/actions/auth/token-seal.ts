import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const prefix = 'v1.';

/**
 * Encrypts what a store keeps of a connection's tokens (AES-256-GCM) by a key that is made of the connection's own secret (HKDF-SHA-256). Whoever has that secret could fetch a
 * token anyway; a copy of the store alone gives nothing away, and daemons that share a store need no other key. With another secret it can't be read, and fetching begins again.
 */
export function sealToken(text: string, connection: string, secret: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, keyOf(connection, secret), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return prefix + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Undefined if it was sealed with another secret, for another connection, or is damaged. */
export function openToken(sealed: string, connection: string, secret: string): string | undefined {
  if (!sealed.startsWith(prefix)) return undefined;
  const bytes = Buffer.from(sealed.slice(prefix.length), 'base64');
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  try {
    const decipher = createDecipheriv(algorithm, keyOf(connection, secret), bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

/** What a token was fetched for: of a connection that has been changed since, it isn't used. */
export function tokenPurpose(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function keyOf(connection: string, secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `sluice connection token ${connection}`, 32));
}
