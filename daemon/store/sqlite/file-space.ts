import type { DatabaseSync } from 'node:sqlite';
import { codedStoreError } from './store-error.ts';

/** SQLite's number for `PRAGMA auto_vacuum = INCREMENTAL`. */
const incremental = 2;
/** Share of a file that has to be free until it is written again at a start: that costs about what is not free. */
const freeShare = 0.25;
const leastFreeBytes = 16 * 1024 * 1024;
/** A start isn't held up for longer than it takes to write this much, in bytes: a few seconds. */
const mostUsedBytes = 1024 * 1024 * 1024;

/** How large a store's file is, and how much of it holds nothing, in bytes. */
export interface FileSpace {
  readonly bytes: number;
  readonly freeBytes: number;
}

export function fileSpace(db: DatabaseSync): FileSpace {
  const pageSize = pragma(db, 'page_size');
  return { bytes: pragma(db, 'page_count') * pageSize, freeBytes: pragma(db, 'freelist_count') * pageSize };
}

/** Gives the space of up to so many free pages back to the disk, by moving pages from the end of the file to where there is room. */
export function reclaimPages(db: DatabaseSync, pages: number): void {
  db.exec(`PRAGMA incremental_vacuum(${pages})`);
}

/**
 * A store of an earlier Sluice can't give space back in batches. It is written again at a start at which that pays: SQLite does it as a whole
 * or not at all, whenever the process dies. Where the disk has no room for that, it stays as it is.
 */
export function makeReclaimable(db: DatabaseSync): void {
  if (pragma(db, 'auto_vacuum') === incremental) return;
  const { bytes, freeBytes } = fileSpace(db);
  if (freeBytes < leastFreeBytes || freeBytes < bytes * freeShare || bytes - freeBytes > mostUsedBytes) return;
  try {
    db.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  } catch (error) {
    if (codedStoreError(error) === error) throw error;
  }
}

function pragma(db: DatabaseSync, name: 'auto_vacuum' | 'page_size' | 'page_count' | 'freelist_count'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
