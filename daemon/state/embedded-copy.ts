import { statSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { systemClock } from '../platform/system-clock.ts';
import { SqliteEnd } from '../store/copy/sqlite-end.ts';
import { backUpStore } from '../store/sqlite/store-backup.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { ConfigureParams } from '../store/store.ts';
import { linkKeyName, readOrMakeLinkKey } from './link-key.ts';
import { replaceStore } from './replace-store.ts';
import { refuseMissingStore } from './doubtful-logs.ts';
import { writeStateFile } from './state-file.ts';
import { stateFolderOf, unsafeState } from './state-folder.ts';
import { markState, refuseDoubtfulLogs, refuseForeignState, stateOrigin } from './state-mark.ts';

/**
 * The embedded store of a project, to be copied elsewhere. It is brought to rest first, as a start and a stop of the daemon would: migrated, with everything in it that is beside it, and with
 * what a crash interrupted closed. To be called by the holder of the lock.
 *
 * @throws CodedError `foreign-state`, `store-unavailable`, or `wrong-state` if there is none
 */
export async function embeddedSource(projectFolder: string, settings: ConfigureParams): Promise<SqliteEnd> {
  const state = stateFolderOf(projectFolder);
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
  const origin = stateOrigin(projectFolder);
  if (origin.kind === 'foreign') return refuseForeignState(projectFolder, origin);
  if (origin.kind === 'fresh' || !origin.hasStore) throw new CodedError('wrong-state', `There is no embedded store in ${state}.`);
  refuseMissingStore(state);
  refuseDoubtfulLogs(projectFolder);
  const file = path.join(state, 'store.db');
  const linkKey = await readOrMakeLinkKey(projectFolder, state, { isOwn: true });
  const end = new SqliteEnd({ file, name: nameOf(state), linkKey, beforeWrite: () => markState(projectFolder, { hasStore: true }) });
  if ((await markOf(end)) === undefined) await bringToRest(projectFolder, { file, linkKey, settings });
  return end;
}

/** Copies the embedded store of a project into the new file `to`, as it is at rest. Answers with its size in bytes. To be called by the holder of the lock. @throws CodedError as `embeddedSource` and `backUpStore` do */
export async function backUpEmbedded(projectFolder: string, settings: ConfigureParams, { to, now }: { readonly to: string; readonly now: number }): Promise<number> {
  await embeddedSource(projectFolder, settings);
  return backUpStore({ file: path.join(stateFolderOf(projectFolder), 'store.db'), to, now });
}

/**
 * A new embedded store, for what is copied from elsewhere. What is in its place is moved to the folder `aside` when the new one is whole. To be called by the holder of the lock.
 *
 * @throws CodedError `foreign-state`, or `wrong-state` if there is one that is not to be replaced
 */
export async function embeddedTarget(projectFolder: string, { aside, replace }: { readonly aside: string; readonly replace: boolean }): Promise<SqliteEnd> {
  const state = stateFolderOf(projectFolder);
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
  const file = path.join(state, 'store.db');
  const mark = await markOf(new SqliteEnd({ file, name: '', beforeWrite: async () => {} }));
  const origin = stateOrigin(projectFolder);
  // An unfinished copy may have died before the state folder had its mark.
  if (origin.kind === 'foreign' && mark?.kind !== 'unfinished') return refuseForeignState(projectFolder, origin);
  if (mark === undefined && !replace && hasLog(file)) throw new CodedError('wrong-state', `${file} was not closed in good order, so what is in it can't be told. --replace moves it to ${aside}.`);
  return new SqliteEnd({
    file,
    name: nameOf(state),
    beforeWrite: () => markState(projectFolder, { hasStore: true }),
    place: async ({ from, identity: { linkKey } }) => {
      await replaceStore(projectFolder, { from, aside, isWorthless: mark?.kind === 'unfinished' });
      await writeStateFile(projectFolder, linkKeyName, `${linkKey}\n`);
    },
  });
}

/** Uses the embedded store again although it was moved. False if it was not. To be called by the holder of the lock. */
export async function reopenEmbedded(projectFolder: string): Promise<boolean> {
  const state = stateFolderOf(projectFolder);
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
  const origin = stateOrigin(projectFolder);
  if (origin.kind === 'foreign') return refuseForeignState(projectFolder, origin);
  const end = new SqliteEnd({ file: path.join(state, 'store.db'), name: nameOf(state), beforeWrite: () => markState(projectFolder, { hasStore: true }) });
  if ((await markOf(end))?.kind !== 'moved') return false;
  await end.unmark();
  return true;
}

function nameOf(stateFolder: string): string {
  return `the embedded store in ${stateFolder}`;
}

async function markOf(end: SqliteEnd): ReturnType<SqliteEnd['mark']> {
  try {
    await end.open();
    return await end.mark();
  } finally {
    await end.close();
  }
}

/** Outcomes that are in the journal alone go into the store as they would at a start, and what follows from them takes its settings from the project's files. */
async function bringToRest(projectFolder: string, { file, linkKey, settings }: { readonly file: string; readonly linkKey: string; readonly settings: ConfigureParams }): Promise<void> {
  await markState(projectFolder, { hasStore: true });
  const store = openSqliteStore({ file, durability: 'full', linkKey });
  try {
    const { unsettled } = await store.open({ anchor: systemClock.anchor(), random: Math.random() });
    if (unsettled.length === 0) return;
    await store.configure(settings);
    const { failed: [failed] } = await store.settle({ outcomes: unsettled }).stored;
    if (failed !== undefined) throw failed.error;
  } finally {
    await store.close();
  }
}

/** What it holds is not in the file yet. */
function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
