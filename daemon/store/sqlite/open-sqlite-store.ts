import type { Durability } from './database.ts';
import { SqliteStore } from './sqlite-store.ts';
import { ThreadConnection } from './thread-connection.ts';

/** The store in that file, which is made where there is none; call its `open` next. */
export function openSqliteStore(options: { readonly file: string; readonly durability: Durability }): SqliteStore {
  return new SqliteStore(new ThreadConnection(options));
}
