import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, closeSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { copyWholeStore, salvageStore, type Salvaged } from '../store/sqlite/salvage-store.ts';

/** Of a store whose file is gone: its log may hold all of it, and SQLite reads none beside an empty file. In bytes. */
const pageBytes = 4096;

/**
 * Saves what can be read of a damaged or missing store into a new one, and moves the old files into the folder `aside`, as they were. It reads copies, and
 * changes nothing before the new one is whole. To be called by the holder of the lock.
 *
 * @throws CodedError `store-unavailable` where nothing can be read
 */
export function salvageInto(stateFolder: string, aside: string): Salvaged {
  const work = makeWorkFolder(stateFolder);
  try {
    const { salvaged, file } = bestOf(stateFolder, work);
    const descriptor = openSync(file, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
    mkdirSync(aside, { mode: 0o700 });
    for (const name of ['store.db', 'store.db-wal', 'store.db-shm']) {
      if (existsSync(path.join(stateFolder, name))) renameSync(path.join(stateFolder, name), path.join(aside, name));
    }
    renameSync(file, path.join(stateFolder, 'store.db'));
    return salvaged;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Saves the store that the log of `store.db` holds by itself, as it does while the store is young, into the new file `to`. False, and no file, if parts of it
 * are nowhere else than in `store.db`, which is not read.
 */
export function rescueFromLog(stateFolder: string, to: string): boolean {
  const work = makeWorkFolder(stateFolder);
  try {
    const file = path.join(work, 'store.db');
    writeFileSync(file, Buffer.alloc(pageBytes), { mode: 0o600 });
    copyFileSync(path.join(stateFolder, 'store.db-wal'), `${file}-wal`, constants.COPYFILE_FICLONE);
    return copyWholeStore(file, to);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function makeWorkFolder(stateFolder: string): string {
  const work = path.join(stateFolder, `salvage.${process.pid}.${randomBytes(6).toString('hex')}`);
  mkdirSync(work, { mode: 0o700 });
  return work;
}

/** With the log, and if that shows damage, without it: it may be of another time. */
function bestOf(stateFolder: string, work: string): { readonly salvaged: Salvaged; readonly file: string } {
  const hasLog = (statSync(path.join(stateFolder, 'store.db-wal'), { throwIfNoEntry: false })?.size ?? 0) > 0;
  let best: { readonly salvaged: Salvaged; readonly file: string } | undefined;
  let problem = '';
  for (const withLog of hasLog ? [true, false] : [false]) {
    try {
      const folder = path.join(work, withLog ? 'with-log' : 'without-log');
      mkdirSync(folder, { mode: 0o700 });
      copyStore(stateFolder, folder, withLog);
      const file = path.join(folder, 'salvaged.db');
      const salvaged = salvageStore(path.join(folder, 'store.db'), file);
      if (best === undefined || jobsIn(salvaged) > jobsIn(best.salvaged)) best = { salvaged, file };
      if (salvaged.damagedTables.length === 0) break;
    } catch (error) {
      problem ||= error instanceof Error ? error.message : String(error);
    }
  }
  if (best !== undefined) return best;
  throw new CodedError('store-unavailable', `Nothing can be read of ${path.join(stateFolder, 'store.db')} (${problem}). Nothing was changed. Put a backup in its place and run \`sluice state adopt --without-logs\`, or begin with an empty store after \`sluice state set-aside\`.`);
}

function copyStore(stateFolder: string, to: string, withLog: boolean): void {
  const file = path.join(stateFolder, 'store.db');
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) copyFileSync(file, path.join(to, 'store.db'), constants.COPYFILE_FICLONE);
  else writeFileSync(path.join(to, 'store.db'), Buffer.alloc(pageBytes), { mode: 0o600 });
  if (withLog) copyFileSync(`${file}-wal`, path.join(to, 'store.db-wal'), constants.COPYFILE_FICLONE);
}

function jobsIn({ jobs }: Salvaged): number {
  return Object.values(jobs).reduce((sum, count) => sum + count, 0);
}
