import path from 'node:path';
import { realpath } from 'node:fs/promises';
import { isProofOf, ownerKeyFile } from '../platform/owner-proof.ts';
import { isProcessAlive } from '../platform/process-alive.ts';
import { type LastStop, lastStopName, maxLastStopBytes, parseLastStop } from '../schemas/protocol/daemon-status.ts';
import { type Discovery, type DiscoveryProblem, maxDiscoveryBytes, parseDiscovery, unsafeDiscovery } from '../schemas/protocol/discovery.ts';
import { systemCodeOf } from '../schemas/protocol/error.ts';
import { discoveryProofText, lastStopProofText, ownerKeyFlaw } from '../schemas/protocol/owner-mark.ts';
import { discoveryName } from '../schemas/protocol/state-folder.ts';
import { stateFolderOf, withOpenFile } from './state-folder.ts';

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

/** What the last daemon of a project said when it ended in good order; undefined if none did, or if it can't be believed. Never rejects. */
export async function readLastStop(projectFolder: string): Promise<LastStop | undefined> {
  try {
    const parsed = await withOpenFile(path.join(stateFolderOf(projectFolder), lastStopName), async ({ isFile, size, read }) => (isFile && size <= maxLastStopBytes ? parseLastStop((await read()).toString('utf8')) : undefined));
    if (parsed === undefined) return undefined;
    const { lastStop, proof } = parsed;
    return (await isOwnProof(lastStopProofText(await realpath(projectFolder), lastStop), proof)) ? lastStop : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a proof was made with this user's key, which the first daemon makes. Without a usable key nothing is. Never rejects. */
async function isOwnProof(text: string, proof: string): Promise<boolean> {
  const key = await ownerKey().catch(() => undefined);
  return key !== undefined && isProofOf(proof, text, key);
}

function ownerKey(): Promise<Buffer | undefined> {
  return withOpenFile(ownerKeyFile(process.env), (opened) => (ownerKeyFlaw(opened, process.getuid?.()) === undefined ? opened.read() : undefined));
}
