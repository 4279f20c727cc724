import type { SQLInputValue } from 'node:sqlite';
import type { Change, NumberedTable, StepCounts, TableName } from '../../ledger/change.ts';
import type { AttemptRow, JobRow, PayloadRow, StepRow } from '../../ledger/row.ts';
import type { Database } from './database.ts';
import { stepColumns, stepOf } from './row-columns.ts';
import type { WriterState } from './writer-state.ts';

/** Tables whose rows are found by the number of their job. */
const keys: Readonly<Record<NumberedTable, string>> = { runs: 'id', steps: 'id', jobs: 'id', queues: 'id', payloads: 'job_id', bulks: 'id' };

/** What belongs to a job, deleted before it. */
const belongings = ['attempts', 'payload_revisions', 'payload_drafts', 'payloads'] as const;

/** The statements for what is changed, one for each list of columns: a few dozen. */
const statements = new Map<string, { readonly columns: readonly string[]; readonly text: string }[]>();

/** Carries changes out, in their order. Returns the steps whose counts have changed, as they are now. */
export function applyChanges(state: WriterState, changes: readonly Change[]): readonly StepRow[] {
  const { db } = state;
  const counted: StepRow[] = [];
  let isDeleting = false;
  for (const change of changes) {
    switch (change.kind) {
      case 'insert':
        if (change.table === 'jobs') insertJob(db, change.row);
        else if (change.table === 'attempts') insertAttempt(db, change.row);
        else if (change.table === 'payloads') insertPayload(db, change.row);
        else insert(db, change.table, change.row, change.taken);
        if (change.table === 'jobs' || change.table === 'steps' || change.table === 'runs') state.isTaken(change.table, change.row.id ?? 0);
        break;
      case 'patch':
        patch(db, change.table, change.id, change.values);
        break;
      case 'count': {
        const step = count(db, change.stepId, change.by);
        if (step !== undefined) counted.push(step);
        break;
      }
      case 'put_off':
        db.sql("UPDATE jobs INDEXED BY jobs_paced SET due_at = due_at + ? WHERE state = 'delayed' AND pace = ?").run(change.byMs, change.pace);
        break;
      case 'copy_starts':
        db.sql('INSERT OR IGNORE INTO rate_starts (queue_id, at, job_id, attempt) SELECT ?, at, job_id, attempt FROM rate_starts WHERE queue_id = ?').run(change.to, change.from);
        break;
      case 'forget_starts':
        db.sql('DELETE FROM rate_starts WHERE queue_id = ? AND at < ?').run(change.queueId, change.before);
        break;
      case 'mark_bulk_job':
        db.sql('UPDATE bulk_jobs SET round = ? WHERE bulk_id = ? AND job_id = ?').run(change.round, change.bulkId, change.jobId);
        break;
      case 'delete_bulk_jobs':
        db.sql('DELETE FROM bulk_jobs WHERE bulk_id = ? AND job_id <= ?').run(change.bulkId, change.upTo);
        break;
      case 'delete_bulk':
        db.sql('DELETE FROM bulks WHERE id = ?').run(change.bulkId);
        break;
      case 'delete_draft':
        db.sql('DELETE FROM payload_drafts WHERE job_id = ?').run(change.jobId);
        break;
      case 'delete_revision':
        db.sql('DELETE FROM payload_revisions WHERE job_id = ? AND revision = ?').run(change.jobId, change.revision);
        break;
      case 'delete_job':
      case 'delete_run':
        if (!isDeleting) state.saveHighest();
        isDeleting = true;
        if (change.kind === 'delete_job') deleteJob(db, change.jobId);
        else deleteRun(db, change.runId, change.version);
        break;
    }
  }
  return counted;
}

function insert(db: Database, table: TableName, row: object, taken: 'keep' | 'replace' | undefined): void {
  const statement = statementOf(taken === undefined ? `insert ${table}` : `insert ${table} or ${taken}`, Object.keys(row), (columns) => {
    const or = taken === undefined ? '' : taken === 'keep' ? ' OR IGNORE' : ' OR REPLACE';
    return `INSERT${or} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  });
  db.sql(statement).run(...(Object.values(row) as SQLInputValue[]));
}

// Written for every job.

function insertJob(db: Database, row: Partial<JobRow>): void {
  const { id, step_id, queue_id, state, priority, due_at, created_at, item_index, item_key, ended_at, error, failure_group } = row;
  db.sql(
    `INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at, item_index, item_key, ended_at, error, failure_group)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    id ?? null,
    step_id ?? null,
    queue_id ?? null,
    state ?? null,
    priority ?? null,
    due_at ?? null,
    created_at ?? null,
    item_index ?? null,
    item_key ?? null,
    ended_at ?? null,
    error ?? null,
    failure_group ?? null,
  );
}

function insertAttempt(db: Database, { job_id, number, round, revision, state, started_at, ended_at, output, error, request, response }: Partial<AttemptRow>): void {
  db.sql(
    `INSERT INTO attempts (job_id, number, round, revision, state, started_at, ended_at, output, error, request, response)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(job_id ?? null, number ?? null, round ?? null, revision ?? null, state ?? null, started_at ?? null, ended_at ?? null, output ?? null, error ?? null, request ?? null, response ?? null);
}

function insertPayload(db: Database, { job_id, payload, secrets, item, created_at }: Partial<PayloadRow>): void {
  db.sql('INSERT INTO payloads (job_id, payload, secrets, item, created_at) VALUES (?, ?, ?, ?, ?)').run(job_id ?? null, payload ?? null, secrets ?? null, item ?? null, created_at ?? null);
}

function patch(db: Database, table: NumberedTable, id: number, values: object): void {
  const statement = statementOf(table, Object.keys(values), (columns) => `UPDATE ${table} SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE ${keys[table]} = ?`);
  db.sql(statement).run(...(Object.values(values) as SQLInputValue[]), id);
}

/** The text for a list of columns: found by comparing names, since to put them together for each row takes as long as the row. */
function statementOf(what: string, columns: readonly string[], make: (columns: readonly string[]) => string): string {
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

function count(db: Database, stepId: number, { total = 0, succeeded = 0, dead = 0, cancelled = 0, discarded = 0, duplicates = 0, warnings = 0 }: Partial<StepCounts>): StepRow | undefined {
  const values = db
    .values(
      `UPDATE steps SET total = total + ?, succeeded = succeeded + ?, dead = dead + ?, cancelled = cancelled + ?, discarded = discarded + ?,
         duplicates = duplicates + ?, warnings = warnings + ? WHERE id = ? RETURNING ${stepColumns}`,
    )
    .get(total, succeeded, dead, cancelled, discarded, duplicates, warnings, stepId);
  return values === undefined ? undefined : stepOf(values);
}

function deleteJob(db: Database, jobId: number): void {
  for (const table of belongings) db.sql(`DELETE FROM ${table} WHERE job_id = ?`).run(jobId);
  db.sql('DELETE FROM jobs WHERE id = ?').run(jobId);
}

function deleteRun(db: Database, runId: number, version: string): void {
  db.sql('DELETE FROM steps WHERE run_id = ?').run(runId);
  db.sql('DELETE FROM runs WHERE id = ?').run(runId);
  db.sql('DELETE FROM workflow_versions WHERE version = ? AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.version = workflow_versions.version)').run(version);
}
