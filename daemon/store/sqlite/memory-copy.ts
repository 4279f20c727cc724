import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { fileSpace } from './file-space.ts';

/** A larger store isn't copied into memory. In bytes. */
const mostCopiedBytes = 64 * 1024 * 1024;

/** Whether `copyToMemory` may be used: a daemon isn't to take hundreds of megabytes because a disk is full. */
export function isSmallEnoughToCopy(db: DatabaseSync): boolean {
  return fileSpace(db).bytes <= mostCopiedBytes;
}

/** Everything that `db` reads, its log included, as a database in memory, or an empty one. It takes no room on the disk, and lasts until it is closed. */
export function copyToMemory(db?: DatabaseSync): DatabaseSync {
  // https://sqlite.org/vfs.html: a database of that name can be opened twice, which VACUUM INTO does.
  const name = `file:/look-${randomBytes(8).toString('hex')}?vfs=memdb`;
  const copy = new DatabaseSync(name);
  try {
    copy.exec('PRAGMA temp_store = MEMORY');
    // It writes nothing into `db` itself.
    db?.exec('PRAGMA query_only = OFF');
    db?.prepare('VACUUM INTO ?').run(name);
    db?.exec('PRAGMA query_only = ON');
    return copy;
  } catch (error) {
    copy.close();
    throw error;
  }
}
