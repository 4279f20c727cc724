import { randomBytes } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { isOutOfRoom, systemCodeOf } from '../../schemas/protocol/error.ts';

/** What a store needs to open, and some more, in bytes: less would be found out by failing. */
const roomBytes = 256 * 1024;

/** Whether an error of the file system says that something can't be written for want of room: on the disk, or within a limit of the process. */
export function lacksRoom(error: unknown): boolean {
  return isOutOfRoom(error) || systemCodeOf(error) === 'EFBIG';
}

/**
 * Writes as much as a store needs to open, and takes it away again: what the file system says of its free space knows no quotas. It is only asked whether
 * there are `neededBytes`, which may be many.
 *
 * @throws an error of the file system, or one like it, if there is no room
 */
export async function requireRoom(stateFolder: string, neededBytes = 0): Promise<void> {
  if (neededBytes > roomBytes) {
    const { bavail, bsize } = await statfs(stateFolder);
    if (bavail * bsize < neededBytes) throw Object.assign(new Error(`ENOSPC: ${neededBytes} bytes are needed`), { code: 'ENOSPC' });
  }
  // A name that `removeLeftovers` knows.
  const file = path.join(stateFolder, `room.${process.pid}.${randomBytes(6).toString('hex')}`);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(roomBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await rm(file, { force: true });
  }
}
