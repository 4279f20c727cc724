import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { copyMarkKey, readMark } from '../copy-mark.ts';

/** Counting goes no further. */
const mostCounted = 1_000_000;

/** What a store holds, as far as it can be read without opening it for use. */
export interface StoreLook {
  /** Numbers of jobs by their states; a million stands for that many or more. */
  readonly jobs: Readonly<Record<string, number>>;
  /** They were copied to another store, a place for people, and this one is no longer used. */
  readonly movedTo?: string;
}

/**
 * Opens a file that may be anybody's: read-only, as it lies in that one file, without its logs and without what its schema could make a query run. Nothing is made beside it.
 *
 * @throws an error of SQLite
 */
export function openToLook(file: string): DatabaseSync {
  const db = new DatabaseSync(new URL(`${pathToFileURL(file).href}?mode=ro&immutable=1`), { readOnly: true });
  try {
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA query_only = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Looks into a store that may be anybody's: read-only, as it lies in that one file, without its logs and without what its schema could make a
 * query run. Undefined if it can't be read as a store.
 */
export function lookIntoStore(file: string): StoreLook | undefined {
  let db: DatabaseSync;
  try {
    db = openToLook(file);
  } catch {
    return undefined;
  }
  try {
    const kind = db.prepare("SELECT type, sql FROM sqlite_schema WHERE name = 'jobs'").get();
    // A view or a virtual table of that name could run for ever.
    if (kind?.['type'] !== 'table' || !/^CREATE TABLE\b/i.test(String(kind['sql']))) return undefined;
    const jobs: Record<string, number> = {};
    for (const { state, count } of db.prepare(`SELECT state, count(*) AS count FROM (SELECT state FROM jobs LIMIT ${mostCounted}) GROUP BY state LIMIT 20`).all()) {
      if (typeof state === 'string' && /^[a-z]{1,20}$/.test(state)) jobs[state] = Number(count);
    }
    const movedTo = whereTo(db);
    return movedTo === undefined ? { jobs } : { jobs, movedTo };
  } catch {
    return undefined;
  } finally {
    db.close();
  }
}

function whereTo(db: DatabaseSync): string | undefined {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get() === undefined) return undefined;
  const mark = readMark(db.prepare(`SELECT value FROM meta WHERE key = '${copyMarkKey}' AND length(value) < 10000`).get()?.['value']);
  return mark?.kind === 'moved' ? mark.other : undefined;
}
