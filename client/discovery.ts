import { open, realpath, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { maxDiscoveryBytes, parseDiscovery, unsafeDiscovery, type Discovery } from '../schemas/protocol/discovery.ts';
import { discoveryProofText } from '../schemas/protocol/owner-mark.ts';
import { isOwnProof } from './owner-key.ts';
import { stateFileFlags, stateFolderOf } from './state-folder.ts';

export type DiscoveryRead =
  | { readonly kind: 'found'; readonly discovery: Discovery }
  /** No daemon of this user's runs here, and the last one said good-bye. */
  | { readonly kind: 'missing' }
  /** The daemon that wrote it has ended without removing it. */
  | { readonly kind: 'dead'; readonly pid: number }
  /** Must not be used. `reason` is for a person, and doesn't quote the file. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Never rejects. Only a handshake shows that the daemon still is the one that wrote the file. */
export async function readDiscovery(projectFolder: string): Promise<DiscoveryRead> {
  let file: FileHandle;
  try {
    file = await open(path.join(stateFolderOf(projectFolder), 'daemon.json'), stateFileFlags);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : refused(`daemon.json can't be opened (${code})`);
  }
  try {
    // Of the file that is open, not of the name, which could stand for another one by now.
    const { mode, uid, size } = await file.stat();
    const unsafe = unsafeDiscovery({ mode, uid }, process.getuid?.());
    if (unsafe !== undefined) return refused(unsafe);
    return size > maxDiscoveryBytes ? refused('daemon.json is too large') : await usable(await file.readFile('utf8'), await realpath(projectFolder));
  } catch (error) {
    return refused(`daemon.json can't be read (${codeOf(error)})`);
  } finally {
    await file.close();
  }
}

/** Whether there is a process of this number. It need not be the daemon: numbers are used again. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function usable(text: string, folder: string): Promise<DiscoveryRead> {
  const parsed = parseDiscovery(text);
  if (!parsed.ok) return refused(parsed.reason);
  const { discovery, proof } = parsed;
  // It came with the folder, or is of a copy: no daemon of this user's runs here.
  if (!(await isOwnProof(discoveryProofText(folder, discovery), proof))) return { kind: 'missing' };
  return isProcessAlive(discovery.pid) ? { kind: 'found', discovery } : { kind: 'dead', pid: discovery.pid };
}

function refused(reason: string): DiscoveryRead {
  return { kind: 'refused', reason };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
