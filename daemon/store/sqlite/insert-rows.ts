import type { SQLInputValue } from 'node:sqlite';
import type { TableName } from '../../ledger/change.ts';
import type { AttemptRow, JobRow, PayloadRow } from '../../ledger/row.ts';
import type { Database } from './database.ts';

/** Rows that one statement writes, where there are so many: to run a statement takes as long as to write a row. */
const rowsTogether = 10;

/** How the rows of a table become the values of its columns; a column that a row leaves out is NULL. */
interface Shape {
  readonly columns: readonly string[];
  add(values: SQLInputValue[], row: object): void;
}

/** Of the tables that are written for every job, named one by one: to ask each row for its columns takes as long as to write it. */
const shapes: { readonly [Name in TableName]?: Shape } = {
  jobs: {
    columns: ['id', 'step_id', 'queue_id', 'state', 'priority', 'due_at', 'created_at', 'item_index', 'item_key', 'ended_at', 'error', 'failure_group', 'connection'],
    add(values, { id, step_id, queue_id, state, priority, due_at, created_at, item_index, item_key, ended_at, error, failure_group, connection }: Partial<JobRow>) {
      values.push(
        id ?? null, step_id ?? null, queue_id ?? null, state ?? null, priority ?? null, due_at ?? null, created_at ?? null, item_index ?? null, item_key ?? null, ended_at ?? null, error ?? null,
        failure_group ?? null, connection ?? null,
      );
    },
  },
  payloads: {
    columns: ['job_id', 'payload', 'secrets', 'item', 'created_at'],
    add(values, { job_id, payload, secrets, item, created_at }: Partial<PayloadRow>) {
      values.push(job_id ?? null, payload ?? null, secrets ?? null, item ?? null, created_at ?? null);
    },
  },
  attempts: {
    columns: ['job_id', 'number', 'round', 'revision', 'state', 'started_at', 'ended_at', 'output', 'error', 'request', 'response'],
    add(values, { job_id, number, round, revision, state, started_at, ended_at, output, error, request, response }: Partial<AttemptRow>) {
      values.push(
        job_id ?? null, number ?? null, round ?? null, revision ?? null, state ?? null, started_at ?? null, ended_at ?? null, output ?? null, error ?? null, request ?? null, response ?? null,
      );
    },
  },
};

/** `taken`: a row that is there already stays, or goes. */
export function insertRows(db: Database, table: TableName, rows: readonly object[], taken: 'keep' | 'replace' | undefined): void {
  const shape = shapes[table];
  const into = `${taken === undefined ? 'INSERT' : taken === 'keep' ? 'INSERT OR IGNORE' : 'INSERT OR REPLACE'} INTO ${table}`;
  if (shape === undefined) for (const row of rows) insertAny(db, into, row);
  else insertShaped(db, into, rows, shape);
}

function insertShaped(db: Database, into: string, rows: readonly object[], shape: Shape): void {
  const begin = `${into} (${shape.columns.join(', ')}) VALUES `;
  const one = placeholders(shape.columns);
  const many = rows.length < rowsTogether ? 0 : rows.length - (rows.length % rowsTogether);
  if (many > 0) {
    const statement = db.sql(begin + Array<string>(rowsTogether).fill(one).join(', '));
    for (let from = 0; from < many; from += rowsTogether) {
      const values: SQLInputValue[] = [];
      for (let index = from; index < from + rowsTogether; index++) shape.add(values, rows[index] ?? {});
      statement.run(...values);
    }
  }
  const statement = db.sql(begin + one);
  for (const row of rows.slice(many)) {
    const values: SQLInputValue[] = [];
    shape.add(values, row);
    statement.run(...values);
  }
}

/** A row that has some of the columns of its table. */
function insertAny(db: Database, into: string, row: object): void {
  const text = statementText(into, Object.keys(row), (columns) => `${into} (${columns.join(', ')}) VALUES ${placeholders(columns)}`);
  db.sql(text).run(...(Object.values(row) as SQLInputValue[]));
}

function placeholders(columns: readonly string[]): string {
  return `(${columns.map(() => '?').join(', ')})`;
}

/** The statements for lists of columns, by what they do: a few dozen. */
const statements = new Map<string, { readonly columns: readonly string[]; readonly text: string }[]>();

/** The text for a list of columns: found by comparing names, since to put them together for each row takes as long as the row. */
export function statementText(what: string, columns: readonly string[], make: (columns: readonly string[]) => string): string {
  let shapes = statements.get(what);
  if (shapes === undefined) {
    shapes = [];
    statements.set(what, shapes);
  }
  for (const shape of shapes) if (areSame(shape.columns, columns)) return shape.text;
  const text = make(columns);
  shapes.push({ columns, text });
  return text;
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
