import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { soleDaemon } from '../../ledger/daemons.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { linkKeyName } from '../../secrets/signal-link.ts';
import { copyMarkKey, readMark, type StoreMark } from '../copy-mark.ts';
import { migrateCopy } from '../sqlite/migrations.ts';
import { codedStoreError } from '../sqlite/store-error.ts';
import { openToLook } from '../sqlite/store-look.ts';
import { metaTable, numbered, type Cells, type Column, type CompleteParams, type CopyEnd, type HighestNumbers, type StoreIdentity, type Table } from './copy-end.ts';

/** Rows that are read at a time: at most so many, and of about so many bytes. */
const together = { rows: 1000, bytes: 2_000_000 } as const;

const kinds: Readonly<Record<string, Column['kind']>> = { INTEGER: 'integer', REAL: 'real', TEXT: 'text' };
/** Their numbers are in a column of SQLite's own; those of the others are in `meta`. */
const autoincremented: readonly string[] = ['bulks', 'deliveries'];

export interface SqliteEndOptions {
  /** The store's file. No daemon has it. */
  readonly file: string;
  readonly name: string;
  /** What the links of the store are made with. As a target it is what comes. */
  readonly linkKey?: string;
  /** As a target: a new file is whole, and durable, and is to be put into the place of `file`. Nothing of it is in use before. */
  readonly place?: (made: { readonly from: string; readonly identity: StoreIdentity }) => Promise<void>;
  /** Before `file` is written, which makes a log beside it. */
  readonly beforeWrite: () => Promise<void>;
}

/** The embedded store. As a source it is only read until it is marked; as a target it is a new file, which is put into its place when it is whole. */
export class SqliteEnd implements CopyEnd {
  readonly name: string;
  readonly daemon = soleDaemon;
  readonly #options: SqliteEndOptions;
  readonly #draft: string;
  #db: DatabaseSync | undefined;

  constructor(options: SqliteEndOptions) {
    this.#options = options;
    this.name = options.name;
    this.#draft = `${options.file}.copy`;
  }

  get #open(): DatabaseSync {
    if (this.#db === undefined) throw new Error('it is not open');
    return this.#db;
  }

  /** Read-only, as it lies in that one file: whoever used it last has closed it. Nothing is made beside it. */
  async open(): Promise<void> {
    rmSync(this.#draft, { force: true });
    if (!existsSync(this.#options.file)) return;
    this.#db = openToLook(this.#options.file);
  }

  async mark(): Promise<StoreMark | undefined> {
    return this.#db === undefined || !tableNames(this.#db).includes(metaTable) ? undefined : readMark(this.#meta(copyMarkKey));
  }

  async now(): Promise<number> {
    return systemClock.now();
  }

  async tables(): Promise<readonly Table[]> {
    const db = this.#open;
    return tableNames(db).flatMap((name) => (name === metaTable ? [] : [{ name, columns: db.prepare(`PRAGMA table_info(${name})`).all().map((row) => ({ name: String(row['name']), kind: kindOf(String(row['type'])) })) }]));
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    const db = this.#db;
    if (db === undefined) return new Map();
    const counts = tableNames(db).filter((name) => name !== metaTable).map((name): [string, number] => [name, Number(db.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n'])]);
    return new Map(counts.filter(([, count]) => count > 0));
  }

  async *read({ name, columns }: Table): AsyncIterable<readonly Cells[]> {
    const statement = this.#open.prepare(`SELECT ${columns.map((column) => column.name).join(', ')} FROM ${name}`);
    statement.setReturnArrays(true);
    let rows: Cells[] = [];
    let bytes = 0;
    for (const row of statement.iterate() as unknown as Iterable<readonly (string | number | null | Uint8Array)[]>) {
      // A text that came as bytes.
      const cells = row.map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString() : cell));
      rows.push(cells);
      bytes += cells.reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0);
      if (rows.length < together.rows && bytes < together.bytes) continue;
      yield rows;
      rows = [];
      bytes = 0;
    }
    if (rows.length > 0) yield rows;
  }

  async identity(): Promise<StoreIdentity> {
    const { linkKey } = this.#options;
    if (linkKey === undefined) throw new Error('a target has none of its own');
    return { storeId: String(this.#meta('store_id')), linkKey };
  }

  async numbers(): Promise<HighestNumbers> {
    const db = this.#open;
    const given = numbered.map((name) => {
      const saved = autoincremented.includes(name) ? db.prepare('SELECT seq AS n FROM sqlite_sequence WHERE name = ?').get(name)?.['n'] : this.#meta(`highest_${name}`);
      return [name, Math.max(Number(saved ?? 0), Number(db.prepare(`SELECT max(id) AS n FROM ${name}`).get()?.['n'] ?? 0))];
    });
    return Object.fromEntries(given) as HighestNumbers;
  }

  async begin(): Promise<void> {
    this.#db?.close();
    closeSync(openSync(this.#draft, 'wx', 0o600));
    this.#db = new DatabaseSync(this.#draft);
    // Until it is whole, it is nobody's: what a crash leaves of it is thrown away.
    this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000');
    migrateCopy(this.#db);
  }

  async write({ name, columns }: Table, rows: readonly Cells[]): Promise<void> {
    const db = this.#open;
    const insert = db.prepare(`INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
    db.exec('BEGIN');
    for (const row of rows) insert.run(...(row as SQLInputValue[]));
    db.exec('COMMIT');
  }

  async complete({ identity, numbers, mark }: CompleteParams): Promise<void> {
    const db = this.#open;
    for (const name of numbered) {
      if (!autoincremented.includes(name)) this.#setMeta(`highest_${name}`, numbers[name]);
      else if (db.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').run(numbers[name], name).changes === 0) db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(name, numbers[name]);
    }
    this.#setMeta('store_id', identity.storeId);
    this.#setMeta('link_key', linkKeyName(identity.linkKey));
    this.#setMeta('clock_anchor', JSON.stringify(systemClock.anchor()));
    this.#setMeta('closed', 1);
    this.#setMeta(copyMarkKey, JSON.stringify(mark));
    db.close();
    this.#db = undefined;
    const descriptor = openSync(this.#draft, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
    await this.#options.place?.({ from: this.#draft, identity });
  }

  async markMoved(mark: StoreMark): Promise<void> {
    await this.#changeMark(JSON.stringify(mark));
  }

  async unmark(): Promise<void> {
    await this.#changeMark(undefined);
  }

  async close(): Promise<void> {
    this.#db?.close();
    this.#db = undefined;
    rmSync(this.#draft, { force: true });
  }

  explained(error: unknown): unknown {
    return codedStoreError(error);
  }

  /** Durable, and in the file itself, when it resolves. */
  async #changeMark(text: string | undefined): Promise<void> {
    this.#db?.close();
    this.#db = undefined;
    await this.#options.beforeWrite();
    const db = new DatabaseSync(this.#options.file);
    try {
      db.exec('PRAGMA synchronous = FULL');
      if (text === undefined) db.prepare(`DELETE FROM meta WHERE key = ?`).run(copyMarkKey);
      else db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(copyMarkKey, text);
    } finally {
      db.close();
    }
  }

  #meta(key: string): unknown {
    return this.#open.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'];
  }

  #setMeta(key: string, value: string | number): void {
    this.#open.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(key, value);
  }
}

function tableNames(db: DatabaseSync): readonly string[] {
  return db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    .all()
    .map((row) => String(row['name']));
}

function kindOf(type: string): Column['kind'] {
  const kind = kinds[type];
  if (kind === undefined) throw new Error(`no column of the store is of the type ${type}`);
  return kind;
}
