import { createHmac, timingSafeEqual } from 'node:crypto';
import { homedir } from 'node:os';
import path from 'node:path';
import { ownerKeyBytes, ownerKeyName, userFolder } from '../schemas/protocol/owner-mark.ts';
import { withOpenFile } from './state-folder.ts';

/** Whether a proof was made with this user's key, which the first daemon makes. Without a usable key nothing is. Never rejects. */
export async function isOwnProof(text: string, proof: string): Promise<boolean> {
  const key = await ownerKey().catch(() => undefined);
  if (key === undefined) return false;
  const right = Buffer.from(createHmac('sha256', key).update(text).digest('hex'));
  const given = Buffer.from(proof);
  return given.length === right.length && timingSafeEqual(given, right);
}

function ownerKey(): Promise<Buffer | undefined> {
  const file = path.resolve(userFolder({ env: process.env, platform: process.platform, home: homedir() }), ownerKeyName);
  return withOpenFile(file, ({ mode, uid, size, isFile, read }) => {
    const ownUid = process.getuid?.();
    const isOwn = ownUid === undefined || (uid === ownUid && (mode & 0o077) === 0);
    return isFile && isOwn && size === ownerKeyBytes ? read() : undefined;
  });
}
