import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { CodedError, messageOfError, systemCodeOf } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import { placeFile } from '../../../platform/place-file.ts';
import { copyMarkKey, readMark } from '../copy-mark.ts';
import { migrations, readVersion } from './migrations.ts';
import { isDamage } from './store-error.ts';
import { openToLook } from './store-look.ts';

/** Pages that are copied before others get the file again: 16 MB. https://sqlite.org/backup.html */
const pagesTogether = 4096;
/** In the table `meta` of a backup: when it was made. A store that is in use has none. */
const backupMarkKey = 'backup_at';

/** What is in a backup. */
export interface BackupContent {
  /** Milliseconds; undefined for a copy that was not made by `sluice backup`. */
  readonly madeAt?: number;
  /** Of its tables. */
  readonly version: number;
  readonly runs: number;
  /** Jobs by their states. */
  readonly jobs: Readonly<Record<string, number>>;
}

/**
 * Copies a store as it is at this moment into the new file `to`, which needs nothing beside it. What its log has is in the copy, and those who write meanwhile don't wait: the copy reads what was there when it began.
 * The file has its name when it is whole and on the disk; nothing is left of one that fails. Answers with its size in bytes.
 *
 * @throws CodedError `conflict` if something has that name by then, `store-unavailable` where the store can't be read or the file not be written
 */
export async function backUpStore({ file, to, now }: { readonly file: string; readonly to: string; readonly now: number }): Promise<number> {
  const partial = path.join(path.dirname(to), `.${path.basename(to)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    // SQLite would make it readable to everyone; into an empty file it writes as well.
    closeSync(openSync(partial, 'wx', 0o600));
    await copyPages(file, partial);
    markBackup(partial, now);
    const handle = await open(partial, 'r+');
    try {
      await handle.sync();
      const { size } = await handle.stat();
      const taken = await placeFile(partial, { file: to });
      if (taken !== undefined) throw new CodedError('conflict', taken);
      return size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof CodedError ? error : new CodedError('store-unavailable', message("The backup {file} can't be written: {problem}", { file: to, problem: messageOfError(error) }), systemCodeOf(error) === 'ENOSPC' ? { noRoom: true } : {});
  } finally {
    for (const name of [partial, `${partial}-journal`]) await rm(name, { force: true }).catch(() => undefined);
  }
}

/** Off this thread. A transaction that reads keeps what was there when it began: without it, each change of another connection would begin the copy anew. */
async function copyPages(file: string, partial: string): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(source, partial, { rate: pagesTogether });
  } finally {
    source.close();
  }
}

/** Makes one file of it, without a log that would have to go along. */
function markBackup(partial: string, now: number): void {
  const db = new DatabaseSync(partial);
  try {
    db.exec('PRAGMA journal_mode = DELETE');
    db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(backupMarkKey, now);
  } finally {
    db.close();
  }
}

/**
 * Reads a backup from its beginning to its end, and counts what is in it. It may be anybody's file: nothing of its schema is run. `name`: as which errors name it.
 *
 * @throws CodedError `store-unavailable` where it is damaged, no store, of a newer Sluice, or of a store whose jobs were moved elsewhere
 */
export function checkBackup(file: string, { name = file }: { readonly name?: string } = {}): BackupContent {
  const refuse = (problem: string): never => {
    throw new CodedError('store-unavailable', message("{file} can't be used as a backup: {problem}", { file: name, problem }));
  };
  let db: DatabaseSync;
  try {
    db = openToLook(file);
  } catch (error) {
    return refuse(messageOfError(error));
  }
  try {
    const version = readVersion(db);
    if (version > migrations.length) return refuse(`it has version ${version}, and this Sluice knows versions up to ${migrations.length}; use the newer Sluice.`);
    if (version < 1 || !isStore(db)) return refuse('it holds no store of Sluice.');
    const [damage] = db.prepare('PRAGMA integrity_check(1)').all();
    if (damage?.['integrity_check'] !== 'ok') return refuse(`it is damaged (${String(damage?.['integrity_check'])}). What can be read of a damaged store.db is recovered by \`sluice state salvage\`.`);
    const mark = readMark(metaOf(db, copyMarkKey));
    if (mark !== undefined) return refuse(mark.kind === 'moved' ? `its jobs were moved to ${mark.other} before it was made.` : 'it is a copy of another store that did not finish.');
    const madeAt = metaOf(db, backupMarkKey);
    return {
      ...(typeof madeAt === 'number' ? { madeAt } : {}),
      version,
      runs: Number(db.prepare('SELECT count(*) AS n FROM runs').get()?.['n']),
      jobs: Object.fromEntries(db.prepare('SELECT state, count(*) AS n FROM jobs GROUP BY state').all().map((row) => [String(row['state']), Number(row['n'])])),
    };
  } catch (error) {
    if (error instanceof CodedError) throw error;
    return refuse(isDamage(error) ? `it is damaged, or no store of Sluice (${messageOfError(error)}).` : messageOfError(error));
  } finally {
    db.close();
  }
}

/** A view or a virtual table could run for ever, and a trigger change what is written; no store of Sluice has one. */
function isStore(db: DatabaseSync): boolean {
  const found = db.prepare("SELECT name, type, sql FROM sqlite_schema WHERE type <> 'index' LIMIT 1000").all();
  const tables = new Set(found.filter(({ type, sql }) => type === 'table' && /^CREATE TABLE\b/i.test(String(sql))).map(({ name }) => name));
  return tables.size === found.length && ['meta', 'runs', 'jobs', 'queues'].every((name) => tables.has(name));
}

function metaOf(db: DatabaseSync, key: string): unknown {
  return db.prepare('SELECT value FROM meta WHERE key = ? AND length(value) < 10000').get(key)?.['value'];
}

/** Makes a store of a copy of a backup that nobody has open. `paused`: no job of it starts before somebody resumes its queue. */
export function readyToRestore(file: string, { paused }: { readonly paused: boolean }): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    db.prepare('DELETE FROM meta WHERE key = ?').run(backupMarkKey);
    if (paused) db.exec('UPDATE queues SET paused = 1');
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
