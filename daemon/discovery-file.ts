import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { maxDiscoveryBytes, parseDiscovery, unprovenDiscovery, unsafeDiscovery, type Discovery } from '../schemas/protocol/discovery.ts';
import { discoveryProofText } from '../schemas/protocol/owner-mark.ts';
import { isOutOfRoom } from './disk-room.ts';
import { OwnerKey } from './owner-key.ts';
import { isProcessAlive } from './platform/process-alive.ts';
import { stateFolderOf } from './project-folder.ts';
import { writeStateFile } from './state-file.ts';

export type DiscoveryRead =
  | { readonly kind: 'found'; readonly discovery: Discovery }
  | { readonly kind: 'missing' }
  /** It is there, but must not be used. `reason` is for a person, and doesn't quote the file. */
  | { readonly kind: 'refused'; readonly reason: string };

/** No link: who can write to the folder could point it to a file of theirs. No waiting for who writes into a pipe. Windows has neither flag. */
const readFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const spareName = 'daemon.spare';
/** A `daemon.json` that was written into a spare file has this size, in bytes: blanks follow its text. */
const spareBytes = 4096;

export function discoveryPath(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), 'daemon.json');
}

/** A token that can't be guessed: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** As a whole or not at all, for its owner alone. To be called when the daemon listens. */
export async function writeDiscovery(projectFolder: string, discovery: Discovery): Promise<void> {
  const proof = OwnerKey.readOrMake().sign(discoveryProofText(await realpath(projectFolder), discovery));
  const text = `${JSON.stringify({ ...discovery, proof })}\n`;
  try {
    await writeStateFile(projectFolder, 'daemon.json', text);
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    await writeIntoSpare(projectFolder, text);
  }
}

/**
 * Sees to it that a daemon can be found on a full disk: a file has its room already, and `daemon.json` is written into that. To be called while there
 * is room. Never rejects: without it, a daemon can't start on a full disk, and nothing else is lost.
 */
export async function keepSpare(projectFolder: string): Promise<void> {
  const file = sparePath(projectFolder);
  if ((await lstat(file).catch(() => undefined))?.size === spareBytes) return;
  await writeStateFile(projectFolder, spareName, ' '.repeat(spareBytes)).catch(() => undefined);
}

/** Old texts are overwritten in place, which takes no room, and only then get the name. */
async function writeIntoSpare(projectFolder: string, text: string): Promise<void> {
  const spare = sparePath(projectFolder);
  // One that a killed daemon has left is of no use to anybody else; the caller has the project's lock.
  if ((await lstat(spare).catch(() => undefined)) === undefined) await rename(discoveryPath(projectFolder), spare);
  const file = await open(spare, constants.O_RDWR | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW));
  try {
    await file.write(text.padEnd(spareBytes), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(spare, discoveryPath(projectFolder));
}

function sparePath(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), spareName);
}

/**
 * Never rejects. What it finds may be out of date: the daemon may have been killed, and another program may have the port by
 * now. Only an answer to the token proves that it is the daemon, and the token is worth nothing to anyone else.
 */
export async function readDiscovery(projectFolder: string): Promise<DiscoveryRead> {
  let file: FileHandle;
  try {
    file = await open(discoveryPath(projectFolder), readFlags);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { kind: 'missing' } : refused(`daemon.json can't be opened (${codeOf(error)})`);
  }
  try {
    const { mode, uid, size } = await file.stat();
    // Of the file that is open, not of the name, which could stand for another one by now.
    const unsafe = unsafeDiscovery({ mode, uid }, process.getuid?.());
    if (unsafe !== undefined) return refused(unsafe);
    if (size > maxDiscoveryBytes) return refused('daemon.json is too large');
    return usable(await file.readFile('utf8'), await realpath(projectFolder));
  } catch (error) {
    return refused(`daemon.json can't be read (${codeOf(error)})`);
  } finally {
    await file.close();
  }
}

/** Removes the file if it is still the one with this token: a daemon that was started since has written its own. */
export async function removeDiscovery(projectFolder: string, token: string): Promise<void> {
  const read = await readDiscovery(projectFolder);
  if (read.kind !== 'found' || read.discovery.token !== token) return;
  const file = discoveryPath(projectFolder);
  // It took its room from the spare file, and is the next one.
  if ((await lstat(file)).size === spareBytes) await rename(file, sparePath(projectFolder));
  else await rm(file, { force: true });
}

function usable(text: string, folder: string): DiscoveryRead {
  const parsed = parseDiscovery(text);
  if (!parsed.ok) return refused(parsed.reason);
  const { discovery, proof } = parsed;
  try {
    if (OwnerKey.read()?.verify(discoveryProofText(folder, discovery), proof) !== true) return refused(unprovenDiscovery);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  // Nobody would be there to listen.
  return isProcessAlive(discovery.pid) ? { kind: 'found', discovery } : refused(`the daemon that wrote it (pid ${discovery.pid}) has ended without removing it`);
}

function refused(reason: string): DiscoveryRead {
  return { kind: 'refused', reason };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
