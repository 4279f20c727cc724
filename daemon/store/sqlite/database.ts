import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';

export type Durability = 'full' | 'normal';

/**
 * - `write`: the store's one writer.
 * - `read`: beside a writer.
 * - `read-alone`: reads, and writes nothing at all, while nobody else has the store. The others need room on the disk before they can read: SQLite
 *   keeps the index of its log in a file that they share.
 */
export type Access = 'write' | 'read' | 'read-alone';

export interface DatabaseOptions {
  readonly file: string;
  readonly durability: Durability;
  readonly access: Access;
}

/** One connection, opened here or handed over, with each statement prepared once. */
export class Database {
  readonly raw: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #arrays = new Map<string, StatementSync>();

  constructor(options: DatabaseOptions | DatabaseSync) {
    this.raw = options instanceof DatabaseSync ? options : this.#open(options);
  }

  #open({ file, durability, access }: DatabaseOptions): DatabaseSync {
    if (access === 'read-alone' && !existsSync(file)) throw new Error(`there is no ${file}`);
    // Payloads are nobody else's business; SQLite gives its -wal and -shm files the mode of the main file.
    const isNew = access === 'write' && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
    if (isNew) closeSync(openSync(file, 'a', 0o600));
    if (access === 'write' && process.platform !== 'win32') chmodSync(file, 0o600);
    const raw = new DatabaseSync(file, { readOnly: access === 'read', timeout: 5000 });
    try {
      // So that it can give space back in small steps; before WAL, which makes the file. Said again, it would be written. See `file-space.ts`.
      if (isNew) raw.exec('PRAGMA auto_vacuum = INCREMENTAL');
      configure(raw, durability, access);
      return raw;
    } catch (error) {
      raw.close();
      throw error;
    }
  }

  /** Does what survives a power cut then, whatever the durability is. Not within a transaction. */
  withFullSync<Value>(work: () => Value): Value {
    const before = Number(this.raw.prepare('PRAGMA synchronous').get()?.['synchronous']);
    this.raw.exec('PRAGMA synchronous = FULL');
    try {
      return work();
    } finally {
      this.raw.exec(`PRAGMA synchronous = ${before}`);
    }
  }

  /** The prepared statement of that text. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.raw.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** The same, whose rows are arrays of values; see `../row-columns.ts`. */
  values(text: string): { get(...given: SQLInputValue[]): readonly SQLOutputValue[] | undefined; all(...given: SQLInputValue[]): readonly (readonly SQLOutputValue[])[] } {
    let statement = this.#arrays.get(text);
    if (statement === undefined) {
      statement = this.raw.prepare(text);
      statement.setReturnArrays(true);
      this.#arrays.set(text, statement);
    }
    return statement as unknown as ReturnType<Database['values']>;
  }

  /** What it keeps of the file, to read it faster. */
  releaseMemory(): void {
    this.raw.exec('PRAGMA shrink_memory');
  }

  close(): void {
    this.#arrays.clear();
    this.#statements.clear();
    this.raw.close();
  }
}

function configure(raw: DatabaseSync, durability: Durability, access: Access): void {
  // An exclusive connection keeps the index of the log in its memory. A file that is opened read-only can't be locked like that.
  if (access === 'read-alone') raw.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON');
  if (access === 'write') raw.exec('PRAGMA journal_mode = WAL');
  raw.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
  // 16 MB of pages for the writer and 4 for the reader, whatever the store's size; what is over 64 MB of log goes back to
  // the disk after a checkpoint.
  raw.exec(`PRAGMA cache_size = ${access === 'write' ? -16_000 : -4000}; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY`);
}
