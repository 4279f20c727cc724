import type { SqlBounds } from './sql-rows.ts';

/** What the daemon asks the process of SQLite for. The bytes beside it are the values, as a JSON list; those beside an answer its rows. */
export interface SqliteTask {
  /** Absolute, links resolved. */
  readonly file: string;
  /** Which file that is, so that no other one is opened in its place. */
  readonly inode: string;
  readonly text: string;
  readonly write: boolean;
  readonly bounds: SqlBounds;
  /** How long another program's lock is waited for, in milliseconds. */
  readonly busyMs: number;
}

export type SqliteReply =
  | { readonly kind: 'rows'; readonly count: number; readonly columns: readonly string[]; readonly truncated: boolean }
  | { readonly kind: 'repeated'; readonly column: string }
  | { readonly kind: 'full' | 'large' }
  /** `result`: SQLite's, https://sqlite.org/rescode.html; -1 if it is none of SQLite. */
  | { readonly kind: 'failed'; readonly result: number; readonly text: string }
  /** The file isn't one that may be opened. */
  | { readonly kind: 'refused'; readonly why: 'replaced' | 'companion' };
