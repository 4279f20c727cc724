import { createHmac, timingSafeEqual } from 'node:crypto';
import { homedir } from 'node:os';
import path from 'node:path';
import { ownerKeyName, userFolder } from '../schemas/protocol/owner-mark.ts';

/** Where this user's key is, absolute; see `userFolder`. */
export function ownerKeyFile(env: NodeJS.ProcessEnv): string {
  return path.resolve(userFolder({ env, platform: process.platform, home: homedir() }), ownerKeyName);
}

/** The proof that a text is of anyone who has the key: HMAC-SHA-256, in hex. */
export function proofOf(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

/** In constant time for proofs of the right length. */
export function isProofOf(proof: string, text: string, key: Buffer): boolean {
  const right = Buffer.from(proofOf(text, key));
  const given = Buffer.from(proof);
  return given.length === right.length && timingSafeEqual(given, right);
}
