import { open } from 'node:fs/promises';
import path from 'node:path';
import { lastStopName, maxLastStopBytes, parseLastStop, type LastStop } from '../schemas/protocol/last-stop.ts';
import { stateFileFlags, stateFolderOf } from './state-folder.ts';

/** What the last daemon of a project said when it ended in good order; undefined where none did, or where it can't be believed. Never rejects. */
export async function readLastStop(projectFolder: string): Promise<LastStop | undefined> {
  try {
    const file = await open(path.join(stateFolderOf(projectFolder), lastStopName), stateFileFlags);
    try {
      const found = await file.stat();
      return found.isFile() && found.size <= maxLastStopBytes ? parseLastStop(await file.readFile('utf8')) : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
