import type { LedgerJob, RunRow, StepRow } from '../ledger/row.ts';
import type { DueJob } from '../ledger/snapshot.ts';

/**
 * Rows that are read for every job, in every store with SQL. They come as arrays and become objects of one shape: the objects of SQLite's own driver are twice as slow
 * to make and to read, and four times as slow to copy. The columns are in the order in which each function takes them.
 */
export type Values = readonly unknown[];

export const jobColumns =
  'id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision';

export function jobOf(values: Values): LedgerJob {
  const [id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision] = values;
  return {
    id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision,
  } as LedgerJob;
}

/** What a `DueJob` has besides a `LedgerJob`, of its row `j` and its payload `p`. */
export const dueColumns = `${columnsOf('j', jobColumns)}, j.created_at, j.progress, j.connection, p.payload, p.secrets`;

export function dueJobOf(values: Values): DueJob {
  const [id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision, created_at, progress, connection, payload, secrets] = values;
  return {
    id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision, created_at, progress, connection, payload, secrets,
  } as DueJob;
}

export const stepColumns =
  'id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, total, succeeded, dead, cancelled, discarded, expanded, cursor, duplicates, warnings, item_limit, file, file_format, pages, cascade, started_at, ended_at, error';

export function stepOf(values: Values): StepRow {
  const [id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, total, succeeded, dead, cancelled, discarded, expanded, cursor, duplicates, warnings, item_limit, file, file_format, pages, cascade, started_at, ended_at, error] = values;
  return {
    id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, total, succeeded, dead, cancelled, discarded, expanded, cursor, duplicates, warnings, item_limit, file, file_format, pages, cascade, started_at, ended_at, error,
  } as StepRow;
}

export function runOf(values: Values): RunRow {
  const [id, workflow, version, state, created_at, ended_at, cancel_requested, on_failure_state, error, trigger_kind, triggered_by, parent_job, parent_run, depth, concurrency_key, gate] = values;
  return { id, workflow, version, state, created_at, ended_at, cancel_requested, on_failure_state, error, trigger_kind, triggered_by, parent_job, parent_run, depth, concurrency_key, gate } as RunRow;
}

/** The same columns of a table that has that name in a statement. */
export function columnsOf(alias: string, columns: string): string {
  return columns.replace(/\w+/g, (column) => `${alias}.${column}`);
}
