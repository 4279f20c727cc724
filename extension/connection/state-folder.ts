import { constants } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

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

/** Makes the folder as the daemon itself does: for its owner alone, and kept out of git. */
export async function makeStateFolder(projectFolder: string): Promise<string> {
  const folder = stateFolderOf(projectFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  return folder;
}
