import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { systemCodeOf } from '../schemas/protocol/error.ts';

/** Some network file systems know no sync of a folder. */
const unknownCodes: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS']);

/** A new name survives a power cut only with its folder. Windows opens no folders, and needs none of this. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    if (!unknownCodes.has(systemCodeOf(error))) throw error;
  } finally {
    await handle.close();
  }
}
