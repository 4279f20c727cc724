import { formatRunId } from '../../../schemas/protocol/id.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { runScope, type MutableScope, type StepResults } from '../../core/run-scope.ts';
import type { RunRow, StepRow } from './row.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** What the expressions of a run see, read from the tables when an expression asks. */
export function scopeOfRun(tx: WriteTransaction, run: RunRow, steps: ReadonlyMap<string, StepRow>, now: number): MutableScope {
  const results: Record<string, StepResults> = {};
  for (const [name, step] of steps) {
    results[name] = { status: step.state, output: () => outputOf(tx, step), results: () => resultsOf(tx, step) };
  }
  return runScope({
    run: {
      id: formatRunId(run.id),
      workflow: run.workflow,
      'created-at': new Date(run.created_at).toISOString(),
      error: run.error === null ? null : (JSON.parse(run.error) as Json),
    },
    env: tx.state.env,
    now,
    inputs: () => JSON.parse(String(tx.db.sql('SELECT inputs FROM runs WHERE id = ?').get(run.id)?.['inputs'])) as Json,
    steps: results,
  });
}

/** What the step's one job gave; `null` where it hasn't succeeded. */
function outputOf(tx: WriteTransaction, step: StepRow): Json {
  const row = tx.db
    .sql(
      `SELECT a.output FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt
       WHERE j.step_id = ? AND j.state = 'succeeded' LIMIT 1`,
    )
    .get(step.id);
  return parsed(row?.['output']);
}

/** One entry per item, in item order. */
function resultsOf(tx: WriteTransaction, step: StepRow): Json {
  const rows = tx.db
    .sql(
      `SELECT j.item_key AS key, p.item, j.state, j.error, a.output FROM jobs j
       JOIN payloads p ON p.job_id = j.id
       LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt AND j.state = 'succeeded'
       WHERE j.step_id = ? ORDER BY j.item_index`,
    )
    .all(step.id);
  return rows.map((row) => ({
    key: row['key'] as string | null,
    item: parsed(row['item']),
    status: String(row['state']),
    output: parsed(row['output']),
    error: row['state'] === 'succeeded' ? null : parsed(row['error']),
  }));
}

function parsed(value: unknown): Json {
  return typeof value === 'string' ? (JSON.parse(value) as Json) : null;
}
