import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject } from '../schemas/workflow/json.ts';
import { makeStateFolder, stateFolderOf } from './project-folder.ts';

/** How to reach the project's daemon: what `.sluice/state/daemon.json` holds. */
export interface Discovery {
  readonly pid: number;
  readonly port: number;
  /** Whoever has it can do everything that the daemon can do. */
  readonly token: string;
  readonly version: string;
}

export type DiscoveryRead =
  | { readonly kind: 'found'; readonly discovery: Discovery }
  | { readonly kind: 'missing' }
  /** It is there, but must not be used. `reason` is for a person, and doesn't quote the file. */
  | { readonly kind: 'refused'; readonly reason: string };

const maxBytes = 16 * 1024;
/** No link: who can write to the folder could point it to a file of theirs. No waiting for who writes into a pipe. Windows has neither flag. */
const readFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Windows refuses to replace a file that someone has open just now. */
const renameTries = 10;
const renameRetryMs = 100;

export function discoveryPath(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), 'daemon.json');
}

/** A token that can't be guessed: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Writes the file as a whole or not at all, so that no reader ever sees a part of it. To be called when the daemon listens.
 *
 * Only its owner can read it: mode 0600, in a folder of mode 0700. On Windows it inherits the access list of the project's
 * folder, which keeps others out where that is in the user's profile, and may not elsewhere.
 */
export async function writeDiscovery(projectFolder: string, discovery: Discovery): Promise<void> {
  const folder = await makeStateFolder(projectFolder);
  // The folder may be older than this rule, or have been unpacked from an archive.
  await chmod(folder, 0o700);
  const temporary = path.join(folder, `daemon.json.${process.pid}.${randomBytes(6).toString('hex')}`);
  try {
    // Exclusive: a link that someone has put there beforehand is not followed.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(discovery)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await replace(temporary, discoveryPath(projectFolder));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
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
    return codeOf(error) === 'ENOENT' ? { kind: 'missing' } : refused(`it can't be opened (${codeOf(error)})`);
  }
  try {
    const { mode, uid, size } = await file.stat();
    // Of the file that is open, not of the name, which could stand for another one by now.
    const unsafe = unsafeReason(mode, uid);
    if (unsafe !== undefined) return refused(unsafe);
    if (size > maxBytes) return refused('it is too large');
    return parseDiscovery(await file.readFile('utf8'));
  } catch (error) {
    return refused(`it can't be read (${codeOf(error)})`);
  } finally {
    await file.close();
  }
}

/** Removes the file if it is still the one with this token: a daemon that was started since has written its own. */
export async function removeDiscovery(projectFolder: string, token: string): Promise<void> {
  const read = await readDiscovery(projectFolder);
  if (read.kind === 'found' && read.discovery.token === token) await rm(discoveryPath(projectFolder), { force: true });
}

/** Whether there is a process with this pid. It need not be the daemon: numbers are used again. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function parseDiscovery(text: string): DiscoveryRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('it is no JSON, or only half written');
  }
  if (!isJsonObject(value)) return refused('it is no object');
  const { pid, port, token, version } = value;
  if (!isIntegerIn(pid, 1, 2 ** 31)) return refused('its pid is none');
  if (!isIntegerIn(port, 1, 65_535)) return refused('its port is none');
  // It becomes a header, in which a line break would begin another one.
  if (typeof token !== 'string' || !/^[\x21-\x7e]{16,512}$/.test(token)) return refused('its token is none');
  if (typeof version !== 'string' || version.length > 100) return refused('its version is none');
  // Nobody would be there to listen.
  if (!isProcessAlive(pid)) return refused(`the daemon that wrote it (pid ${pid}) has ended without removing it`);
  return { kind: 'found', discovery: { pid, port, token, version } };
}

/** What others can read, or could have written, is no secret of this user's daemon. */
function unsafeReason(mode: number, uid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  if ((mode & 0o170000) !== 0o100000) return 'it is no file';
  if (uid !== process.getuid?.()) return 'it belongs to another user';
  if ((mode & 0o077) !== 0) return `others can read it (mode ${(mode & 0o777).toString(8)}): run \`chmod 600\` on it, and \`sluice restart\` for a new token`;
  return undefined;
}

async function replace(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (process.platform !== 'win32' || tries === renameTries || !['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(error))) throw error;
      await delay(renameRetryMs);
    }
  }
}

function refused(reason: string): DiscoveryRead {
  return { kind: 'refused', reason };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
