import { link, lstat, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '../schemas/protocol/error.ts';
import { message, type Message } from '../schemas/wording/message.ts';
import { syncFolder } from './sync-folder.ts';

/** Windows refuses to replace a file that someone has open just now. */
const replaceTries = 10;
const replaceRetryMs = 100;

/**
 * Gives a file that is whole, and on the disk, its name, so that the name survives a power cut. Answers why it can't have it; undefined: it has it.
 *
 * @throws an error of the file system
 */
export async function placeFile(partial: string, { file, overwrite = false }: { readonly file: string; readonly overwrite?: boolean }): Promise<Message | undefined> {
  const present = await lstat(file).catch(() => undefined);
  if (present !== undefined && !present.isFile()) return notRegular(file);
  if (overwrite) await replaceFile(partial, file);
  else {
    const isPlaced = await linkNew(partial, file);
    if (!isPlaced) return message('The file {file} was made in the meantime. It was left as it is.', { file });
  }
  await syncFolder(path.dirname(file));
  return undefined;
}

/** Gives a file the name of another one, which it replaces, if there is one. @throws an error of the file system */
export async function replaceFile(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const code = systemCodeOf(error);
      if (process.platform !== 'win32' || tries === replaceTries || (code !== 'EPERM' && code !== 'EBUSY' && code !== 'EACCES')) throw error;
      await delay(replaceRetryMs);
    }
  }
}

export function notRegular(file: string): Message {
  return message('{file} is not a regular file: it is a folder, a link, a pipe or a device.', { file });
}

/** Gives a file a second name that nobody has. False if somebody has it: unlike a look before a rename, that leaves no gap. */
async function linkNew(partial: string, file: string): Promise<boolean> {
  try {
    await link(partial, file);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return false;
    // A file system without hard links, such as exFAT: the name is taken first.
    if (code === undefined || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'].includes(code)) throw error;
  }
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(partial, file);
  return true;
}
