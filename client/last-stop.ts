import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { lastStopName, maxLastStopBytes, parseLastStop, type LastStop } from '../schemas/protocol/last-stop.ts';
import { lastStopProofText } from '../schemas/protocol/owner-mark.ts';
import { isOwnProof } from './owner-key.ts';
import { stateFolderOf, withOpenFile } from './state-folder.ts';

/** What the last daemon of a project said when it ended in good order; undefined if none did, or if it can't be believed. Never rejects. */
export async function readLastStop(projectFolder: string): Promise<LastStop | undefined> {
  try {
    const parsed = await withOpenFile(path.join(stateFolderOf(projectFolder), lastStopName), async ({ isFile, size, read }) => (isFile && size <= maxLastStopBytes ? parseLastStop((await read()).toString('utf8')) : undefined));
    if (parsed === undefined) return undefined;
    const { lastStop, proof } = parsed;
    return (await isOwnProof(lastStopProofText(await realpath(projectFolder), lastStop), proof)) ? lastStop : undefined;
  } catch {
    return undefined;
  }
}
