import { randomBytes } from 'node:crypto';
import { chmod, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeStateFolder } from './project-folder.ts';

/** Windows refuses to replace a file that someone has open just now. */
const renameTries = 10;
const renameRetryMs = 100;

/**
 * Writes a file of `.sluice/state/` as a whole or not at all, so that no reader ever sees a part of it.
 *
 * Only its owner can read it: mode 0600, in a folder of mode 0700. On Windows it inherits the access list of the project's
 * folder, which keeps others out where that is in the user's profile, and may not elsewhere.
 */
export async function writeStateFile(projectFolder: string, name: string, text: string): Promise<void> {
  const folder = await makeStateFolder(projectFolder);
  // The folder may be older than this rule, or have been unpacked from an archive.
  await chmod(folder, 0o700);
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
    await replace(temporary, path.join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function replace(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (process.platform !== 'win32' || tries === renameTries || (code !== 'EPERM' && code !== 'EBUSY' && code !== 'EACCES')) throw error;
      await delay(renameRetryMs);
    }
  }
}
