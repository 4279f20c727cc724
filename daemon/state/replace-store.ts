import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { syncFolder } from '../../platform/sync-folder.ts';
import { stateFolderOf } from './state-folder.ts';
import { markState } from './state-mark.ts';

const files = ['store.db', 'store.db-wal', 'store.db-shm', 'store.db-attempts'];

/**
 * Puts the file `from`, a whole store on the same file system, into the place of the project's store. What is there is moved to the folder `aside`, unless it is empty or `isWorthless`. To be called by the
 * holder of the lock.
 */
export async function replaceStore(projectFolder: string, { from, aside, isWorthless = false }: { readonly from: string; readonly aside: string; readonly isWorthless?: boolean }): Promise<void> {
  const state = stateFolderOf(projectFolder);
  for (const name of files) {
    const old = path.join(state, name);
    if (!existsSync(old)) continue;
    if (isWorthless || statSync(old).size === 0) rmSync(old);
    else {
      mkdirSync(aside, { recursive: true, mode: 0o700 });
      renameSync(old, path.join(aside, name));
    }
  }
  renameSync(from, path.join(state, 'store.db'));
  await syncFolder(state);
  await markState(projectFolder, { hasStore: true });
}
