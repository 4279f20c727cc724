import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readRegularFileSync } from '../../platform/regular-file.ts';
import { linkKeyBytes } from '../secrets/signal-link.ts';
import { lacksRoom } from './disk-room.ts';
import { writeStateFile } from './state-file.ts';

export const linkKeyName = 'link-key';

/** A few bytes more than a key in hex, with its line break. */
const maxFileBytes = 1_024;

/**
 * What the links are made with that answer signals: 32 random bytes in hex, in `.sluice/state/link-key` (mode 0600). `isOwn`: a daemon of this user
 * has run in the state folder before; in any other, a key that is there was brought along by somebody who knows it, and is replaced. So is one that can't be read.
 */
export async function readOrMakeLinkKey(projectFolder: string, stateFolder: string, { isOwn }: { readonly isOwn: boolean }): Promise<string> {
  const found = isOwn ? readKey(path.join(stateFolder, linkKeyName)) : undefined;
  if (found !== undefined) return found;
  const key = randomBytes(linkKeyBytes).toString('hex');
  try {
    await writeStateFile(projectFolder, linkKeyName, `${key}\n`);
  } catch (error) {
    // It holds until the daemon ends; the next one makes another.
    if (!lacksRoom(error)) throw error;
  }
  return key;
}

function readKey(file: string): string | undefined {
  const read = readRegularFileSync(file, maxFileBytes);
  if (!read.ok || isReadableByOthers(read.stats)) return undefined;
  const key = read.content.toString('latin1').trim();
  return key.length === 2 * linkKeyBytes && /^[0-9a-f]+$/.test(key) ? key : undefined;
}

/** On Windows, the mode says nothing of it. */
function isReadableByOthers({ mode, uid }: { readonly mode: number; readonly uid: number }): boolean {
  return process.platform !== 'win32' && ((mode & 0o077) !== 0 || uid !== process.getuid?.());
}
