import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { maxDiscoveryBytes, parseDiscovery, unsafeDiscovery, type Discovery, type DiscoveryProblem } from '../schemas/protocol/discovery.ts';
import { discoveryProofText } from '../schemas/protocol/owner-mark.ts';
import { discoveryName } from '../schemas/protocol/state-folder.ts';
import { isOwnProof } from './owner-key.ts';
import { isProcessAlive } from './process-alive.ts';
import { stateFolderOf, withOpenFile } from './state-folder.ts';
import { systemCodeOf } from '../schemas/protocol/system-error.ts';

export type DiscoveryRead =
  | { readonly kind: 'found'; readonly discovery: Discovery }
  | { readonly kind: 'missing' }
  /** The daemon that wrote it has ended without removing it. */
  | { readonly kind: 'dead'; readonly pid: number }
  | { readonly kind: 'refused'; readonly problem: DiscoveryProblem };

export function discoveryPath(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), discoveryName);
}

/**
 * Never rejects. What it finds may be out of date: the daemon may have been killed, and another program may have the port by now. Only an answer to
 * the token proves that it is the daemon, and the token is worth nothing to anyone else.
 */
export async function readDiscovery(projectFolder: string): Promise<DiscoveryRead> {
  try {
    return await withOpenFile(discoveryPath(projectFolder), async ({ mode, uid, size, read }) => {
      const unsafe = unsafeDiscovery({ mode, uid }, process.getuid?.());
      if (unsafe !== undefined) return { kind: 'refused', problem: unsafe };
      if (size > maxDiscoveryBytes) return { kind: 'refused', problem: { code: 'too-large' } };
      return usable((await read()).toString('utf8'), await realpath(projectFolder));
    });
  } catch (error) {
    const errno = systemCodeOf(error) ?? 'unknown';
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'refused', problem: { code: 'unreadable', errno } };
  }
}

async function usable(text: string, folder: string): Promise<DiscoveryRead> {
  const parsed = parseDiscovery(text);
  if (!parsed.ok) return { kind: 'refused', problem: parsed.problem };
  const { discovery, proof } = parsed;
  if (!(await isOwnProof(discoveryProofText(folder, discovery), proof))) return { kind: 'refused', problem: { code: 'unproven' } };
  return isProcessAlive(discovery.pid) ? { kind: 'found', discovery } : { kind: 'dead', pid: discovery.pid };
}
