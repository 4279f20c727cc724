import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { isDamage } from './store-error.ts';

/** Ranges of a table that are tried after the first damage; what lies in others is given up. */
const mostTries = 20_000;

export interface SalvagedTable {
  readonly name: string;
  readonly rows: number;
  /** Nothing of it was unreadable. */
  readonly isWhole: boolean;
}

/**
 * Copies each row of a table that can be read. SQLite stops at a damaged page; what lies behind it is found again by halving the range of keys until only
 * what can't be read is left. Of a table whose key is a text: from both ends.
 */
export function salvageRows(from: DatabaseSync, to: DatabaseSync, name: string): SalvagedTable {
  const known = columnsOf(to, name);
  const found = new Set(columnsOf(from, name).map((column) => column.name));
  const columns = known.filter((column) => found.has(column.name));
  const key = known.find(({ pk }) => pk === 1);
  if (key === undefined || columns.length === 0) return { name, rows: 0, isWhole: false };
  const names = columns.map((column) => column.name).join(', ');
  const insert = to.prepare(`INSERT OR IGNORE INTO ${name} (${names}) VALUES (${columns.map(() => '?').join(', ')})`);
  let isWhole = true;
  /** True if all of them could be read; `last`: the last key that was. */
  const copy = (clause: string, ...values: SQLInputValue[]): { readonly isDone: boolean; readonly last: SQLInputValue | undefined } => {
    let last: SQLInputValue | undefined;
    try {
      for (const row of from.prepare(`SELECT ${names} FROM ${name} NOT INDEXED ${clause}`).iterate(...values)) {
        insert.run(...columns.map((column) => row[column.name] ?? null));
        last = row[key.name] ?? null;
      }
      return { isDone: true, last };
    } catch (error) {
      if (!isDamage(error)) throw error;
      isWhole = false;
      return { isDone: false, last };
    }
  };
  if (key.type === 'INTEGER') {
    let tries = 0;
    const ranges: (readonly [number, number])[] = [[0, highestKey(from, name, key.name)]];
    for (let range = ranges.pop(); range !== undefined && tries < mostTries; range = ranges.pop(), tries++) {
      const [low, high] = range;
      const { isDone, last } = copy(`WHERE ${key.name} BETWEEN ? AND ? ORDER BY ${key.name}`, low, high);
      if (isDone || low === high) continue;
      const next = Math.max(low, Number(last ?? low));
      const middle = next + Math.floor((high - next) / 2);
      ranges.push([middle + 1, high], [next, middle]);
    }
    if (ranges.length > 0) isWhole = false;
  } else if (!copy(`ORDER BY ${key.name}`).isDone) {
    copy(`ORDER BY ${key.name} DESC`);
  }
  return { name, rows: Number(to.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n']), isWhole };
}

function highestKey(db: DatabaseSync, table: string, key: string): number {
  try {
    return Number(db.prepare(`SELECT max(${key}) AS key FROM ${table} NOT INDEXED`).get()?.['key'] ?? 0);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return Number.MAX_SAFE_INTEGER;
  }
}

function columnsOf(db: DatabaseSync, table: string): { readonly name: string; readonly type: string; readonly pk: number }[] {
  return db
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map((row) => ({ name: String(row['name']), type: String(row['type']), pk: Number(row['pk']) }));
}
