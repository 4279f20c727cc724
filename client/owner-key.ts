import { createHmac, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { ownerKeyBytes, ownerKeyName, userFolder } from '../schemas/protocol/owner-mark.ts';
import { stateFileFlags } from './state-folder.ts';

/** Whether a proof was made with this user's key, which the first daemon makes. Without a usable key nothing is. Never rejects. */
export async function isOwnProof(text: string, proof: string): Promise<boolean> {
  const key = await ownerKey().catch(() => undefined);
  if (key === undefined) return false;
  const right = Buffer.from(createHmac('sha256', key).update(text).digest('hex'));
  const given = Buffer.from(proof);
  return given.length === right.length && timingSafeEqual(given, right);
}

async function ownerKey(): Promise<Buffer | undefined> {
  const file = await open(path.resolve(userFolder({ env: process.env, platform: process.platform, home: homedir() }), ownerKeyName), stateFileFlags);
  try {
    const { mode, uid, size } = await file.stat();
    const ownUid = process.getuid?.();
    if (size !== ownerKeyBytes || (ownUid !== undefined && (uid !== ownUid || (mode & 0o077) !== 0))) return undefined;
    return await file.readFile();
  } finally {
    await file.close();
  }
}
