import type { SQLInputValue } from 'node:sqlite';
import type { Change, NumberedTable, StepCounts } from '../../ledger/change.ts';
import type { StepRow } from '../../ledger/row.ts';
import type { Database } from './database.ts';
import { insertRows, statementText } from './insert-rows.ts';
import { stepColumns, stepOf } from '../row-columns.ts';
import type { WriterState } from './writer-state.ts';

/** Tables whose rows are found by the number of their job. */
const keys: Readonly<Record<NumberedTable, string>> = { runs: 'id', steps: 'id', jobs: 'id', queues: 'id', payloads: 'job_id', waits: 'job_id', bulks: 'id', schedules: 'id' };

/** What belongs to a job, deleted before it. */
const belongings = ['attempts', 'payload_revisions', 'payload_drafts', 'payloads', 'waits', 'signal_links'] as const;

/** Carries changes out, in their order. Returns the steps whose counts have changed, as they are now. */
export function applyChanges(state: WriterState, changes: readonly Change[]): readonly StepRow[] {
  const { db } = state;
  const counted: StepRow[] = [];
  let isDeleting = false;
  for (const change of changes) {
    switch (change.kind) {
      case 'insert':
        insertRows(db, change.table, change.rows, change.taken);
        if (change.table === 'jobs' || change.table === 'steps' || change.table === 'runs') for (const { id = 0 } of change.rows) state.isTaken(change.table, id);
        break;
      case 'patch':
        patch(db, change.table, change.id, change.values);
        break;
      case 'set_output':
        setOutput(db, change.jobId, change.attempt, change.output);
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
      case 'count_start':
      case 'drop_start':
        throw new Error(`${change.kind} is for stores that daemons share`);
      case 'forget_connection_starts':
        db.sql('DELETE FROM connection_starts WHERE connection = ? AND at < ?').run(change.connection, change.before);
        break;
      case 'count_connection_start':
        db.sql('UPDATE connection_starts SET counted_at = min(?, counted_at) WHERE job_id = ? AND attempt = ?').run(change.at, change.jobId, change.attempt);
        break;
      case 'drop_connection_start':
        db.sql('DELETE FROM connection_starts WHERE job_id = ? AND attempt = ?').run(change.jobId, change.attempt);
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
      case 'trim_deliveries':
        db.sql(
          `DELETE FROM deliveries INDEXED BY deliveries_minor WHERE workflow = ?1 AND outcome IN ('refused', 'duplicate')
           AND id <= (SELECT id FROM deliveries INDEXED BY deliveries_minor WHERE workflow = ?1 AND outcome IN ('refused', 'duplicate') ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
        ).run(change.workflow, change.keep);
        break;
      case 'delete_schedule':
        db.sql('DELETE FROM schedules WHERE id = ?').run(change.id);
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

function patch(db: Database, table: NumberedTable, id: number, values: object): void {
  const statement = statementText(table, Object.keys(values), (columns) => `UPDATE ${table} SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE ${keys[table]} = ?`);
  db.sql(statement).run(...(Object.values(values) as SQLInputValue[]), id);
}

function setOutput(db: Database, jobId: number, attempt: number, output: Uint8Array): void {
  const update = db.sql('UPDATE attempts SET output = CAST(? AS TEXT) WHERE job_id = ? AND number = ?');
  update.run(output, jobId, attempt);
  // A statement keeps its copy of what it was given until it is given something else: of no row here.
  update.run(null, null, null);
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
  db.sql('DELETE FROM staged_items WHERE step_id IN (SELECT id FROM steps WHERE run_id = ?)').run(runId);
  db.sql('DELETE FROM steps WHERE run_id = ?').run(runId);
  db.sql('DELETE FROM signals WHERE run_id = ?').run(runId);
  db.sql('DELETE FROM runs WHERE id = ?').run(runId);
  db.sql('DELETE FROM workflow_versions WHERE version = ? AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.version = workflow_versions.version)').run(version);
}
