import { randomBytes } from 'node:crypto';
import { constants, lstatSync } from 'node:fs';
import { lstat, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { maxDiscoveryBytes, parseDiscovery, type Discovery } from '../../schemas/protocol/discovery.ts';
import { discoveryProofText, lastStopProofText } from '../../schemas/protocol/owner-mark.ts';
import { discoveryName } from '../../schemas/protocol/state-folder.ts';
import { lacksRoom } from './disk-room.ts';
import { OwnerKey } from './owner-key.ts';
import { stateFolderOf } from './state-folder.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { writeStateFile } from './state-file.ts';
import { type LastStop, lastStopName } from '../../schemas/protocol/daemon-status.ts';

const spareName = 'daemon.spare';
/** A `daemon.json` that was written into a spare file has this size, in bytes: blanks follow its text. */
const spareBytes = 4096;

/** A token that can't be guessed: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** As a whole or not at all, for its owner alone. To be called when the daemon listens. Clients read it: `client/discovery.ts`. */
export async function writeDiscovery(projectFolder: string, discovery: Discovery): Promise<void> {
  const proof = OwnerKey.readOrMake().sign(discoveryProofText(await realpath(projectFolder), discovery));
  const text = `${JSON.stringify({ ...discovery, proof })}\n`;
  try {
    await writeStateFile(projectFolder, discoveryName, text);
  } catch (error) {
    if (!lacksRoom(error)) throw error;
    await writeIntoSpare(projectFolder, text).catch(() => {
      throw new CodedError('store-unavailable', `The disk is full, and daemon.json can't be written, by which a daemon is found. Make room on the disk of ${projectFolder}.`);
    });
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

/** Removes the file if it is still the one with this token: a daemon that was started since has written its own. */
export async function removeDiscovery(projectFolder: string, token: string): Promise<void> {
  const file = discoveryPath(projectFolder);
  const read = await readRegularFile(file, maxDiscoveryBytes);
  if (!read.ok) return;
  const parsed = parseDiscovery(read.content.toString('utf8'));
  if (!parsed.ok || parsed.discovery.token !== token) return;
  // It took its room from the spare file, and is the next one.
  if (read.stats.size === spareBytes) await rename(file, sparePath(projectFolder));
  else await rm(file, { force: true });
}

function discoveryPath(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), discoveryName);
}

/** To be called when nothing moves. */
export async function writeLastStop(projectFolder: string, lastStop: LastStop): Promise<void> {
  const proof = OwnerKey.readOrMake().sign(lastStopProofText(await realpath(projectFolder), lastStop));
  await writeStateFile(projectFolder, lastStopName, `${JSON.stringify({ ...lastStop, proof })}\n`);
}

/** To be called by a daemon that has started: from then on the file would not be true. */
export async function removeLastStop(projectFolder: string): Promise<void> {
  await rm(fileOf(projectFolder), { force: true });
}

function fileOf(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), lastStopName);
}

/** Files that a daemon writes to while it lives. */
const written = ['daemon.json', 'daemon.log', 'store.db', 'store.db-wal', 'store.db-attempts'];

/** When a daemon that ended without being stopped showed the last sign of life, in milliseconds since the epoch. */
export interface FormerDaemon {
  readonly aliveAt: number;
}

/**
 * The former daemon of a project, if it left its `daemon.json`: each that stops takes it away, unless its folder was renamed meanwhile, which the store
 * knows (`wasClosed`). To be asked by the holder of the lock,
 * before anything is written: the times of the files are the last that the former daemon did.
 */
export function findCrashedDaemon(stateFolder: string): FormerDaemon | undefined {
  const times = written.map((name) => lstatSync(path.join(stateFolder, name), { throwIfNoEntry: false })?.mtimeMs);
  return times[0] === undefined ? undefined : { aliveAt: Math.max(...times.map((time) => time ?? 0)) };
}
