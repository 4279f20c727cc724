import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError, messageOfError, systemCodeOf } from '../../schemas/protocol/error.ts';
import { findStateFolderProblem, sluiceFolder, type FolderEntry, type StateFolderProblem } from '../../schemas/protocol/state-folder.ts';
import { fileIdentity, hasBirthTimes, isSameFile } from './doubtful-logs.ts';

export function stateFolderOf(projectFolder: string): string {
  return path.join(projectFolder, sluiceFolder, 'state');
}

/**
 * Makes `.sluice/state/`, for its owner alone, with a `.gitignore` that keeps all of it out of git. What is there must be safe to use.
 *
 * @throws CodedError `foreign-state` or `bad-project` that names what is in the way
 */
export async function makeStateFolder(projectFolder: string): Promise<string> {
  const folder = stateFolderOf(projectFolder);
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
  // A project that was deleted or renamed must not come into being again.
  if (lstatSync(projectFolder, { throwIfNoEntry: false }) === undefined) throw new CodedError('bad-project', `There is no folder ${projectFolder}: it was deleted, renamed or moved.`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // It may be older than this rule, or have been unpacked from an archive.
    if (process.platform !== 'win32' && (lstatSync(folder).mode & 0o077) !== 0) await chmod(folder, 0o700);
    await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
      // A full disk keeps nothing from being read.
      if (systemCodeOf(error) !== 'EEXIST' && systemCodeOf(error) !== 'ENOSPC') throw error;
    });
  } catch (error) {
    const why = systemCodeOf(error) === 'EEXIST' || systemCodeOf(error) === 'ENOTDIR' ? 'is not a folder: move what is there away' : `can't be written: ${messageOfError(error)}`;
    throw new CodedError('bad-project', `${folder} ${why}`);
  }
  if (isWritableByOthers(lstatSync(folder))) throw new CodedError('foreign-state', `${folder} can be written by other users, and this file system doesn't let that be changed. Put the project on one that has permissions.`);
  return folder;
}

/**
 * Why nothing in `.sluice/state/` may be opened, as it lies there: `findStateFolderProblem` judges it. Undefined if it is safe, or not there yet. Opens
 * nothing.
 *
 * Anyone who has made sure once needs no further look: only this user can put anything into the folder then.
 */
export function unsafeState(projectFolder: string): string | undefined {
  const state = stateFolderOf(projectFolder);
  const folders: FolderEntry[] = [];
  for (const folder of [path.join(projectFolder, sluiceFolder), state]) {
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    folders.push({ path: folder, kind: kindOf(stats) });
    if (!stats.isDirectory()) return textOf(findStateFolderProblem(folders, undefined, []));
  }
  const ownUid = process.getuid?.();
  const entries = readdirSync(state, { withFileTypes: true }).map((entry) => ({ path: path.join(state, entry.name), kind: kindOf(entry) }));
  return textOf(findStateFolderProblem(folders, ownUid === undefined ? undefined : { uid: lstatSync(state).uid, ownUid }, entries));
}

/** A sentence or more, with what to do. */
export function stateFolderText(problem: StateFolderProblem): string {
  switch (problem.code) {
    case 'linked-folder':
      return `${problem.path} is a link, and state is kept in no folder that a link leads to. Put a folder in its place.`;
    case 'not-a-folder':
      return `${problem.path} is not a folder: move what is there away.`;
    case 'other-user':
      return `${problem.path} belongs to another user (${problem.uid}, and this is ${problem.ownUid}). That user can run it; to take it over, run \`chown -R ${problem.ownUid} ${problem.path}\`.`;
    case 'link':
    case 'not-a-file':
      return `${problem.path} is ${problem.code === 'link' ? 'a link' : 'neither a file nor a folder'}. Sluice puts nothing like it there, and opens nothing that lies beside it. Look where it comes from, and remove it.`;
  }
}

function textOf(problem: StateFolderProblem | undefined): string | undefined {
  return problem === undefined ? undefined : stateFolderText(problem);
}

function kindOf(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): FolderEntry['kind'] {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}

/** Nothing is there: the way doesn't even lead to a folder. */
const goneCodes: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP'];

/** What tells a folder or file from another one that is put in its place. */
export interface EntryIdentity {
  readonly device: bigint;
  /** See `isSameFile`. */
  readonly file: string;
}

export function isSameEntry(one: EntryIdentity | undefined, other: EntryIdentity | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.device === other.device && isSameFile(one.file, other.file);
}

/**
 * Undefined if there is none.
 *
 * @throws where that can't be told now, such as on a network drive that doesn't answer: a failed look is not loss
 */
export function entryIdentity(entry: string): EntryIdentity | undefined {
  try {
    const stats = lstatSync(entry, { bigint: true });
    return { device: stats.dev, file: fileIdentity(stats, hasBirthTimes(stats)) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && goneCodes.includes(error.code)) return undefined;
    throw error;
  }
}

function isWritableByOthers({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o022) !== 0;
}
