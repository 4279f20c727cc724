import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockHolderName, lockName } from '../../schemas/protocol/state-folder.ts';
import { systemCodeOf } from '../../schemas/protocol/error.ts';
import { stateFolderOf } from './state-folder.ts';

export type LockResult =
  | { readonly ok: true; readonly release: () => void }
  /** `holder`: the pid of the process that has it, where that could be found out. */
  | { readonly ok: false; readonly holder?: number };

/** Another daemon has the project. */
export class ProjectLockedError extends Error {
  override readonly name = 'ProjectLockedError';
}

/**
 * Locks of this process. A database that nobody refers to is closed by the garbage collector, and its lock with it.
 */
const held = new Set<DatabaseSync>();

/** SQLite's primary result codes for "someone else has it". */
const busyCodes: readonly unknown[] = [5, 6];
const noDatabase = 26;

/**
 * Makes this process the project's only daemon, until `release` or until it ends in whatever way: the operating system
 * takes the lock back from a process that is gone, so a crash leaves nothing to clean up and no pid to guess about.
 *
 * The lock is an exclusive transaction on the empty database `daemon.lock`, because SQLite locks files on Linux, macOS and Windows
 * alike, and Node has no lock of its own. Nothing is ever written to it, so it can't be damaged.
 *
 * - Network file systems: it is as good as their locks are. Where they have none (some NFS and SMB mounts) two machines
 *   can both get it; a project that several machines share needs a store that is made for that.
 * - Who deletes `daemon.lock` while it is held lets a second daemon in.
 * - POSIX drops all of a process's locks on a file when it closes any handle to that file: nothing else in the daemon may open
 *   `daemon.lock`. The pid of the holder is in a file of its own for that reason.
 *
 * Throws where the file can't be opened at all (no permission, no space).
 */
export function acquireProjectLock(projectFolder: string): LockResult {
  const folder = stateFolderOf(projectFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pidFile = path.join(folder, lockHolderName);
  const lockFile = path.join(folder, lockName);
  makePrivate(lockFile);
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    // In memory: a journal on a full disk would keep who only looks from getting to the store.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw unusableLock(lockFile, error);
    const holder = readHolder(pidFile);
    return holder === undefined ? { ok: false } : { ok: false, holder };
  }
  held.add(database);
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // It only serves a message.
  }
  return {
    ok: true,
    release: () => {
      if (!held.delete(database)) return;
      // While the lock is still held, or it could be the next one's.
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
}

/** Another user who may open the file could take the lock. Exclusive, so that a file that is there is never opened here. */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}

function isBusy(error: unknown): boolean {
  return busyCodes.includes(primaryCode(error));
}

function unusableLock(lockFile: string, error: unknown): Error {
  const remedy = primaryCode(error) === noDatabase ? '; it has to be an empty file, so delete it' : '';
  return new Error(`${lockFile} can't be locked (${error instanceof Error ? error.message : String(error)})${remedy}`, { cause: error });
}

function primaryCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** A pid that is left from a crash, or not written yet, is worse than none. */
function readHolder(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
