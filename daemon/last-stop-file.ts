import { lstat, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { lastStopName, maxLastStopBytes, parseLastStop, type LastStop } from '../schemas/protocol/last-stop.ts';
import { stateFolderOf } from './project-folder.ts';
import { writeStateFile } from './state-file.ts';

/** To be called when nothing moves any more. */
export async function writeLastStop(projectFolder: string, lastStop: LastStop): Promise<void> {
  await writeStateFile(projectFolder, lastStopName, `${JSON.stringify(lastStop)}\n`);
}

/** To be called by a daemon that has started: from then on the file would not be true. */
export async function removeLastStop(projectFolder: string): Promise<void> {
  await rm(fileOf(projectFolder), { force: true });
}

/** Undefined where none is there, or where it can't be believed. */
export async function readLastStop(projectFolder: string): Promise<LastStop | undefined> {
  const file = fileOf(projectFolder);
  try {
    // Not what a link leads to.
    const found = await lstat(file);
    return found.isFile() && found.size <= maxLastStopBytes ? parseLastStop(await readFile(file, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), lastStopName);
}
