import { formatRunId } from '../../../schemas/protocol/id.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { runScope, type MutableScope, type StepResults } from '../../core/run-scope.ts';
import type { Database } from './database.ts';
import type { RunRow, StepRow } from './row.ts';

/** Where a scope is read from. */
export interface ScopeTables {
  readonly db: Database;
  readonly env: Readonly<Record<string, string>>;
  /** Called with the length of each JSON text that is read, and may throw where it has been enough; left out, all is read. */
  readonly charge?: (characters: number) => void;
}

/** What the expressions of a run see, read from the tables when an expression asks. */
export function scopeOfRun(tables: ScopeTables, run: RunRow, steps: ReadonlyMap<string, StepRow>, now: number): MutableScope {
  const { db, env } = tables;
  const results: Record<string, StepResults> = {};
  for (const [name, step] of steps) {
    results[name] = { status: step.state, output: () => outputOf(tables, step), results: () => resultsOf(tables, step) };
  }
  return runScope({
    run: {
      id: formatRunId(run.id),
      workflow: run.workflow,
      'created-at': new Date(run.created_at).toISOString(),
      error: run.error === null ? null : (JSON.parse(run.error) as Json),
    },
    env,
    now,
    inputs: () => parsed(tables, db.sql('SELECT inputs FROM runs WHERE id = ?').get(run.id)?.['inputs']),
    steps: results,
  });
}

/** What the step's one job gave; `null` where it hasn't succeeded. */
function outputOf(tables: ScopeTables, step: StepRow): Json {
  const row = tables.db
    .sql(
      `SELECT a.output FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt
       WHERE j.step_id = ? AND j.state = 'succeeded' LIMIT 1`,
    )
    .get(step.id);
  return parsed(tables, row?.['output']);
}

/** One entry per item, in item order. */
function resultsOf(tables: ScopeTables, step: StepRow): Json {
  const rows = tables.db
    .sql(
      `SELECT j.item_key AS key, p.item, j.state, j.error, a.output FROM jobs j
       JOIN payloads p ON p.job_id = j.id
       LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt AND j.state = 'succeeded'
       WHERE j.step_id = ? ORDER BY j.item_index`,
    )
    .iterate(step.id);
  const results: Json[] = [];
  for (const row of rows) {
    results.push({
      key: row['key'] as string | null,
      item: parsed(tables, row['item']),
      status: String(row['state']),
      output: parsed(tables, row['output']),
      error: row['state'] === 'succeeded' ? null : parsed(tables, row['error']),
    });
  }
  return results;
}

function parsed({ charge }: ScopeTables, value: unknown): Json {
  if (typeof value !== 'string') return null;
  charge?.(value.length);
  return JSON.parse(value) as Json;
}
