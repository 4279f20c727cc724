import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { stateFolderOf, unsafeState } from '../state/state-folder.ts';
import { stateOrigin } from '../state/state-mark.ts';
import { lookIntoStore, type StoreLook } from '../store/sqlite/store-look.ts';

export interface StateReport {
  /** Absolute. */
  readonly folder: string;
  /** `fresh`: no daemon has run here. `own`: this user's, made here. `foreign`: somebody else's, or made elsewhere. `unsafe`: nothing in it is opened. */
  readonly origin: 'fresh' | 'own' | 'foreign' | 'unsafe';
  readonly reason?: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly changedAt: string }[];
  /** Jobs by their states; missing if there is no store that can be read. */
  readonly jobs?: StoreLook['jobs'];
  /** Where they were moved: the next start doesn't use this store. */
  readonly movedTo?: string;
}

/** What lies in `.sluice/state/`, without using it. */
export function reportState(projectFolder: string): StateReport {
  const folder = stateFolderOf(projectFolder);
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) return { folder, origin: 'unsafe', reason: unsafe, files: [] };
  const origin = stateOrigin(projectFolder);
  const store = lookIntoStore(path.join(folder, 'store.db'));
  return {
    folder,
    origin: origin.kind,
    ...(origin.kind === 'foreign' ? { reason: origin.reason } : {}),
    files: filesIn(folder),
    ...store,
  };
}

/** Jobs that would go out as soon as a daemon has the state. */
export function waitingJobs({ jobs = {} }: Pick<StateReport, 'jobs'>): number {
  return (jobs['pending'] ?? 0) + (jobs['delayed'] ?? 0) + (jobs['active'] ?? 0);
}

function filesIn(folder: string): StateReport['files'] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name !== '.gitignore');
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    const stats = statSync(path.join(folder, name), { throwIfNoEntry: false });
    return stats?.isFile() === true ? [{ name, bytes: stats.size, changedAt: stats.mtime.toISOString() }] : [];
  });
}
