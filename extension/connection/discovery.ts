import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { stateFolderOf } from './state-folder.ts';

/** How to reach a project's daemon, as `docs/protocol.md` has it ("Finding the daemon"). */
export interface Discovery {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
  readonly version: string;
}

export type DiscoveryRead =
  | { readonly kind: 'found'; readonly discovery: Discovery }
  /** No daemon runs, and the last one said good-bye. */
  | { readonly kind: 'missing' }
  /** The daemon that wrote it has ended without removing it. */
  | { readonly kind: 'dead'; readonly pid: number }
  /** Must not be used. `reason` is for a person, and doesn't quote the file. */
  | { readonly kind: 'refused'; readonly reason: string };

const maxBytes = 16 * 1024;
// No link, which could point to anyone's file; no waiting for who writes into a pipe. Windows has neither flag.
const readFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Never rejects. Only a handshake shows that the daemon still is the one that wrote the file. */
export async function readDiscovery(projectFolder: string): Promise<DiscoveryRead> {
  let file: FileHandle;
  try {
    file = await open(path.join(stateFolderOf(projectFolder), 'daemon.json'), readFlags);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : refused(`daemon.json can't be opened (${code})`);
  }
  try {
    // Of the file that is open, not of the name, which could stand for another one by now.
    const { mode, uid, size } = await file.stat();
    const unsafe = unsafeReason(mode, uid);
    if (unsafe !== undefined) return refused(unsafe);
    return size > maxBytes ? refused('daemon.json is too large') : parse(await file.readFile('utf8'));
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

function parse(text: string): DiscoveryRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('daemon.json is no JSON, or only half written');
  }
  if (!isJsonObject(value)) return refused('daemon.json is no object');
  const { pid, port, token, version } = value;
  if (!isIntegerIn(pid, 1, 2 ** 31)) return refused('the pid in daemon.json is none');
  if (!isIntegerIn(port, 1, 65_535)) return refused('the port in daemon.json is none');
  // It becomes a header, in which a line break would begin another one.
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,512}$/.test(token)) return refused('the token in daemon.json is none');
  if (typeof version !== 'string' || version.length > 100) return refused('the version in daemon.json is none');
  return isProcessAlive(pid) ? { kind: 'found', discovery: { pid, port, token, version } } : { kind: 'dead', pid };
}

/** What others can read, or could have written, is no secret of this user's daemon. */
function unsafeReason(mode: number, uid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return 'daemon.json is no file';
  if (uid !== process.getuid?.()) return 'daemon.json belongs to another user';
  if ((mode & 0o077) !== 0) return `others can read daemon.json (mode ${(mode & 0o777).toString(8)}), which holds the key to the daemon: restart the daemon for a new one`;
  return undefined;
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
