import type { Discovery } from './discovery.ts';
import type { LastStop } from './daemon-status.ts';

/** The key of this user on this machine, in `userFolder`. */
export const ownerKeyName = 'owner.key';
/** In bytes. */
export const ownerKeyBytes = 32;

/** The file of the key, as the system tells of it. */
export interface OwnerKeyFile {
  readonly isFile: boolean;
  /** In bytes. */
  readonly size: number;
  /** POSIX owner and mode. */
  readonly uid: number;
  readonly mode: number;
}

export type OwnerKeyFlaw = 'no-file' | 'of-another-user' | 'readable-by-others' | 'wrong-size';

/** Why the file can't be used as this user's key; undefined if it can. `ownUid`: undefined on Windows, where the folder's rights protect it. */
export function ownerKeyFlaw({ isFile, size, uid, mode }: OwnerKeyFile, ownUid: number | undefined): OwnerKeyFlaw | undefined {
  if (!isFile) return 'no-file';
  if (ownUid !== undefined && uid !== ownUid) return 'of-another-user';
  if (ownUid !== undefined && (mode & 0o077) !== 0) return 'readable-by-others';
  return size === ownerKeyBytes ? undefined : 'wrong-size';
}

export interface UserFolderSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** The user's home folder, absolute. */
  readonly home: string;
}

/**
 * Where Sluice keeps what belongs to a user and to no project: `~/.local/state/sluice`, `~/Library/Application Support/Sluice` or
 * `%LOCALAPPDATA%\Sluice`; `SLUICE_HOME` where that is set.
 *
 * The XDG variables are left out on purpose: an editor in a Flatpak or a service has others than a terminal, and all programs of a user
 * have to find the same key.
 */
export function userFolder({ env, platform, home }: UserFolderSource): string {
  const { SLUICE_HOME: given, LOCALAPPDATA: localAppData } = env;
  if (given !== undefined && given !== '') return given;
  if (platform === 'win32') return `${localAppData ?? `${home}\\AppData\\Local`}\\Sluice`;
  return platform === 'darwin' ? `${home}/Library/Application Support/Sluice` : `${home}/.local/state/sluice`;
}

/** What the `proof` of a `daemon.json` is made of, with the owner's key: HMAC-SHA-256, in hex. `folder`: the project's, without links in its path. */
export function discoveryProofText(folder: string, { pid, port, token, version }: Discovery): string {
  return JSON.stringify(['sluice daemon.json 1', folder, pid, port, token, version]);
}

/** The same of a `last-stop.json`. */
export function lastStopProofText(folder: string, { at, waiting, dead }: LastStop): string {
  return JSON.stringify(['sluice last-stop.json 1', folder, at, waiting, dead]);
}
