import { chmodSync, constants, copyFileSync, lstatSync, rmSync } from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { CodedError, messageOfError } from '../../schemas/protocol/error.ts';
import { checkBackup, readyToRestore, type BackupContent } from '../store/sqlite/store-backup.ts';
import { replaceStore } from './replace-store.ts';
import { makeStateFolder, stateFolderOf, unsafeState } from './state-folder.ts';
import { refuseForeignState, stateOrigin } from './state-mark.ts';

export interface RestoreOptions {
  /** The backup; it is only read. */
  readonly file: string;
  /** Where the store goes that is there now. */
  readonly aside: string;
  /** No job starts before somebody resumes its queue. */
  readonly paused: boolean;
  /** Asked when the backup was read and found right, before anything of the project changes. False: nothing changes. */
  readonly confirm: (content: BackupContent) => Promise<boolean>;
}

/**
 * Makes the project's store what it was when a backup was made. Undefined if `confirm` said no. What is checked and what is used is one copy, which nobody else has. To be called by the holder of the lock.
 *
 * @throws CodedError `store-unavailable` where the file can't be used, `foreign-state`
 */
export async function restoreBackup(projectFolder: string, { file, aside, paused, confirm }: RestoreOptions): Promise<BackupContent | undefined> {
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
  const origin = stateOrigin(projectFolder);
  if (origin.kind === 'foreign') return refuseForeignState(projectFolder, origin);
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new CodedError('store-unavailable', `There is no file ${file}.`);
  await makeStateFolder(projectFolder);
  const draft = path.join(stateFolderOf(projectFolder), `restore.${randomBytes(6).toString('hex')}.partial`);
  try {
    copy(file, draft);
    const content = checkBackup(draft, { name: file });
    if (!(await confirm(content))) return undefined;
    readyToRestore(draft, { paused });
    await replaceStore(projectFolder, { from: draft, aside });
    return content;
  } finally {
    for (const name of [draft, `${draft}-journal`]) rmSync(name, { force: true });
  }
}

function copy(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    // It has the mode of the backup, which may be read-only, or readable to others.
    chmodSync(to, 0o600);
  } catch (error) {
    throw new CodedError('store-unavailable', `${from} can't be copied into the state folder: ${messageOfError(error)}. Nothing was changed.`);
  }
}
