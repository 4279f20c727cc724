import { randomBytes } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../../platform/place-file.ts';
import { isProcessAlive } from '../../platform/process-alive.ts';
import { makeStateFolder } from './state-folder.ts';

/** The number is the pid of anyone who writes it. */
const temporaryName = /^[a-z.-]+\.(\d+)\.[0-9a-f]{12}$/;
const startLog = /^daemon-start-[0-9a-f-]{36}\.log$/;
/** Anyone who starts a daemon looks at its log no longer. */
const startLogMs = 10 * 60_000;

/**
 * Writes a file of `.sluice/state/` as a whole or not at all, so that no reader ever sees a part of it.
 *
 * Only its owner can read it: mode 0600, in a folder of mode 0700. On Windows it inherits the access list of the project's
 * folder, which keeps others out where that is in the user's profile, and may not elsewhere.
 */
export async function writeStateFile(projectFolder: string, name: string, text: string): Promise<void> {
  const folder = await makeStateFolder(projectFolder);
  const temporary = path.join(folder, `${name}.${process.pid}.${randomBytes(6).toString('hex')}`);
  try {
    // Exclusive: a link that someone has put there beforehand is not followed.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await replaceFile(temporary, path.join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Half-written files of processes that have died: `daemon.json.PID.HEX`, and the logs of starts that nobody waited for. Never rejects. */
export async function removeLeftovers(stateFolder: string): Promise<void> {
  const names = await readdir(stateFolder).catch(() => []);
  await Promise.all(
    names.map(async (name) => {
      const file = path.join(stateFolder, name);
      const pid = temporaryName.exec(name)?.[1];
      const isLeft = pid === undefined ? startLog.test(name) && Date.now() - (await stat(file)).mtimeMs > startLogMs : !isProcessAlive(Number(pid));
      if (isLeft) await rm(file, { force: true });
    }),
  ).catch(() => undefined);
}
