import path from 'node:path';
import { realpath, rm } from 'node:fs/promises';
import { lstatSync } from 'node:fs';
import { type LastStop, lastStopName } from '../../schemas/protocol/daemon-status.ts';
import { lastStopProofText } from '../../schemas/protocol/owner-mark.ts';
import { OwnerKey } from './owner-key.ts';
import { writeStateFile } from './state-file.ts';
import { stateFolderOf } from './state-folder.ts';

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

/** Files that a daemon writes to while it lives. */
const written = ['daemon.json', 'daemon.log', 'store.db', 'store.db-wal', 'store.db-attempts'];

/** When a daemon that ended without being stopped showed the last sign of life, in milliseconds since the epoch. */
export interface FormerDaemon {
  readonly aliveAt: number;
}

/**
 * The former daemon of a project, if it left its `daemon.json`: each that stops takes it away, unless its folder was renamed meanwhile, which the store
 * knows (`wasClosed`). To be asked by the holder of the lock,
 * before anything is written: the times of the files are the last that the former daemon did.
 */
export function findCrashedDaemon(stateFolder: string): FormerDaemon | undefined {
  const times = written.map((name) => lstatSync(path.join(stateFolder, name), { throwIfNoEntry: false })?.mtimeMs);
  return times[0] === undefined ? undefined : { aliveAt: Math.max(...times.map((time) => time ?? 0)) };
}
