import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import { evaluateExpression, parseExpression, type ExpressionResult } from '../../../../schemas/workflow/expression.ts';
import { ExpressionFault } from '../../../../schemas/workflow/expression-fault.ts';
import type { Step, Workflow } from '../../../../schemas/workflow/model.ts';
import { priorStatus } from '../../../core/run-plan.ts';
import type { MutableScope } from '../../../core/run-scope.ts';
import { scopeOf } from '../../../ledger/scope.ts';
import type { EvaluateParams } from '../../store.ts';
import type { Database } from '../database.ts';
import type { StepRow } from '../../../ledger/row.ts';
import { inputsOf, outputOf, resultsOf } from '../run-scope-source.ts';
import { findRun } from './list-runs.ts';
import { parsedJson } from './view.ts';

/** JSON that one evaluation may read from the store, in characters: a step can have a million results. */
const maxRead = 16 * 1024 * 1024;

/** The value of an expression as the run, the step and the item would see it now. Undefined where there is no such run. */
export function evaluate(db: Database, params: EvaluateParams): ExpressionResult | undefined {
  const run = findRun(db, params.runId);
  if (run === undefined) return undefined;
  const parsed = parseExpression(params.expression);
  if (!parsed.ok) return parsed;
  const secret = parsed.expression.references.find(({ path }) => path[0] === 'secrets');
  if (secret !== undefined) {
    return { ok: false, error: { kind: 'evaluation', message: 'The value of a secret is never shown: it is filled in only when an attempt starts.', range: secret.range } };
  }

  const rows = db.sql('SELECT * FROM steps WHERE run_id = ? ORDER BY position').all(run.id) as unknown as StepRow[];
  const steps = new Map(rows.map((row) => [row.name, row]));
  const row = params.step === undefined ? undefined : steps.get(params.step);
  if (params.step !== undefined && row === undefined) return missing(params.expression, `This run has no step '${params.step}'.`);

  const tables = { db, charge: budget(maxRead) };
  const facts = { env: params.env, inputs: (id: number) => inputsOf(tables, id), output: (id: number) => outputOf(tables, id), results: (id: number) => resultsOf(tables, id) };
  const scope = scopeOf(facts, run, rows, row?.started_at ?? run.created_at);
  if (row !== undefined) {
    const problem = enterStep(db, scope, { row, steps, workflow: workflowOf(db, run.version), index: params.index, expression: params.expression });
    if (problem !== undefined) return problem;
  }
  return evaluateExpression(parsed.expression, scope);
}

interface StepEntry {
  readonly row: StepRow;
  readonly steps: ReadonlyMap<string, StepRow>;
  readonly workflow: Workflow | undefined;
  readonly index: number | undefined;
  readonly expression: string;
}

/** Adds what only a step sees: how those before it ended, its job, and its item. */
function enterStep(db: Database, scope: MutableScope, { row, steps, workflow, index, expression }: StepEntry): ExpressionResult | undefined {
  const group: Readonly<Record<string, Step>> = (row.on_failure === 1 ? workflow?.onFailure : workflow?.steps) ?? {};
  const step = group[row.name];
  const states = new Map([...steps].map(([name, { state }]) => [name, state]));
  scope['$status'] = step === undefined ? 'success' : priorStatus(step.needs, group, states);
  if (step?.foreach === undefined) {
    scope['job'] = {};
    return undefined;
  }
  const job = db
    .sql('SELECT j.item_index AS position, j.item_key AS key, p.item FROM jobs j JOIN payloads p ON p.job_id = j.id WHERE j.step_id = ? AND j.item_index >= ? ORDER BY j.item_index LIMIT 1')
    .get(row.id, index ?? 0);
  if (job === undefined || (index !== undefined && job['position'] !== index)) {
    // What has nothing to do with an item has a value all the same.
    return index === undefined ? undefined : missing(expression, `The step '${row.name}' has no item ${index}${row.expanded === 1 ? '' : ' yet'}.`);
  }
  scope[step.foreach.as] = parsedJson(job['item'] as string | null);
  scope['job'] = { index: job['position'], key: job['key'] };
  return undefined;
}

/** The version that the run keeps, whatever its file says by now. */
function workflowOf(db: Database, version: string): Workflow | undefined {
  const row = db.sql('SELECT workflow, text FROM workflow_versions WHERE version = ?').get(version);
  return row === undefined ? undefined : analyseWorkflow({ text: String(row['text']), id: String(row['workflow']), actions: 'any' }).workflow;
}

function budget(characters: number): (read: number) => void {
  let left = characters;
  return (read) => {
    left -= read;
    if (left < 0) throw new ExpressionFault('limit', `This expression reads more than ${Math.round(characters / 1024 / 1024)} MB of the run's data, the most that is looked at here. In the run itself it may read it all.`);
  };
}

function missing(expression: string, message: string): ExpressionResult {
  return { ok: false, error: { kind: 'missing', message, range: { start: 0, end: expression.length } } };
}
