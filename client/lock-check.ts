import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { lockHolderName, lockName } from '../schemas/protocol/state-folder.ts';
import { isProcessAlive } from '../platform/process-alive.ts';
import { stateFolderOf, withOpenFile } from './state-folder.ts';
import { messageOfError, systemCodeOf } from '../schemas/protocol/error.ts';

export type LockCheck =
  | { readonly kind: 'free' }
  /** `holder`: the pid, if that could be found out. */
  | { readonly kind: 'held'; readonly holder: number | undefined }
  | { readonly kind: 'unknown'; readonly problem: string };

/** SQLite's primary result codes for "someone else has it". */
const busyCodes: readonly unknown[] = [5, 6];
const maxPidBytes = 32;

/**
 * Whether some daemon has the project. The lock is an exclusive transaction on the empty database `daemon.lock`, so a reader is kept out while a
 * daemon has it. Nothing is written, and others may look at the same time; a daemon that starts in just that moment finds the lock taken, and whoever
 * started it tries again.
 */
export async function checkLock(projectFolder: string): Promise<LockCheck> {
  const state = stateFolderOf(projectFolder);
  const file = path.join(state, lockName);
  const stats = await lstat(file).catch((error: unknown) => systemCodeOf(error) ?? 'unknown');
  // No daemon has been here yet, and looking must not make the file.
  if (stats === 'ENOENT' || stats === 'ENOTDIR') return { kind: 'free' };
  if (typeof stats === 'string' || !stats.isFile()) return { kind: 'unknown', problem: typeof stats === 'string' ? stats : lockName };
  try {
    // Loaded here, because it is needed seldom, and not every host of an editor has it.
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    try {
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
      return { kind: 'free' };
    } finally {
      database.close();
    }
  } catch (error) {
    if (!isBusy(error)) return { kind: 'unknown', problem: messageOfError(error) };
    return { kind: 'held', holder: await holderOf(path.join(state, lockHolderName)) };
  }
}

/** Whether SQLite says that somebody else has the lock. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && busyCodes.includes(error.errcode & 0xff);
}

/** A pid that is left from a crash, or not written yet, is worse than none. */
async function holderOf(file: string): Promise<number | undefined> {
  const text = await withOpenFile(file, async ({ isFile, size, read }) => (isFile && size <= maxPidBytes ? (await read()).toString('utf8') : '')).catch(() => '');
  const pid = Number(text);
  return Number.isInteger(pid) && pid > 0 && isProcessAlive(pid) ? pid : undefined;
}
