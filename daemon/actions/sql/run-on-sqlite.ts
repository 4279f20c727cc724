import { lstatSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Json } from '../../../schemas/workflow/json.ts';
import { SqlRows } from './sql-rows.ts';
import type { SqliteReply, SqliteTask } from './sqlite-task.ts';

/** SQLite keeps what it needs for a crash in files beside the database. */
const companions = ['-journal', '-wal', '-shm'];
/** A transaction that a crash has cut off has to be taken back before the file can be read (SQLITE_READONLY_ROLLBACK, SQLITE_READONLY_RECOVERY). */
const needsRecovery: ReadonlySet<number> = new Set([776, 264]);

interface Ran {
  readonly reply: SqliteReply;
  readonly rows?: Buffer;
}

/** Runs one statement. Never throws. */
export function runOnSqlite(task: SqliteTask, values: readonly Json[]): Ran {
  if (!isSame(task)) return { reply: { kind: 'refused', why: 'replaced' } };
  if (companions.some((suffix) => !isPlain(`${task.file}${suffix}`))) return { reply: { kind: 'refused', why: 'companion' } };
  try {
    try {
      return run(task, values);
    } catch (error) {
      if (task.write || !needsRecovery.has(resultOf(error))) throw error;
      recover(task);
      return run(task, values);
    }
  } catch (error) {
    return { reply: { kind: 'failed', result: resultOf(error), text: error instanceof Error ? error.message : String(error) } };
  }
}

function isSame({ file, inode }: SqliteTask): boolean {
  const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() === true && `${stats.dev}:${stats.ino}` === inode;
}

function isPlain(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
}

function run({ file, text, write, bounds, busyMs }: SqliteTask, values: readonly Json[]): Ran {
  const database = new DatabaseSync(file, { readOnly: !write, timeout: busyMs, enableForeignKeyConstraints: true });
  try {
    database.exec(`PRAGMA trusted_schema = OFF; ${write ? 'BEGIN IMMEDIATE' : 'PRAGMA query_only = ON'}`);
    const statement = database.prepare(text);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const ran = answerOf(statement, values, bounds);
    if (write) database.exec(ran.reply.kind === 'rows' ? 'COMMIT' : 'ROLLBACK');
    return ran;
  } finally {
    // Takes back what isn't committed.
    database.close();
  }
}

/** Opened to be written, the file is brought back to its last commit. */
function recover({ file, busyMs }: SqliteTask): void {
  const database = new DatabaseSync(file, { timeout: busyMs });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
  } finally {
    database.close();
  }
}

function answerOf(statement: StatementSync, values: readonly Json[], bounds: SqliteTask['bounds']): Ran {
  const bound = Object.fromEntries(values.map((value, index) => [`p${index + 1}`, boundValue(value)]));
  const rows = new SqlRows(statement.columns().map(({ name }) => name), bounds);
  if (rows.repeated !== undefined) return { reply: { kind: 'repeated', column: rows.repeated } };
  if (rows.columns.length === 0) {
    const { changes } = statement.run(bound);
    return { reply: { kind: 'rows', count: Number(changes), columns: [], truncated: false }, rows: rows.json() };
  }
  let truncated = false;
  for (const row of statement.iterate(bound) as Iterable<unknown>) {
    const added = rows.add((row as readonly Stored[]).map(encoded));
    if (added === 'large' || (added === 'full' && !bounds.mayCut)) return { reply: { kind: added } };
    if (added === 'added') continue;
    truncated = true;
    break;
  }
  // What writes and gives rows has written all of them before it gives the first.
  return { reply: { kind: 'rows', count: rows.count, columns: rows.columns, truncated }, rows: rows.json() };
}

/** A whole number is stored as one; lists and maps are JSON. */
function boundValue(value: Json): null | bigint | number | string {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

type Stored = null | bigint | number | string | Uint8Array;

function encoded(value: Stored): string {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
  return JSON.stringify(value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') : value);
}

function resultOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : -1;
}
