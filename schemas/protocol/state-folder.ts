/** The folder that makes a folder a project. */
export const sluiceFolder = '.sluice';
/** Names in `.sluice/state/` that a daemon and its clients both know, as `docs/protocol.md` has them. */
export const discoveryName = 'daemon.json';
export const lockName = 'daemon.lock';
/** Holds the pid of the process that has the lock. A text for people: the lock alone decides. */
export const lockHolderName = 'daemon.pid';
/** What a daemon writes before its log is open, and what Node writes when it crashes. */
export const startLogName = 'daemon-start.log';

/** Something in `.sluice/state/`, or on the way there, as `lstat` tells it. */
export interface FolderEntry {
  /** Absolute. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** Why nothing in a state folder may be opened. `path`: of what is wrong. */
export type StateFolderProblem =
  | { readonly code: 'linked-folder' | 'not-a-folder' | 'link' | 'not-a-file'; readonly path: string }
  | { readonly code: 'other-user'; readonly path: string; readonly uid: number; readonly ownUid: number };

/**
 * Whether `.sluice/state/` may be used as it lies there: links lead to files of other programs, pipes never end, and what belongs to another user can
 * change at any time. Undefined if it is safe.
 *
 * `folders`: the folders on the way, `.sluice` and the state folder itself; `owner`: of the state folder, undefined on systems without user ids;
 * `entries`: what the state folder holds.
 */
export function findStateFolderProblem(folders: readonly FolderEntry[], owner: { readonly uid: number; readonly ownUid: number } | undefined, entries: readonly FolderEntry[]): StateFolderProblem | undefined {
  const folder = folders.find(({ kind }) => kind !== 'folder');
  if (folder !== undefined) return { code: folder.kind === 'link' ? 'linked-folder' : 'not-a-folder', path: folder.path };
  const state = folders.at(-1);
  if (state !== undefined && owner !== undefined && owner.uid !== owner.ownUid) return { code: 'other-user', path: state.path, ...owner };
  const strange = entries.find(({ kind }) => kind === 'link' || kind === 'other');
  return strange === undefined ? undefined : { code: strange.kind === 'link' ? 'link' : 'not-a-file', path: strange.path };
}
