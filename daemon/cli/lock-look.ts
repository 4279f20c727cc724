import { existsSync } from 'node:fs';
import path from 'node:path';
import { acquireProjectLock } from '../project-lock.ts';
import { stateFolderOf } from '../project-folder.ts';
import { unsafeState } from '../state-folder.ts';

export type LockLook =
  | { readonly kind: 'free' }
  /** `holder`: the pid, where that could be found out. */
  | { readonly kind: 'held'; readonly holder: number | undefined }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Whether some daemon has the project. The only way to know is to take the lock for a moment; a daemon that starts in just that
 * moment finds it taken, and whoever started it tries again.
 */
export function lookAtLock(projectFolder: string): LockLook {
  // Where no daemon has been yet there is nothing to look at, and looking must not make it.
  if (!existsSync(path.join(stateFolderOf(projectFolder), 'daemon.lock'))) return { kind: 'free' };
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) return { kind: 'unknown', reason: unsafe };
  try {
    const lock = acquireProjectLock(projectFolder);
    if (!lock.ok) return { kind: 'held', holder: lock.holder };
    lock.release();
    return { kind: 'free' };
  } catch (error) {
    return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}
