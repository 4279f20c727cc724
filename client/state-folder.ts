import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findStateFolderProblem, type FolderEntry, type StateFolderProblem } from '../schemas/protocol/state-folder.ts';
import { ClientError } from './client-error.ts';
import { isOutOfRoom, messageOfError, systemCodeOf } from '../schemas/protocol/error.ts';

/** What each entry of a folder, and a file by its `lstat`, says of its kind. */
interface Kinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** No link, which could point to anyone's file; no waiting for who writes into a pipe. Windows has neither flag. */
const readFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Where a project keeps what belongs to one machine: `.sluice/state/`. */
export function stateFolderOf(projectFolder: string): string {
  return path.join(projectFolder, '.sluice', 'state');
}

/** Whether the folder is a project: one with a `.sluice/` in it. */
export async function isProjectFolder(folder: string): Promise<boolean> {
  return (await stat(path.join(folder, '.sluice')).catch(() => undefined))?.isDirectory() === true;
}

/** Whether there is no folder any longer; false if that can't be told just now. Never rejects. */
export async function isFolderGone(folder: string): Promise<boolean> {
  try {
    await lstat(folder);
    return false;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '');
  }
}

/** The project that a folder lies in: the nearest folder upward that has a `.sluice/`; undefined if none has. */
export async function findProjectFolder(from: string): Promise<string | undefined> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (await isProjectFolder(folder)) return folder;
    if (path.dirname(folder) === folder) return undefined;
  }
}

/** A file that is open, by what it is: not by its name, which could stand for another one by now. */
export interface OpenFile {
  /** POSIX mode and owner. */
  readonly mode: number;
  readonly uid: number;
  /** In bytes. */
  readonly size: number;
  readonly isFile: boolean;
  readonly read: () => Promise<Buffer>;
}

/** Opens a file, hands it to `use`, and closes it. @throws Error of the system */
export async function withOpenFile<T>(file: string, use: (opened: OpenFile) => Promise<T> | T): Promise<T> {
  const handle = await open(file, readFlags);
  try {
    const stats = await handle.stat();
    return await use({ mode: stats.mode, uid: stats.uid, size: stats.size, isFile: stats.isFile(), read: () => handle.readFile() });
  } finally {
    await handle.close();
  }
}

/** As `findStateFolderProblem` judges it; undefined if the folder is safe, or isn't there yet. Opens nothing. */
export async function stateFolderProblem(projectFolder: string): Promise<StateFolderProblem | undefined> {
  const state = stateFolderOf(projectFolder);
  const folders: FolderEntry[] = [];
  for (const folder of [path.dirname(state), state]) {
    const stats = await lstat(folder).catch(() => undefined);
    if (stats === undefined) return findStateFolderProblem(folders, undefined, []);
    folders.push({ path: folder, kind: kindOf(stats) });
    if (!stats.isDirectory()) return findStateFolderProblem(folders, undefined, []);
  }
  const ownUid = process.getuid?.();
  const { uid } = await lstat(state);
  const entries = (await readdir(state, { withFileTypes: true })).map((entry) => ({ path: path.join(state, entry.name), kind: kindOf(entry) }));
  return findStateFolderProblem(folders, ownUid === undefined ? undefined : { uid, ownUid }, entries);
}

/** Whether a daemon has ever been here: nothing has to be made to find that out. */
export async function hasStateFolder(projectFolder: string): Promise<boolean> {
  return (await lstat(stateFolderOf(projectFolder)).catch(() => undefined)) !== undefined;
}

/**
 * Makes the folder as the daemon itself does: for its owner alone, and kept out of git. The daemon looks closer before it opens anything in it.
 *
 * @throws ClientError `state-folder`, `state-folder-unwritable` or `folder-gone`
 */
export async function makeStateFolder(projectFolder: string): Promise<string> {
  const folder = stateFolderOf(projectFolder);
  const problem = await stateFolderProblem(projectFolder);
  if (problem !== undefined) throw new ClientError({ kind: 'state-folder', problem });
  // A project that was deleted or renamed must not come into being again.
  if (await isFolderGone(projectFolder)) throw new ClientError({ kind: 'folder-gone', folder: projectFolder });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
      // A full disk keeps nothing from being read.
      if (systemCodeOf(error) !== 'EEXIST' && !isOutOfRoom(error)) throw error;
    });
  } catch (error) {
    throw new ClientError({ kind: 'state-folder-unwritable', folder, problem: messageOfError(error) });
  }
  return folder;
}

function kindOf(entry: Kinds): FolderEntry['kind'] {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}
