import path from 'node:path';
import { lastStopName, maxLastStopBytes, parseLastStop, type LastStop } from '../schemas/protocol/last-stop.ts';
import { stateFolderOf, withOpenFile } from './state-folder.ts';

/** What the last daemon of a project said when it ended in good order; undefined if none did, or if it can't be believed. Never rejects. */
export async function readLastStop(projectFolder: string): Promise<LastStop | undefined> {
  try {
    return await withOpenFile(path.join(stateFolderOf(projectFolder), lastStopName), async ({ isFile, size, read }) => (isFile && size <= maxLastStopBytes ? parseLastStop((await read()).toString('utf8')) : undefined));
  } catch {
    return undefined;
  }
}
