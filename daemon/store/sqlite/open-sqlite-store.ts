import { SqliteStore } from './sqlite-store.ts';
import { ThreadConnection, type ThreadOptions } from './thread-connection.ts';

/** The store in that file, which is made where there is none; call its `open` next. */
export function openSqliteStore(options: ThreadOptions): SqliteStore {
  return new SqliteStore(new ThreadConnection(options));
}
