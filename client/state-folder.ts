import * as l10n from '@vscode/l10n';
import { constants } from 'node:fs';
import { lstat, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../schemas/protocol/error.ts';

/**
 * How a file in it is opened for reading: no link, which could point to anyone's file; no waiting for who writes into a pipe. Windows has neither
 * flag.
 */
export const stateFileFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Where a project keeps what belongs to one machine: `.sluice/state/`. */
export function stateFolderOf(projectFolder: string): string {
  return path.join(projectFolder, '.sluice', 'state');
}

/** Whether the folder is a project: one with a `.sluice/` in it. */
export async function isProjectFolder(folder: string): Promise<boolean> {
  return (await stat(path.join(folder, '.sluice')).catch(() => undefined))?.isDirectory() === true;
}

/**
 * Makes the folder as the daemon itself does: for its owner alone, and kept out of git. The daemon looks closer before it opens anything in it.
 *
 * @throws CodedError `foreign-state` where a link leads elsewhere, or the folder is another user's
 */
export async function makeStateFolder(projectFolder: string): Promise<string> {
  const folder = stateFolderOf(projectFolder);
  for (const one of [path.dirname(folder), folder]) {
    if ((await lstat(one).catch(() => undefined))?.isSymbolicLink() === true) throw new CodedError('foreign-state', l10n.t('{0} is a link, and state is kept in no folder that a link leads to. Put a folder in its place.', one));
  }
  // A project that was deleted or renamed must not come into being again.
  if ((await lstat(projectFolder).catch(() => undefined)) === undefined) throw new CodedError('bad-project', l10n.t('The folder {0} is gone: it was deleted, renamed or moved.', projectFolder));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(folder);
  if (process.getuid !== undefined && uid !== process.getuid()) throw new CodedError('foreign-state', l10n.t('{0} belongs to another user.', folder));
  await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ENOSPC'))) throw error;
  });
  return folder;
}
