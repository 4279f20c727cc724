import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../schemas/protocol/error.ts';
import type { JobError } from '../../../schemas/protocol/shape.ts';
import { message } from '../../../schemas/wording/message.ts';
import { deadGroupOf } from '../../core/failure-group.ts';
import { fileSpace } from './file-space.ts';
import { isSmallEnoughToCopy } from './memory-copy.ts';
import { hasNoRoom } from './store-error.ts';
import { schemaVersion14, schemaVersion15, schemaVersion16, schemaVersion17, schemaVersion18, schemaVersion19, schemaVersion20, schemaVersion21, schemaVersion22, schemaVersion23, schemaVersion24, schemaVersion25, schemaVersion26 } from './newer-schema.ts';
import { schemaVersion1, schemaVersion2, schemaVersion3, schemaVersion4, schemaVersion5, schemaVersion6, schemaVersion7, schemaVersion8, schemaVersion9, schemaVersion10, schemaVersion11, schemaVersion12, schemaVersion13 } from './schema.ts';

/** Each brings the schema from the version of its place to the next; what has been released is never changed. */
export const migrations: readonly string[] = [schemaVersion1, schemaVersion2, schemaVersion3, schemaVersion4, schemaVersion5, schemaVersion6, schemaVersion7, schemaVersion8, schemaVersion9, schemaVersion10, schemaVersion11, schemaVersion12, schemaVersion13, schemaVersion14, schemaVersion15, schemaVersion16, schemaVersion17, schemaVersion18, schemaVersion19, schemaVersion20, schemaVersion21, schemaVersion22, schemaVersion23, schemaVersion24, schemaVersion25, schemaVersion26];

/** Backups that are kept beside the store. */
const keptBackups = 3;

/** A store that a newer Sluice has written. */
export class NewerStoreError extends Error {
  override readonly name = 'NewerStoreError';
}

/**
 * Brings a store up to date. Each step is one transaction, preceded by a backup
 * `store.db.v<version>.bak` beside it, so that an upgrade that goes wrong can be taken back by hand. A store that is new takes all of them in one.
 *
 * @throws NewerStoreError where the store is of a version that this program doesn't know
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly string[] = migrations): void {
  assertNotNewer(db, file, steps);
  let version = readVersion(db);
  const isNew = version === 0;
  defineFunctions(db);
  while (version < steps.length) {
    const next = isNew ? steps.length : version + 1;
    try {
      if (!isNew) backUp(db, file, version);
      takeSteps(db, steps.slice(version, next), next);
    } catch (error) {
      throw isNew || !hasNoRoom(error) ? error : noRoomToMigrate(db, file, { steps, isShown: isSmallEnoughToCopy(db) });
    }
    version = next;
  }
}

/** Before anything in it is read, which may have another form by then. @throws NewerStoreError */
export function assertNotNewer(db: DatabaseSync, file: string, steps: readonly string[] = migrations): void {
  const version = readVersion(db);
  if (version <= steps.length) return;
  throw new NewerStoreError(`the store ${file} has version ${version}, and this Sluice knows versions up to ${steps.length}: use the newer Sluice, or restore a backup`);
}

/** Brings a copy of a store up to date that nobody keeps, or makes an empty one. */
export function migrateCopy(db: DatabaseSync): void {
  defineFunctions(db);
  takeSteps(db, migrations.slice(readVersion(db)), migrations.length);
}

function defineFunctions(db: DatabaseSync): void {
  db.function('failure_group', (uses, error, response) => deadGroupOf(String(uses), JSON.parse(String(error)) as JobError, response === null ? undefined : String(response)));
}

/** In one transaction: each waits for the disk. */
function takeSteps(db: DatabaseSync, steps: readonly string[], version: number): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of steps) db.exec(step);
    db.exec(`PRAGMA user_version = ${version}`);
    db.exec('COMMIT');
  } catch (error) {
    // A full disk may have made SQLite take it back already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * An older store, and no room for what bringing it up to date takes: a copy of it, and the changes. Nothing of it has changed, and no part of a copy is left behind.
 * `isShown`: what is in it can be looked at meanwhile.
 */
export function noRoomToMigrate(db: DatabaseSync, file: string, { steps = migrations, isShown }: { readonly steps?: readonly string[]; readonly isShown: boolean }): CodedError {
  const neededBytes = 2 * fileSpace(db).bytes;
  const version = { file, version: readVersion(db), next: steps.length, megabytes: Math.ceil(neededBytes / 1_000_000) };
  return new CodedError(
    'store-unavailable',
    isShown
      ? message(
          'The store {file} has version {version}. This Sluice brings it to version {next} before it uses it, and the disk is full. The store is as it was, and what is in it can be looked at. Make room, about {megabytes} MB, and it continues by itself.',
          version,
        )
      : message(
          'The store {file} has version {version}. This Sluice brings it to version {next} before it uses it, and the disk is full. The store is as it was, and too large to be looked at without that. Make room, about {megabytes} MB, and run the command again, or use the Sluice that wrote it.',
          version,
        ),
    { noRoom: true, olderStore: true, neededBytes },
  );
}

export function readVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

function backUp(db: DatabaseSync, file: string, version: number): void {
  const backup = `${file}.v${version}.bak`;
  rmSync(backup, { force: true });
  // SQLite would make it readable to everyone; into an empty file it writes as well.
  closeSync(openSync(backup, 'wx', 0o600));
  try {
    db.prepare('VACUUM INTO ?').run(backup);
  } catch (error) {
    // A part of a copy is not a backup, and takes the room that is missing.
    rmSync(backup, { force: true });
    throw error;
  }
  const name = path.basename(file);
  const backups = readdirSync(path.dirname(file))
    .map((entry) => ({ entry, version: Number(/\.v(\d+)\.bak$/.exec(entry)?.[1]) }))
    .filter(({ entry, version: of }) => entry.startsWith(`${name}.v`) && Number.isInteger(of))
    .sort((one, other) => other.version - one.version);
  for (const { entry } of backups.slice(keptBackups)) rmSync(path.join(path.dirname(file), entry));
}
