import { realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { type LastStop, lastStopName } from '../../schemas/protocol/daemon-status.ts';
import { lastStopProofText } from '../../schemas/protocol/owner-mark.ts';
import { OwnerKey } from './owner-key.ts';
import { stateFolderOf } from './state-folder.ts';
import { writeStateFile } from './state-file.ts';

/** To be called when nothing moves. */
export async function writeLastStop(projectFolder: string, lastStop: LastStop): Promise<void> {
  const proof = OwnerKey.readOrMake().sign(lastStopProofText(await realpath(projectFolder), lastStop));
  await writeStateFile(projectFolder, lastStopName, `${JSON.stringify({ ...lastStop, proof })}\n`);
}

/** To be called by a daemon that has started: from then on the file would not be true. */
export async function removeLastStop(projectFolder: string): Promise<void> {
  await rm(fileOf(projectFolder), { force: true });
}

function fileOf(projectFolder: string): string {
  return path.join(stateFolderOf(projectFolder), lastStopName);
}
